import { expect } from 'chai';
import { ALL, bit, type ModeName, Rig } from './rig.js';

const ILLEGAL = 2;
const VIRTUAL = 22;
const CSR = {
  fcsr: 0x003,
  sstatus: 0x100,
  stvec: 0x105,
  scounteren: 0x106,
  senvcfg: 0x10a,
  sscratch: 0x140,
  stimecmp: 0x14d,
  satp: 0x180,
  vsstatus: 0x200,
  vstimecmp: 0x24d,
  vsatp: 0x280,
  mstatus: 0x300,
  hstatus: 0x600,
  hgatp: 0x680,
  hgeip: 0xe12,
  cycle: 0xc00,
  time: 0xc01,
  instret: 0xc02,
  hpmcounter7: 0xc07,
  mhartid: 0xf14,
};

describe('CSRs, who may access them', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
    for (const name of ['mcounteren', 'hcounteren', 'scounteren']) rig.put(name, ALL);
    rig.put('menvcfg', ALL);
    rig.put('henvcfg', ALL);
  });
  const reads = (number: number): Record<ModeName, number | undefined> => {
    const result = {} as Record<ModeName, number | undefined>;
    for (const mode of ['M', 'S', 'U', 'VS', 'VU'] as const) result[mode] = rig.mode(mode).readCause(number);
    return result;
  };
  const ok = undefined;

  it('18.6.1: a CSR that HS could access raises virtual instruction from a guest too low for it', () => {
    const supervisor = { M: ok, S: ok, U: ILLEGAL, VS: ok, VU: VIRTUAL };
    for (const name of ['sstatus', 'stvec', 'scounteren', 'senvcfg', 'sscratch', 'satp', 'stimecmp'] as const) {
      expect(reads(CSR[name]), name).to.deep.equal(supervisor);
    }
    const hypervisor = { M: ok, S: ok, U: ILLEGAL, VS: VIRTUAL, VU: VIRTUAL };
    for (const name of ['hstatus', 'hgatp', 'vsstatus', 'vsatp', 'vstimecmp', 'hgeip'] as const) {
      expect(reads(CSR[name]), name).to.deep.equal(hypervisor);
    }
    const machine = { M: ok, S: ILLEGAL, U: ILLEGAL, VS: ILLEGAL, VU: ILLEGAL };
    for (const name of ['mstatus', 'mhartid'] as const) expect(reads(CSR[name]), name).to.deep.equal(machine);
  });

  it('a write to a read-only CSR and any access to one that does not exist is an illegal instruction everywhere', () => {
    for (const mode of ['M', 'S', 'U', 'VS', 'VU'] as const) {
      rig.mode(mode);
      expect(rig.writeCause(CSR.cycle), mode).to.equal(ILLEGAL);
      // hgeip is HS's, but HS could not write it either.
      expect(rig.writeCause(CSR.hgeip), mode).to.equal(ILLEGAL);
      // mseccfg, seed, cycleh, pmpcfg1, a debug CSR, and an unassigned supervisor number.
      for (const absent of [0x747, 0x015, 0xc80, 0x3a1, 0x7b0, 0x1ff]) {
        expect(rig.readCause(absent), `${mode} 0x${absent.toString(16)}`).to.equal(ILLEGAL);
      }
    }
  });

  it('csrrs with x0 as source does not count as a write', () => {
    expect(rig.attempt(() => rig.cpu.system.csr(CSR.cycle, 0n, 2, 1, 0))).to.equal(ok);
    expect(rig.attempt(() => rig.cpu.system.csr(CSR.cycle, 0n, 2, 1, 1))).to.equal(ILLEGAL);
  });

  it('csrrw replaces, csrrs sets, csrrc clears; each returns the old value', () => {
    const { csr } = rig.cpu.system;
    expect(csr(0x340, 0b1100n, 1, 1, 1)).to.equal(0n);
    expect(csr(0x340, 0b0110n, 2, 1, 1)).to.equal(0b1100n);
    expect(csr(0x340, 0b0100n, 3, 1, 1)).to.equal(0b1110n);
    expect(csr(0x340, 0b0001n, 2, 1, 0)).to.equal(0b1010n);
    expect(rig.cpu.readCsr('mscratch')).to.equal(0b1010n);
    expect(csr(0x340, -1n, 1, 0, 1)).to.equal(0n);
    expect(rig.cpu.readCsr('mscratch')).to.equal(ALL);
  });

  it('12.1.11 and 18.2.1: TVM traps satp and hgatp from S, VTVM satp from VS', () => {
    rig.put('mstatus', bit(20));
    expect(reads(CSR.satp)).to.deep.equal({ M: ok, S: ILLEGAL, U: ILLEGAL, VS: ok, VU: VIRTUAL });
    expect(reads(CSR.hgatp)).to.deep.equal({ M: ok, S: ILLEGAL, U: ILLEGAL, VS: VIRTUAL, VU: VIRTUAL });
    expect(reads(CSR.vsatp).S).to.equal(ok);
    rig.put('mstatus', 0n);
    rig.put('hstatus', bit(20));
    expect(reads(CSR.satp)).to.deep.equal({ M: ok, S: ok, U: ILLEGAL, VS: VIRTUAL, VU: VIRTUAL });
  });

  it('counters: mcounteren, then hcounteren, then scounteren', () => {
    const counters = { cycle: 0, time: 1, instret: 2, hpmcounter7: 7 } as const;
    for (const [name, index] of Object.entries(counters)) {
      const number = CSR[name as keyof typeof counters];
      expect(reads(number), name).to.deep.equal({ M: ok, S: ok, U: ok, VS: ok, VU: ok });
      rig.put('scounteren', ALL ^ bit(index));
      expect(reads(number), name).to.deep.equal({ M: ok, S: ok, U: ILLEGAL, VS: ok, VU: VIRTUAL });
      rig.put('hcounteren', ALL ^ bit(index));
      rig.put('scounteren', ALL);
      expect(reads(number), name).to.deep.equal({ M: ok, S: ok, U: ok, VS: VIRTUAL, VU: VIRTUAL });
      rig.put('mcounteren', ALL ^ bit(index));
      expect(reads(number), name).to.deep.equal({ M: ok, S: ILLEGAL, U: ILLEGAL, VS: ILLEGAL, VU: ILLEGAL });
      for (const register of ['mcounteren', 'hcounteren']) rig.put(register, ALL);
    }
  });

  it('Sstc: STCE and TM in menvcfg and mcounteren, then in henvcfg and hcounteren', () => {
    const closed = { M: ok, S: ILLEGAL, U: ILLEGAL, VS: ILLEGAL, VU: ILLEGAL };
    rig.put('hcounteren', 0n);
    expect(reads(CSR.stimecmp)).to.deep.equal({ M: ok, S: ok, U: ILLEGAL, VS: VIRTUAL, VU: VIRTUAL });
    rig.put('hcounteren', ALL);
    rig.put('henvcfg', 0n);
    expect(reads(CSR.stimecmp)).to.deep.equal({ M: ok, S: ok, U: ILLEGAL, VS: VIRTUAL, VU: VIRTUAL });
    rig.put('mcounteren', 0n);
    expect(reads(CSR.stimecmp)).to.deep.equal(closed);
    expect(reads(CSR.vstimecmp)).to.deep.equal(closed);
    rig.put('mcounteren', ALL);
    rig.put('menvcfg', 0n);
    expect(reads(CSR.stimecmp)).to.deep.equal(closed);
    expect(reads(CSR.vstimecmp)).to.deep.equal(closed);
  });

  it('18.2.11: fcsr needs FS on, in a guest both FS; the refusal is always an illegal instruction', () => {
    expect(reads(CSR.fcsr)).to.deep.equal({ M: ILLEGAL, S: ILLEGAL, U: ILLEGAL, VS: ILLEGAL, VU: ILLEGAL });
    rig.put('mstatus', bit(13));
    expect(reads(CSR.fcsr)).to.deep.equal({ M: ok, S: ok, U: ok, VS: ILLEGAL, VU: ILLEGAL });
    rig.put('vsstatus', bit(13));
    expect(reads(CSR.fcsr)).to.deep.equal({ M: ok, S: ok, U: ok, VS: ok, VU: ok });
  });

  it('supervisor numbers mean the VS CSRs when V = 1', () => {
    const pairs: [number, string][] = [
      [0x100, 'vsstatus'],
      [0x105, 'vstvec'],
      [0x140, 'vsscratch'],
      [0x141, 'vsepc'],
      [0x142, 'vscause'],
      [0x143, 'vstval'],
      [0x14d, 'vstimecmp'],
      [0x180, 'vsatp'],
    ];
    rig.put('hideleg', ALL);
    rig.mode('VS');
    for (const [number, name] of pairs) {
      const value = name === 'vsatp' ? (8n << 60n) | 5n : name === 'vsstatus' ? bit(18) | bit(33) : 0x40n;
      expect(rig.writeCause(number, value), name).to.equal(ok);
      expect(rig.cpu.readCsr(name), name).to.equal(value);
      expect(rig.read(number), name).to.equal(value);
    }
    rig.writeCause(0x104, ALL);
    expect(rig.cpu.readCsr('vsie')).to.equal(bit(1) | bit(5) | bit(9));
    rig.writeCause(0x144, ALL);
    expect(rig.cpu.readCsr('hvip')).to.equal(bit(2));
    for (const name of ['sstatus', 'sscratch', 'stvec', 'satp']) {
      expect(rig.cpu.readCsr(name) & ~bit(33), name).to.equal(0n);
    }
    // scounteren and senvcfg have no VS counterpart.
    rig.writeCause(CSR.scounteren, 1n);
    expect(rig.cpu.readCsr('scounteren')).to.equal(1n);
  });

  it('without the H extension its CSRs do not exist', () => {
    rig = new Rig({ hypervisor: false });
    for (const number of [CSR.hstatus, CSR.vsatp, CSR.hgeip, 0x34a, 0x34b])
      expect(rig.readCause(number)).to.equal(ILLEGAL);
  });

  it('a refused access reports the encoding: 4 bytes, also across a page end', () => {
    const csrr = 0xf1402573; // csrrs a0, mhartid, x0
    rig.mode('U').fetched(csrr);
    expect(rig.readCause(CSR.mhartid)).to.equal(ILLEGAL);
    expect(rig.hart.cell('trapValue')).to.equal(BigInt(csrr));
    rig.fetched(csrr, 0x80000ffen);
    rig.readCause(CSR.mhartid);
    expect(rig.hart.cell('trapValue')).to.equal(BigInt(csrr));
    rig.fetched(0xffff0000);
    rig.attempt(() => rig.cpu.illegal());
    expect(rig.hart.cell('trapValue')).to.equal(0n);
    rig.fetched(0xffff9ffd & 0xffff);
    rig.attempt(() => rig.cpu.illegal());
    expect(rig.hart.cell('trapValue')).to.equal(0x9ffdn);
  });
});

describe('Counters and timers', () => {
  it('mcycle and minstret: the next instruction reads what was written', () => {
    const rig = new Rig();
    const { hart } = rig;
    hart.setCell('retired', 500n);
    hart.setCell('stall', 70n);
    rig.writeCause(0xb02, 1000n);
    rig.writeCause(0xb00, 9000n);
    hart.setCell('retired', 501n);
    expect(rig.read(0xc02)).to.equal(1000n);
    expect(rig.read(0xc00)).to.equal(9000n);
    hart.setCell('retired', 511n);
    hart.setCell('stall', 75n);
    expect(rig.read(0xb02)).to.equal(1010n);
    expect(rig.read(0xb00)).to.equal(9015n);
  });

  it('mcountinhibit stops a counter after this instruction and starts it again after that one', () => {
    const rig = new Rig();
    const { hart } = rig;
    hart.setCell('retired', 100n);
    rig.writeCause(0x320, 4n);
    hart.setCell('retired', 200n);
    expect(rig.read(0xc02)).to.equal(101n);
    expect(rig.read(0xc00)).to.equal(200n);
    rig.writeCause(0x320, 0n);
    hart.setCell('retired', 201n);
    expect(rig.read(0xc02)).to.equal(101n);
    hart.setCell('retired', 203n);
    expect(rig.read(0xc02)).to.equal(103n);
  });

  it('a debugger reads back what it wrote', () => {
    const rig = new Rig();
    rig.hart.setCell('retired', 100n);
    expect(rig.put('minstret', 7n)).to.equal(7n);
    rig.put('htimedelta', 5n);
    rig.mode('VS');
    expect(rig.cpu.readCsr('time')).to.equal(1000n);
  });

  it('time in a guest adds htimedelta, without overflow', () => {
    const rig = new Rig();
    for (const name of ['mcounteren', 'hcounteren']) rig.put(name, ALL);
    rig.put('htimedelta', ALL - 9n);
    expect(rig.read(0xc01)).to.equal(1000n);
    expect(rig.mode('VS').read(0xc01)).to.equal(990n);
  });

  it('STIP is stimecmp <= time with STCE, and a software bit without', () => {
    const rig = new Rig();
    expect(rig.put('mip', bit(5))).to.equal(bit(5));
    rig.put('menvcfg', bit(63));
    expect(rig.cpu.readCsr('mip')).to.equal(0n);
    rig.put('stimecmp', 1001n);
    expect(rig.cpu.timerDeadline()).to.equal(1001n);
    rig.put('stimecmp', 1000n);
    expect(rig.cpu.readCsr('mip')).to.equal(bit(5));
    expect(rig.cpu.timerDeadline()).to.equal(undefined);
    expect(rig.put('mip', 0n)).to.equal(bit(5));
    expect(rig.timerChanges).to.be.greaterThan(2);
  });

  it('VSTIP is vstimecmp <= time + htimedelta with both STCE, or hvip.VSTIP', () => {
    const rig = new Rig();
    rig.put('menvcfg', bit(63));
    rig.put('htimedelta', 500n);
    rig.put('vstimecmp', 1500n);
    expect(rig.cpu.readCsr('hip')).to.equal(0n);
    rig.put('henvcfg', bit(63));
    expect(rig.cpu.readCsr('hip')).to.equal(bit(6));
    rig.put('vstimecmp', 1600n);
    expect(rig.cpu.readCsr('hip')).to.equal(0n);
    expect(rig.cpu.timerDeadline()).to.equal(1100n);
    rig.put('stimecmp', 1050n);
    expect(rig.cpu.timerDeadline()).to.equal(1050n);
    rig.put('hvip', bit(6));
    expect(rig.cpu.readCsr('hip')).to.equal(bit(6));
  });
});
