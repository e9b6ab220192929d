import { expect } from 'chai';
import { RAM_BASE } from '../../lib/machine/layout.js';
import { ALL, bit, Rig } from './rig.js';

const bits = (...positions: number[]): bigint => positions.reduce((sum, n) => sum | bit(n), 0n);

describe('CSRs, WARL rules (privileged specification)', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });
  /** What a register reads after all ones and after all zeros were written. */
  const extremes = (name: string): [ones: bigint, zeros: bigint] => [rig.put(name, ALL), rig.put(name, 0n)];

  it('misa is RV64 with A C D F H I M S U, and ignores writes', () => {
    expect(rig.put('misa', 0n)).to.equal(bits(63, 0, 2, 3, 5, 7, 8, 12, 18, 20));
    expect(new Rig({ hypervisor: false }).cpu.readCsr('misa')).to.equal(bits(63, 0, 2, 3, 5, 8, 12, 18, 20));
  });

  it('mstatus has UXL = SXL = 2, no VS, XS, MBE or SBE, and SD sums up FS', () => {
    const fixed = bits(33, 35);
    expect(extremes('mstatus')).to.deep.equal([
      fixed | bits(1, 3, 5, 7, 8, 11, 12, 13, 14, 17, 18, 19, 20, 21, 22, 38, 39, 63),
      fixed,
    ]);
    expect(rig.put('mstatus', bits(13, 14)) & bit(63)).to.equal(bit(63));
    expect(rig.put('mstatus', bit(14)) & bit(63)).to.equal(0n);
  });

  it('MPP keeps its value when 2 is written', () => {
    rig.put('mstatus', bit(11));
    expect((rig.put('mstatus', bit(12)) >> 11n) & 3n).to.equal(1n);
  });

  it('sstatus is a view of mstatus', () => {
    rig.put('mstatus', bits(3, 7, 11, 12));
    expect(extremes('sstatus')).to.deep.equal([bits(1, 5, 8, 13, 14, 18, 19, 33, 63), bit(33)]);
    expect(rig.cpu.readCsr('mstatus')).to.equal(bits(3, 7, 11, 12, 33, 35));
  });

  it('vsstatus has the fields of sstatus and a summary of its own FS', () => {
    expect(extremes('vsstatus')).to.deep.equal([bits(1, 5, 8, 13, 14, 18, 19, 33, 63), bit(33)]);
    rig.put('vsstatus', bits(13, 14));
    expect(rig.cpu.readCsr('mstatus') & bit(63)).to.equal(0n);
  });

  it('hstatus: VSXL = 2; VGEIN holds 0 to GEILEN', () => {
    expect(extremes('hstatus')).to.deep.equal([bits(33, 6, 7, 8, 9, 20, 21, 22), bit(33)]);
    rig = new Rig({ guestExternalInterrupts: 3 });
    expect(rig.put('hstatus', 3n << 12n)).to.equal(bit(33) | (3n << 12n));
    expect(rig.put('hstatus', 4n << 12n)).to.equal(bit(33) | (3n << 12n));
  });

  it('delegation registers hold exactly what may be delegated', () => {
    expect(extremes('medeleg')).to.deep.equal([bits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 20, 21, 22, 23), 0n]);
    expect(extremes('mideleg')).to.deep.equal([bits(1, 5, 9, 2, 6, 10), bits(2, 6, 10)]);
    expect(extremes('hedeleg')).to.deep.equal([bits(0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15), 0n]);
    expect(extremes('hideleg')).to.deep.equal([bits(2, 6, 10), 0n]);
    expect(new Rig({ guestExternalInterrupts: 1 }).put('mideleg', 0n)).to.equal(bits(2, 6, 10, 12));
    expect(new Rig({ hypervisor: false }).put('mideleg', 0n)).to.equal(0n);
    expect(new Rig({ hypervisor: false }).put('medeleg', ALL) >> 16n).to.equal(0n);
  });

  it('xtvec has a 4-byte aligned base and modes 0 and 1; xepc is 2-byte aligned', () => {
    for (const name of ['mtvec', 'stvec', 'vstvec']) {
      expect(rig.put(name, ALL), name).to.equal(ALL - 2n);
      expect(rig.put(name, 0x1002n), name).to.equal(0x1000n);
    }
    for (const name of ['mepc', 'sepc', 'vsepc']) expect(rig.put(name, ALL), name).to.equal(ALL - 1n);
  });

  it('words without structure hold everything', () => {
    for (const name of [
      'mscratch',
      'sscratch',
      'vsscratch',
      'mtval',
      'stval',
      'vstval',
      'mtval2',
      'htval',
      'stimecmp',
    ]) {
      expect(extremes(name), name).to.deep.equal([ALL, 0n]);
    }
  });

  it('interrupt enables exist for the interrupts there are', () => {
    expect(extremes('mie')).to.deep.equal([bits(1, 3, 5, 7, 9, 11, 2, 6, 10), 0n]);
    rig.put('mideleg', bits(1, 9));
    rig.put('mie', ALL);
    expect(rig.cpu.readCsr('sie')).to.equal(bits(1, 9));
    expect(rig.cpu.readCsr('hie')).to.equal(bits(2, 6, 10));
    rig.put('sie', 0n);
    expect(rig.cpu.readCsr('mie')).to.equal(bits(3, 5, 7, 11, 2, 6, 10));
    rig.put('hie', 0n);
    expect(rig.cpu.readCsr('mie')).to.equal(bits(3, 5, 7, 11));
  });

  it('mip: SSIP, STIP and SEIP are software bits for M; lines are ORed in and never written back', () => {
    expect(rig.put('mip', ALL)).to.equal(bits(1, 5, 9, 2));
    rig.put('mip', 0n);
    rig.hart.setCsr('lines', bits(9, 7));
    expect(rig.cpu.readCsr('mip')).to.equal(bits(7, 9));
    // csrrs mip, SSIP: SEIP reads 1 because of the line, yet the software bit must stay 0 (3.1.9).
    expect(rig.cpu.system.csr(0x344, bit(1), 2, 1, 1)).to.equal(bits(7, 9));
    rig.hart.setCsr('lines', 0n);
    expect(rig.cpu.readCsr('mip')).to.equal(bit(1));
    rig.cpu.system.csr(0x344, bit(9), 2, 1, 1);
    rig.cpu.system.csr(0x344, bit(5), 2, 1, 1);
    expect(rig.cpu.readCsr('mip')).to.equal(bits(1, 5, 9));
  });

  it('sip: only a delegated SSIP can be written', () => {
    expect(rig.put('sip', ALL)).to.equal(0n);
    rig.put('mideleg', ALL);
    expect(rig.put('sip', ALL)).to.equal(bit(1));
    rig.put('mip', bits(1, 5, 9));
    expect(rig.put('sip', 0n)).to.equal(bits(5, 9));
  });

  it('hvip, hip and vsip alias one another as 18.2.3 and 18.2.12 say', () => {
    expect(extremes('hvip')).to.deep.equal([bits(2, 6, 10), 0n]);
    expect(rig.put('hip', ALL)).to.equal(bit(2));
    expect(rig.cpu.readCsr('hvip')).to.equal(bit(2));
    expect(rig.cpu.readCsr('mip')).to.equal(bit(2));
    expect(rig.cpu.readCsr('vsip')).to.equal(0n);
    rig.put('hvip', ALL);
    rig.put('hideleg', bits(2, 10));
    expect(rig.cpu.readCsr('vsip')).to.equal(bits(1, 9));
    rig.put('vsip', 0n);
    expect(rig.cpu.readCsr('hvip')).to.equal(bits(6, 10));
    expect(rig.put('vsie', ALL)).to.equal(bits(1, 9));
    expect(rig.cpu.readCsr('hie')).to.equal(bits(2, 10));
  });

  it('hgeie and hgeip have bits GEILEN:1; SGEIP and VSEIP follow hgeip', () => {
    expect(rig.put('hgeie', ALL)).to.equal(0n);
    rig = new Rig({ guestExternalInterrupts: 2 });
    expect(rig.put('hgeie', ALL)).to.equal(bits(1, 2));
    rig.put('hgeie', bit(1));
    rig.hart.setCsr('hgeip', bit(2));
    expect(rig.cpu.readCsr('hip')).to.equal(0n);
    rig.put('hstatus', 2n << 12n);
    expect(rig.cpu.readCsr('hip')).to.equal(bit(10));
    rig.hart.setCsr('hgeip', bit(1));
    expect(rig.cpu.readCsr('hip')).to.equal(bit(12));
  });

  it('satp and vsatp ignore a write with an unsupported MODE entirely', () => {
    for (const name of ['satp', 'vsatp']) {
      const sv39 = (8n << 60n) | (0xffffn << 44n) | 0x12345n;
      expect(rig.put(name, sv39), name).to.equal(sv39);
      for (const mode of [1n, 7n, 10n, 11n, 15n]) expect(rig.put(name, (mode << 60n) | 1n), name).to.equal(sv39);
      expect(rig.put(name, (9n << 60n) | 1n), name).to.equal((9n << 60n) | 1n);
      expect(rig.put(name, 0n), name).to.equal(0n);
    }
  });

  it('hgatp: 14 bits of VMID, a 16 KiB root; an unsupported MODE leaves only MODE as it was', () => {
    expect(rig.put('hgatp', (8n << 60n) | bits(58, 59) | (0x3fffn << 44n) | 7n)).to.equal(
      (8n << 60n) | (0x3fffn << 44n) | 4n,
    );
    expect(rig.put('hgatp', (10n << 60n) | 16n)).to.equal((8n << 60n) | 16n);
  });

  it('environment registers: FIOM, ADUE and STCE; henvcfg has what menvcfg grants', () => {
    expect(rig.put('henvcfg', ALL)).to.equal(1n);
    expect(extremes('menvcfg')[0]).to.equal(bits(0, 61, 63));
    rig.put('menvcfg', bits(61, 63));
    expect(rig.put('henvcfg', ALL)).to.equal(bits(0, 61, 63));
    rig.put('menvcfg', bit(61));
    expect(rig.cpu.readCsr('henvcfg')).to.equal(bits(0, 61));
    expect(extremes('senvcfg')).to.deep.equal([1n, 0n]);
  });

  it('counter enables have 32 bits, mcountinhibit CY and IR', () => {
    for (const name of ['mcounteren', 'scounteren', 'hcounteren']) {
      expect(extremes(name), name).to.deep.equal([0xffffffffn, 0n]);
    }
    expect(rig.put('mcountinhibit', ALL)).to.equal(5n);
  });

  it('programmable counters, ids and triggers read 0 and accept writes where their number allows them', () => {
    const zeros = ['mhpmcounter3', 'mhpmcounter31', 'mhpmevent3', 'mhpmevent31', 'tselect', 'tdata1', 'tdata2'];
    for (const name of zeros) expect(rig.put(name, ALL), name).to.equal(0n);
    for (const name of ['mvendorid', 'marchid', 'mimpid', 'mhartid', 'mconfigptr', 'hpmcounter3', 'hpmcounter31']) {
      expect(rig.cpu.readCsr(name), name).to.equal(0n);
    }
  });

  it('fcsr joins fflags and frm; an invalid frm is held and makes the dynamic mode reserved', () => {
    rig.put('mstatus', bit(13));
    expect(rig.put('fcsr', ALL)).to.equal(0xffn);
    expect([rig.cpu.readCsr('frm'), rig.cpu.readCsr('fflags')]).to.deep.equal([7n, 31n]);
    const table = (): number[] => {
      const word = rig.hart.cell('rounding');
      return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => Number((word >> BigInt(i * 8)) & 0xffn));
    };
    expect(table()).to.deep.equal([0, 1, 2, 3, 4, 255, 255, 255]);
    rig.put('frm', 3n);
    expect(table()).to.deep.equal([0, 1, 2, 3, 4, 255, 255, 3]);
    expect(rig.cpu.readCsr('fcsr')).to.equal(0x7fn);
    // Writing floating-point state makes it dirty.
    expect(rig.cpu.readCsr('mstatus') & bits(13, 14, 63)).to.equal(bits(13, 14, 63));
  });

  it('throws RangeError for a CSR that does not exist', () => {
    expect(() => rig.cpu.readCsr('seed')).to.throw(RangeError, 'seed');
    expect(() => rig.cpu.readCsr(0x747)).to.throw(RangeError, '0x747');
  });

  it('asks for an event only where interrupts or translation may change', () => {
    const { csr } = rig.cpu.system;
    rig.attempt(() => csr(0x140, 5n, 1, 1, 1));
    expect(rig.event).to.equal(false);
    rig.attempt(() => csr(0x304, 5n, 1, 1, 1));
    expect(rig.event).to.equal(true);
  });

  it('starts in M-mode at pc as the machine set it', () => {
    expect(rig.hart.privilege).to.equal(3);
    expect(rig.hart.pc).to.equal(BigInt(RAM_BASE));
    expect(rig.cpu.readCsr('mstatus')).to.equal(bits(33, 35));
  });
});
