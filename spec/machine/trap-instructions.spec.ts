import { expect } from 'chai';
import { RAM_BASE, REGIME } from '../../lib/machine/layout.js';
import { bit, type ModeName, Rig } from './rig.js';

const ILLEGAL = 2;
const VIRTUAL = 22;
const ok = undefined;
type Outcome = Record<ModeName, number | undefined>;
const [TVM, TW, TSR] = [bit(20), bit(21), bit(22)];
const [HU, VTVM, VTW, VTSR] = [bit(9), bit(20), bit(21), bit(22)];

describe('Privileged instructions, who may execute them (18.6.1)', () => {
  /** The cause raised in each mode, under these bits of mstatus and hstatus. */
  const outcome = (act: (rig: Rig) => unknown, mstatus = 0n, hstatus = 0n): Outcome => {
    const result = {} as Outcome;
    for (const mode of ['M', 'S', 'U', 'VS', 'VU'] as const) {
      const rig = new Rig();
      rig.translate = () => rig.memory.host(RAM_BASE);
      rig.put('mstatus', mstatus);
      rig.put('hstatus', hstatus);
      rig.mode(mode);
      result[mode] = rig.attempt(() => act(rig));
    }
    return result;
  };

  it('mret', () => {
    expect(outcome((r) => r.cpu.system.mret())).to.deep.equal({
      M: ok,
      S: ILLEGAL,
      U: ILLEGAL,
      VS: ILLEGAL,
      VU: ILLEGAL,
    });
  });

  const sret = (r: Rig): void => r.cpu.system.sret();
  const sfence = (r: Rig): void => r.cpu.system['sfence.vma'](0n, 0n, 0, 0);
  for (const [name, act, trap, guestTrap] of [
    ['sret', sret, TSR, VTSR],
    ['sfence.vma', sfence, TVM, VTVM],
  ] as const) {
    it(`${name}: mstatus binds S, hstatus binds VS`, () => {
      expect(outcome(act)).to.deep.equal({ M: ok, S: ok, U: ILLEGAL, VS: ok, VU: VIRTUAL });
      expect(outcome(act, trap)).to.deep.equal({ M: ok, S: ILLEGAL, U: ILLEGAL, VS: ok, VU: VIRTUAL });
      expect(outcome(act, 0n, guestTrap)).to.deep.equal({ M: ok, S: ok, U: ILLEGAL, VS: VIRTUAL, VU: VIRTUAL });
    });
  }

  it('wfi: TW binds all below M and wins over VTW', () => {
    const wfi = (r: Rig): void => r.cpu.system.wfi();
    const limited = { M: ok, S: ILLEGAL, U: ILLEGAL, VS: ILLEGAL, VU: ILLEGAL };
    expect(outcome(wfi)).to.deep.equal({ M: ok, S: ok, U: ILLEGAL, VS: ok, VU: VIRTUAL });
    expect(outcome(wfi, 0n, VTW)).to.deep.equal({ M: ok, S: ok, U: ILLEGAL, VS: VIRTUAL, VU: VIRTUAL });
    expect(outcome(wfi, TW)).to.deep.equal(limited);
    expect(outcome(wfi, TW, VTW)).to.deep.equal(limited);
  });

  it('hfence.vvma and hfence.gvma: TVM binds the latter only', () => {
    const vvma = (r: Rig): void => r.cpu.system['hfence.vvma'](0n, 0n, 0, 0);
    const gvma = (r: Rig): void => r.cpu.system['hfence.gvma'](0n, 0n, 0, 0);
    const normal = { M: ok, S: ok, U: ILLEGAL, VS: VIRTUAL, VU: VIRTUAL };
    for (const act of [vvma, gvma]) expect(outcome(act)).to.deep.equal(normal);
    expect(outcome(vvma, TVM, VTVM)).to.deep.equal(normal);
    expect(outcome(gvma, TVM)).to.deep.equal({ ...normal, S: ILLEGAL });
  });

  it('hlv, hlvx and hsv: HU opens them to U', () => {
    const normal = { M: ok, S: ok, U: ILLEGAL, VS: VIRTUAL, VU: VIRTUAL };
    for (const act of [
      (r: Rig) => r.cpu.system.hlv(0n, 64, 0),
      (r: Rig) => r.cpu.system.hlv(0n, 32, 1),
      (r: Rig) => r.cpu.system.hsv(0n, 8, 1n),
    ]) {
      expect(outcome(act)).to.deep.equal(normal);
      expect(outcome(act, 0n, HU)).to.deep.equal({ ...normal, U: ok });
    }
  });

  it('fence.i and the environment calls', () => {
    const all = { M: ok, S: ok, U: ok, VS: ok, VU: ok };
    expect(outcome((r) => r.cpu.system['fence.i']())).to.deep.equal(all);
    expect(outcome((r) => r.cpu.system.ecall())).to.deep.equal({ M: 11, S: 9, U: 8, VS: 10, VU: 8 });
    expect(outcome((r) => r.cpu.system.ebreak())).to.deep.equal({ M: 3, S: 3, U: 3, VS: 3, VU: 3 });
  });

  it('ebreak reports pc, a guest virtual address if V = 1; ecall reports 0', () => {
    const rig = new Rig().mode('VU');
    rig.attempt(() => rig.cpu.system.ebreak());
    expect([rig.hart.cell('trapValue'), rig.hart.cell32('trapGuest')]).to.deep.equal([BigInt(RAM_BASE), 1]);
    rig.attempt(() => rig.cpu.system.ecall());
    expect([rig.hart.cell('trapValue'), rig.hart.cell32('trapGuest')]).to.deep.equal([0n, 0]);
  });

  it('without the H extension its instructions are illegal, in M too', () => {
    const rig = new Rig({ hypervisor: false });
    expect(rig.attempt(() => rig.cpu.system.hlv(0n, 64, 0))).to.equal(ILLEGAL);
    expect(rig.attempt(() => rig.cpu.system['hfence.gvma'](0n, 0n, 0, 0))).to.equal(ILLEGAL);
  });
});

describe('wfi', () => {
  it('waits unless an enabled interrupt is pending, whatever the global enables say', () => {
    const rig = new Rig();
    rig.put('mie', bit(1));
    expect(rig.cpu.wakes()).to.equal(false);
    rig.put('mie', 0n);
    rig.put('mip', bit(1));
    rig.attempt(() => rig.cpu.system.wfi());
    expect([rig.hart.cell32('waiting'), rig.event, rig.cpu.wakes()]).to.deep.equal([1, true, false]);
    rig.put('mie', bit(1));
    expect(rig.cpu.wakes()).to.equal(true);
    rig.hart.setCell32('waiting', 0);
    rig.attempt(() => rig.cpu.system.wfi());
    expect([rig.hart.cell32('waiting'), rig.hart.counter('waits')]).to.deep.equal([0, 2n]);
  });
});

describe('Floating-point state', () => {
  it('floatUse marks FS dirty, in a guest at both levels, or raises illegal instruction', () => {
    const rig = new Rig();
    expect(rig.cpu.floatUse()).to.equal(false);
    expect(rig.hart.cell('trapCause')).to.equal(2n);
    rig.put('mstatus', bit(13));
    expect(rig.hart.cell32('floatState')).to.equal(0);
    expect(rig.cpu.floatUse()).to.equal(true);
    expect([rig.hart.cell32('floatState'), rig.cpu.readCsr('mstatus') >> 63n]).to.deep.equal([2, 1n]);
    rig.mode('VS');
    expect(rig.hart.cell32('floatState')).to.equal(0);
    expect(rig.cpu.floatUse()).to.equal(false);
    rig.put('vsstatus', bit(14));
    expect(rig.cpu.floatUse()).to.equal(true);
    expect([rig.hart.cell32('floatState'), rig.cpu.readCsr('vsstatus') >> 63n]).to.deep.equal([2, 1n]);
    rig.mode('S').mode('VU');
    expect(rig.hart.cell32('floatState')).to.equal(2);
    rig.put('vsstatus', 0n);
    expect(rig.hart.cell32('floatState')).to.equal(0);
    rig.mode('U');
    expect(rig.hart.cell32('floatState')).to.equal(2);
  });
});

describe('hlv and hsv (18.3.1)', () => {
  it('load and store RAM in the width asked for, also across a page end', () => {
    const rig = new Rig();
    // Guest pages 0 and 1 lie in swapped order in RAM.
    rig.translate = (_hart, address) => rig.memory.host(RAM_BASE + (Number(address) ^ 0x1000));
    rig.attempt(() => rig.cpu.system.hsv(0xffcn, 64, 0x1122334455667788n));
    expect(rig.cpu.system.hlv(0xffcn, 64, 0)).to.equal(0x1122334455667788n);
    expect(rig.cpu.system.hlv(0xffcn, 32, 1)).to.equal(0x55667788n);
    expect(rig.cpu.system.hlv(0x1000n, 16, 0)).to.equal(0x3344n);
    expect(rig.memory.u8[rig.memory.host(RAM_BASE)]).to.equal(0x44);
    expect(rig.hart.cell('tally') >> 32n).to.equal(4n);
  });

  it('a store that faults on its second page writes nothing', () => {
    const rig = new Rig();
    rig.translate = (hart, address) => {
      if (address < 0x1000n) return rig.memory.host(RAM_BASE + Number(address));
      hart.raise(23, address, address >> 2n, 0n, true);
      return 0;
    };
    expect(rig.attempt(() => rig.cpu.system.hsv(0xffen, 32, -1n))).to.equal(23);
    expect(rig.hart.cell('trapValue')).to.equal(0x1000n);
    expect(rig.memory.u8[rig.memory.host(RAM_BASE + 0xffe)]).to.equal(0);
  });

  it('reach devices with naturally aligned accesses', () => {
    const rig = new Rig();
    const writes: [number, number, bigint][] = [];
    rig.translate = (hart, address) => {
      hart.setCell('physical', address);
      return -1;
    };
    rig.deviceLoad = (physical, bytes) => (physical === 0x10000000 ? BigInt(bytes) : undefined);
    rig.deviceStore = (physical, bytes, value) => writes.push([physical, bytes, value]) > 0;
    expect(rig.cpu.system.hlv(0x10000000n, 32, 0)).to.equal(4n);
    rig.attempt(() => rig.cpu.system.hsv(0x10000004n, 8, 0x1ffn));
    expect(writes).to.deep.equal([[0x10000004, 1, 0xffn]]);
    expect(rig.attempt(() => rig.cpu.system.hlv(0x10000008n, 32, 0))).to.equal(5);
    expect(rig.attempt(() => rig.cpu.system.hlv(0x10000001n, 32, 0))).to.equal(5);
    expect(rig.attempt(() => rig.cpu.system.hsv(0x10000001n, 32, 0n))).to.equal(7);
    rig.deviceStore = () => false;
    for (const act of [
      () => rig.cpu.system.hlv(0x10000008n, 32, 0),
      () => rig.cpu.system.hlv(0x10000001n, 32, 0),
      () => rig.cpu.system.hsv(0x10000008n, 32, 0n),
    ]) {
      rig.hart.setCell32('trapGuest', 0);
      expect(rig.attempt(act)).to.be.oneOf([5, 7]);
      expect(rig.hart.cell32('trapGuest')).to.equal(1);
    }
  });

  it('a store asks for write permission whatever a load asked for before, and drops code decoded there', () => {
    const rig = new Rig();
    const { codeMap, codePool } = rig.memory.layout;
    const asked: [string, number][] = [];
    rig.translate = (hart, address, access) => {
      asked.push([access, hart.regime('explicit').flags & REGIME.EXECUTE]);
      return rig.memory.host(RAM_BASE + Number(address));
    };
    rig.memory.i32[codeMap / 4] = codePool;
    rig.memory.u8[codePool + 8 * 4] = 1;
    rig.cpu.system.hlv(8n, 32, 1);
    rig.cpu.system.hsv(8n, 32, 0n);
    expect(asked).to.deep.equal([
      ['load', REGIME.EXECUTE],
      ['store', 0],
    ]);
    expect(rig.memory.u8[codePool + 8 * 4]).to.equal(0);
  });
});
