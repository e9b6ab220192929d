import { expect } from 'chai';
import { TRAPS_BY_CAUSE } from '../../lib/machine/layout.js';
import { ALL, bit, type ModeName, modes, Rig } from './rig.js';

const SSI = 1;
const VSSI = 2;
const MSI = 3;
const STI = 5;
const VSTI = 6;
const MTI = 7;
const SEI = 9;
const VSEI = 10;
const MEI = 11;
const SGEI = 12;

describe('Interrupts', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig({ guestExternalInterrupts: 1 });
    rig.put('mie', ALL);
  });
  /** Makes exactly these pending. */
  const pend = (...causes: number[]): void => {
    const bits = causes.reduce((sum, cause) => sum | bit(cause), 0n);
    rig.hart.setCsr('lines', bits & (bit(MSI) | bit(MTI) | bit(MEI)));
    rig.put('mip', bits & (bit(SSI) | bit(STI) | bit(SEI)));
    rig.put('hvip', bits);
    rig.put('hgeie', 2n);
    rig.hart.setCsr('hgeip', causes.includes(SGEI) ? 2n : 0n);
  };
  const pending = (mode: ModeName): string | undefined => {
    const found = rig.mode(mode).cpu.pendingInterrupt();
    return found && `${found.cause} ${found.target}`;
  };
  const everywhere = (): (string | undefined)[] => (['M', 'S', 'U', 'VS', 'VU'] as const).map(pending);

  it('3.1.9 and 18.4.3: priority among those for M', () => {
    rig.put('mstatus', bit(3));
    const order = [MEI, MSI, MTI, SEI, SSI, STI];
    for (const [i, cause] of order.entries()) {
      pend(...order.slice(i));
      expect(pending('M')).to.equal(`${cause} M`);
    }
  });

  it('18.2.3: priority among those for HS', () => {
    rig.put('mideleg', ALL);
    const order = [SEI, SSI, STI, SGEI, VSEI, VSSI, VSTI];
    for (const [i, cause] of order.entries()) {
      pend(...order.slice(i));
      expect(pending('U')).to.equal(`${cause} HS`);
    }
  });

  it('those for a more privileged mode come first', () => {
    rig.put('mideleg', ALL);
    rig.put('hideleg', ALL);
    pend(VSEI, STI, MTI);
    expect(pending('VU')).to.equal(`${MTI} M`);
    pend(VSEI, STI);
    expect(pending('VU')).to.equal(`${STI} HS`);
    pend(VSEI);
    expect(pending('VU')).to.equal(`${VSEI} VS`);
  });

  it('for M: taken below M always, in M with MIE', () => {
    pend(STI);
    expect(everywhere()).to.deep.equal([undefined, '5 M', '5 M', '5 M', '5 M']);
    rig.put('mstatus', bit(3));
    expect(pending('M')).to.equal('5 M');
    rig.put('mie', 0n);
    expect(pending('U')).to.equal(undefined);
  });

  it('for HS: taken below HS and in guests always, in HS with SIE, never in M', () => {
    rig.put('mideleg', ALL);
    pend(STI);
    expect(everywhere()).to.deep.equal([undefined, undefined, '5 HS', '5 HS', '5 HS']);
    rig.put('mstatus', bit(1) | bit(3));
    expect(everywhere()).to.deep.equal([undefined, '5 HS', '5 HS', '5 HS', '5 HS']);
  });

  it('VS-level interrupts go to HS unless hideleg sends them on; then only the guest takes them', () => {
    pend(VSTI);
    expect(everywhere()).to.deep.equal([undefined, undefined, '6 HS', '6 HS', '6 HS']);
    rig.put('hideleg', ALL);
    expect(everywhere()).to.deep.equal([undefined, undefined, undefined, undefined, '6 VS']);
    rig.put('vsstatus', bit(1));
    rig.put('mstatus', bit(1) | bit(3));
    expect(everywhere()).to.deep.equal([undefined, undefined, undefined, '6 VS', '6 VS']);
  });

  it('stimecmp and vstimecmp raise theirs', () => {
    rig.put('mideleg', ALL);
    rig.put('hideleg', ALL);
    rig.put('menvcfg', ALL);
    rig.put('henvcfg', ALL);
    rig.put('vstimecmp', 1000n);
    expect(pending('VU')).to.equal('6 VS');
    rig.put('stimecmp', 1001n);
    expect(pending('VU')).to.equal('6 VS');
    rig.time++;
    expect(pending('VU')).to.equal('5 HS');
  });

  it('taking one: cause with bit 63, vectored pc, value CSRs 0, counters', () => {
    rig.put('mtvec', 0x1001n);
    rig.put('stvec', 0x2001n);
    rig.put('vstvec', 0x3001n);
    rig.put('mideleg', ALL);
    rig.put('hideleg', ALL);
    const take = (mode: ModeName, cause: number): void => {
      for (const name of ['mtval', 'mtval2', 'mtinst', 'stval', 'htval', 'htinst', 'vstval']) rig.put(name, 9n);
      pend(cause);
      rig.mode(mode).hart.pc = 0x8888n;
      rig.hart.setCell32('waiting', 1);
      rig.cpu.takeInterrupt(rig.cpu.pendingInterrupt() ?? { cause: 0, target: 'M' });
      expect(rig.hart.cell32('waiting')).to.equal(0);
    };
    const read = (name: string): bigint => rig.cpu.readCsr(name);

    rig.put('mstatus', bit(38));
    take('VS', MTI);
    expect(read('mstatus') & bit(38)).to.equal(0n);
    expect(rig.memory.u64[(rig.hart.address + TRAPS_BY_CAUSE) / 8 + 64 + MTI]).to.equal(1n);
    expect([rig.hart.pc, rig.hart.cell32('mode')]).to.deep.equal([0x1000n + 28n, modes.M]);
    expect(['mcause', 'mepc', 'mtval', 'mtval2', 'mtinst'].map(read)).to.deep.equal([
      bit(63) | 7n,
      0x8888n,
      0n,
      0n,
      0n,
    ]);
    expect(read('mstatus') & bit(39)).to.equal(bit(39));

    take('VU', SEI);
    expect([rig.hart.pc, rig.hart.cell32('mode')]).to.deep.equal([0x2000n + 36n, modes.S]);
    expect(['scause', 'sepc', 'stval', 'htval', 'htinst'].map(read)).to.deep.equal([bit(63) | 9n, 0x8888n, 0n, 0n, 0n]);

    // 18.2.2: a guest sees VSEI, VSTI and VSSI as SEI, STI and SSI.
    for (const [cause, seen] of [
      [VSEI, 9n],
      [VSTI, 5n],
      [VSSI, 1n],
    ] as const) {
      take('VU', cause);
      expect([rig.hart.pc, rig.hart.cell32('mode')]).to.deep.equal([0x3000n + 4n * seen, modes.VS]);
      expect(['vscause', 'vsepc', 'vstval'].map(read)).to.deep.equal([bit(63) | seen, 0x8888n, 0n]);
    }
    expect([rig.hart.counter('interrupts'), rig.hart.counter('traps')]).to.deep.equal([5n, 5n]);
  });

  it('enabling interrupts asks for an event, disabling does not', () => {
    rig.mode('S');
    rig.attempt(() => rig.cpu.system.csr(0x100, 2n, 2, 1, 1));
    expect(rig.event).to.equal(true);
    rig.attempt(() => rig.cpu.system.csr(0x100, 2n, 3, 1, 1));
    expect(rig.event).to.equal(false);
  });
});
