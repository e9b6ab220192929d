import { expect } from 'chai';
import { defaultCosts } from '../../lib/machine/costs.js';
import { TRAPS_BY_CAUSE } from '../../lib/machine/layout.js';
import { ALL, bit, type ModeName, modes, Rig } from './rig.js';

const H = { GVA: bit(6), SPV: bit(7), SPVP: bit(8) };
const PC = 0x80000040n;

describe('Taking exceptions', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
    rig.put('mtvec', 0x80001000n);
    rig.put('stvec', 0x80002000n);
    rig.put('vstvec', 0x80003000n);
  });
  const take = (mode: ModeName, cause: number, ...rest: [bigint?, bigint?, bigint?, boolean?]): void => {
    rig.mode(mode);
    rig.hart.pc = PC;
    rig.hart.raise(cause, ...rest);
    rig.cpu.takeException();
  };
  const mode = (): number => rig.hart.cell32('mode');
  const read = (name: string): bigint => rig.cpu.readCsr(name);

  it('18.6.2: medeleg sends a trap to HS, hedeleg one from a guest further to VS', () => {
    const targets = (): string[] => (['M', 'S', 'U', 'VS', 'VU'] as const).map((m) => rig.mode(m).cpu.targetOf(13));
    expect(targets()).to.deep.equal(['M', 'M', 'M', 'M', 'M']);
    rig.put('hedeleg', bit(13));
    expect(targets()).to.deep.equal(['M', 'M', 'M', 'M', 'M']);
    rig.put('medeleg', bit(13));
    expect(targets()).to.deep.equal(['M', 'HS', 'HS', 'VS', 'VS']);
    rig.put('hedeleg', 0n);
    expect(targets()).to.deep.equal(['M', 'HS', 'HS', 'HS', 'HS']);
  });

  it('into M: MPP, MPV, MPIE, MIE, GVA and every trap CSR', () => {
    const cases: [ModeName, mpp: bigint, mpv: boolean][] = [
      ['U', 0n, false],
      ['S', 1n, false],
      ['M', 3n, false],
      ['VU', 0n, true],
      ['VS', 1n, true],
    ];
    for (const [from, mpp, mpv] of cases) {
      rig.put('mstatus', bit(3));
      take(from, 23, 0x1234n, 0x77n, 0x3020n, mpv);
      const status = read('mstatus');
      expect(mode(), from).to.equal(modes.M);
      expect((status >> 11n) & 3n, from).to.equal(mpp);
      expect((status & bit(39)) !== 0n, from).to.equal(mpv);
      expect((status & bit(38)) !== 0n, from).to.equal(mpv);
      expect(status & (bit(3) | bit(7)), from).to.equal(bit(7));
      expect(['mepc', 'mcause', 'mtval', 'mtval2', 'mtinst'].map(read), from).to.deep.equal([
        PC,
        23n,
        0x1234n,
        0x77n,
        0x3020n,
      ]);
      expect(rig.hart.pc, from).to.equal(0x80001000n);
      expect(rig.hart.faulted, from).to.equal(false);
    }
  });

  it('into M with interrupts off leaves MPIE 0 and clears GVA and MPV', () => {
    rig.put('mstatus', bit(38) | bit(39) | bit(7));
    take('U', 2, 5n);
    expect(read('mstatus') & (bit(3) | bit(7) | bit(38) | bit(39))).to.equal(0n);
    expect([read('mtval2'), read('mtinst')]).to.deep.equal([0n, 0n]);
  });

  it('into HS from V = 0: SPP, SPIE, SIE; SPV and GVA 0, SPVP unchanged', () => {
    rig.put('medeleg', ALL);
    for (const from of ['U', 'S'] as const) {
      rig.put('mstatus', bit(1));
      rig.put('hstatus', H.SPVP | H.SPV | H.GVA);
      rig.put('htval', 9n);
      rig.put('htinst', 9n);
      take(from, 13, 0x4567n);
      expect(mode(), from).to.equal(modes.S);
      expect(read('sstatus') & (bit(1) | bit(5) | bit(8)), from).to.equal(bit(5) | (from === 'S' ? bit(8) : 0n));
      expect(read('hstatus') & (H.SPVP | H.SPV | H.GVA), from).to.equal(H.SPVP);
      expect(['sepc', 'scause', 'stval', 'htval', 'htinst'].map(read), from).to.deep.equal([PC, 13n, 0x4567n, 0n, 0n]);
      expect(rig.hart.pc, from).to.equal(0x80002000n);
    }
  });

  it('into HS from a guest: SPV = 1, SPVP = SPP = its privilege, GVA for a guest virtual address', () => {
    rig.put('medeleg', ALL);
    for (const from of ['VU', 'VS'] as const) {
      rig.put('hstatus', from === 'VU' ? H.SPVP : 0n);
      rig.put('vsstatus', bit(1));
      take(from, 21, 0x4567n, 0x1000n, 0x3000n, true);
      const privilege = from === 'VS' ? bit(8) : 0n;
      expect(mode(), from).to.equal(modes.S);
      expect(read('sstatus') & bit(8), from).to.equal(privilege);
      expect(read('hstatus') & (H.SPV | H.SPVP | H.GVA), from).to.equal(H.SPV | H.GVA | privilege);
      expect(['htval', 'htinst'].map(read), from).to.deep.equal([0x1000n, 0x3000n]);
      expect(read('vsstatus') & bit(1), from).to.equal(bit(1));
    }
  });

  it('HLV that faults in HS reports a guest address with SPV = 0', () => {
    rig.put('medeleg', ALL);
    rig.put('hstatus', H.SPVP);
    take('S', 21, 0x4567n, 0x1000n, 0x3000n, true);
    expect(read('hstatus') & (H.SPV | H.SPVP | H.GVA)).to.equal(H.GVA | H.SPVP);
  });

  it('into VS: vsstatus, vsepc, vscause, vstval; hstatus and sstatus are not touched', () => {
    rig.put('medeleg', ALL);
    rig.put('hedeleg', ALL);
    for (const from of ['VU', 'VS'] as const) {
      const [status, hypervisor] = [read('sstatus'), read('hstatus')];
      rig.put('vsstatus', bit(1));
      take(from, 12, 0x4567n, 0n, 0n, true);
      expect(mode(), from).to.equal(modes.VS);
      expect(read('vsstatus') & (bit(1) | bit(5) | bit(8)), from).to.equal(bit(5) | (from === 'VS' ? bit(8) : 0n));
      expect(['vsepc', 'vscause', 'vstval'].map(read), from).to.deep.equal([PC, 12n, 0x4567n]);
      expect([read('sstatus'), read('hstatus')], from).to.deep.equal([status, hypervisor]);
      expect(rig.hart.pc, from).to.equal(0x80003000n);
    }
  });

  it('exceptions go to the base even in vectored mode', () => {
    rig.put('mtvec', 0x80001001n);
    take('U', 13);
    expect(rig.hart.pc).to.equal(0x80001000n);
  });

  it('counts traps, causes, mode and world switches, and charges them', () => {
    rig.put('medeleg', ALL);
    const start = rig.hart.cycles;
    take('U', 8);
    const { trapEntry, modeSwitch, worldSwitch } = defaultCosts;
    expect(rig.hart.cycles - start).to.equal(BigInt(trapEntry + modeSwitch));
    take('VS', 10);
    expect(rig.hart.cycles - start).to.equal(BigInt(2 * trapEntry + modeSwitch + worldSwitch));
    const counted = ['traps', 'interrupts', 'modeSwitches', 'worldSwitches'] as const;
    expect(counted.map((name) => rig.hart.counter(name))).to.deep.equal([2n, 0n, 1n, 1n]);
    const byCause = (cause: number): bigint =>
      rig.memory.u64[(rig.hart.address + TRAPS_BY_CAUSE) / 8 + cause] as bigint;
    expect([byCause(8), byCause(10), byCause(9)]).to.deep.equal([1n, 1n, 0n]);
  });

  describe('18.6.3: transformed instruction of a guest-page fault', () => {
    const trapped = (encoding: number, cause: number, value: bigint): bigint => {
      rig.mode('VS').fetched(encoding);
      rig.hart.raise(cause, value, 0n, 0n, true);
      rig.cpu.takeException();
      return read('mtinst');
    };
    beforeEach(() => {
      rig.hart.setX(10, 0x5000n);
      rig.hart.setX(2, 0x5ff0n);
    });

    it('load and store: rs1 and immediate cleared', () => {
      expect(trapped(0xff853583, 21, 0x4ff8n)).to.equal(0x00003583n); // ld a1, -8(a0)
      expect(trapped(0x02b53423, 23, 0x5028n)).to.equal(0x00b03023n); // sd a1, 40(a0)
      expect(trapped(0x00853587, 21, 0x5008n)).to.equal(0x00003587n); // fld fa1, 8(a0)
    });
    it('a misaligned access reports how far into it the fault lies', () => {
      rig.hart.setX(10, 0x5ffdn);
      expect(trapped(0x00053583, 21, 0x6000n)).to.equal(0x0001b583n); // ld a1, 0(a0)
    });
    it('atomics keep all but rs1', () => {
      expect(trapped(0x06b5362f, 23, 0x5000n)).to.equal(0x06b0362fn); // amoadd.d.aqrl a2, a1, (a0)
      expect(trapped(0x1005262f, 21, 0x5000n)).to.equal(0x1000262fn); // lr.w a2, (a0)
    });
    it('compressed: the expansion with bit 1 cleared', () => {
      expect(trapped(0x610c, 21, 0x5000n)).to.equal(0x00003581n); // c.ld a1, 0(a0)
      expect(trapped(0xe42e, 23, 0x5ff8n)).to.equal(0x00b03021n); // c.sdsp a1, 8(sp)
    });
    it('other causes report 0, and a pseudoinstruction is kept', () => {
      expect(trapped(0xff853583, 13, 0x4ff8n)).to.equal(0n);
      rig.mode('VS').fetched(0xff853583);
      rig.hart.raise(21, 0x4ff8n, 4n, 0x3000n, true);
      rig.cpu.takeException();
      expect(read('mtinst')).to.equal(0x3000n);
    });
  });
});

describe('Returning from traps', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });

  it('3.1.6.1 and 18.6.4: MRET goes to MPP and MPV, and ends MPRV unless it stays in M', () => {
    const cases: [mpp: bigint, mpv: boolean, to: ModeName][] = [
      [0n, false, 'U'],
      [1n, false, 'S'],
      [0n, true, 'VU'],
      [1n, true, 'VS'],
      [3n, true, 'M'],
    ];
    for (const [mpp, mpv, to] of cases) {
      rig.mode('M');
      rig.put('mstatus', (mpp << 11n) | (mpv ? bit(39) : 0n) | bit(7) | bit(17));
      rig.put('mepc', 0x4444n);
      expect(
        rig.attempt(() => rig.cpu.system.mret()),
        to,
      ).to.equal(undefined);
      expect(rig.hart.cell32('mode'), to).to.equal(modes[to]);
      expect(rig.hart.cell('next'), to).to.equal(0x4444n);
      expect(rig.event, to).to.equal(true);
      const status = rig.cpu.readCsr('mstatus');
      expect(status & (bit(3) | bit(7) | (3n << 11n) | bit(39)), to).to.equal(bit(3) | bit(7));
      expect((status & bit(17)) !== 0n, to).to.equal(to === 'M');
    }
  });

  it('18.6.4: SRET from HS goes to SPP and SPV', () => {
    for (const [spp, spv, to] of [
      [false, false, 'U'],
      [true, false, 'S'],
      [false, true, 'VU'],
      [true, true, 'VS'],
    ] as const) {
      rig.put('mstatus', (spp ? bit(8) : 0n) | bit(1) | bit(17));
      rig.put('hstatus', (spv ? H.SPV : 0n) | H.SPVP);
      rig.put('sepc', 0x4446n);
      rig.mode('S').attempt(() => rig.cpu.system.sret());
      expect(rig.hart.cell32('mode'), to).to.equal(modes[to]);
      expect(rig.hart.cell('next'), to).to.equal(0x4446n);
      expect(rig.cpu.readCsr('hstatus') & (H.SPV | H.SPVP), to).to.equal(H.SPVP);
      // SPIE was 0, so SIE becomes 0, and SPIE 1.
      expect(rig.cpu.readCsr('mstatus') & (bit(1) | bit(5) | bit(8) | bit(17)), to).to.equal(bit(5));
    }
  });

  it('SRET from VS stays in the guest', () => {
    rig.put('vsstatus', bit(5));
    rig.put('vsepc', 0x4448n);
    rig.put('mstatus', bit(8));
    rig.mode('VS').attempt(() => rig.cpu.system.sret());
    expect(rig.hart.cell32('mode')).to.equal(modes.VU);
    expect(rig.hart.cell('next')).to.equal(0x4448n);
    expect(rig.cpu.readCsr('vsstatus') & (bit(1) | bit(5) | bit(8))).to.equal(bit(1) | bit(5));
    expect(rig.cpu.readCsr('mstatus') & bit(8)).to.equal(bit(8));
  });
});
