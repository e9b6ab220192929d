import { expect } from 'chai';
import { Bench, DATA, P, RAM, REGIME, Tables } from '../../support/bench.js';

const VA = 0x40201000n;

/** A bench with one page mapped in Sv39, S-mode. */
const mapped = (flags: bigint, { regime = 0, privilege = 1, level = 0, target = DATA, va = VA, levels = 3 } = {}) => {
  const bench = new Bench();
  const tables = new Tables(bench, levels);
  tables.map(va, target, flags, level);
  bench.regime('data', { stage1: tables.atp, flags: regime, privilege });
  bench.regime('fetch', { stage1: tables.atp, flags: regime, privilege, context: 2 });
  const reach = (access: 'load' | 'store' | 'fetch', at = va) => {
    const host = bench.mmu.translate(bench.hart, at, access, access === 'fetch' ? 'fetch' : 'data');
    return host > 0 ? `ram+${(host - bench.memory.layout.ram).toString(16)}` : (bench.trap()?.cause ?? 'device');
  };
  return { bench, tables, reach };
};

describe('page table walks, one stage (privileged spec 12.3.2)', () => {
  it('Sv39: three references, one 4 KiB leaf, then a hit', () => {
    const { bench, reach } = mapped(P.RW | P.AD);
    expect(reach('load', VA + 8n)).to.equal('ram+10008');
    expect(bench.counters()).to.deep.equal({ dataMisses: 1, walks: 1, walkReferencesStage1: 3, leaves4K: 1 });
    expect(bench.hart.cell('stall')).to.equal(30n);
    expect(bench.hart.cell32('superpages')).to.equal(0);
    expect(reach('store', VA + 16n)).to.equal('ram+10010');
    expect(bench.hart.counter('walks')).to.equal(1n);
  });
  it('Sv48: four references', () => {
    const { bench, reach } = mapped(P.R | P.A, { levels: 4 });
    expect(reach('load')).to.equal('ram+10000');
    expect(bench.hart.counter('walkReferencesStage1')).to.equal(4n);
  });
  for (const [level, counter] of [
    [1, 'leaves2M'],
    [2, 'leaves1G'],
    [3, 'leaves512G'],
  ] as const) {
    it(`a superpage at level ${level} counts ${counter}`, () => {
      const target = level === 3 ? 0n : RAM;
      const va = level === 3 ? 0x8000000000n : 0x40000000n;
      const { bench, reach } = mapped(P.R | P.A, { level, target, va, levels: 4 });
      const offset = level === 3 ? RAM : 0n;
      expect(reach('load', va + offset + 0x12345n)).to.equal('ram+12345');
      expect(bench.hart.counter(counter)).to.equal(1n);
      expect(bench.hart.counter('walkReferencesStage1')).to.equal(BigInt(4 - level));
      expect(bench.hart.cell32('superpages')).to.equal(level);
    });
  }
  it('upper half addresses are canonical, others are not', () => {
    const top = 0xffffffffffe01000n;
    const { reach } = mapped(P.RX | P.A, { va: top });
    expect(reach('load')).to.equal('ram+10000');
    for (const bad of [0x4000000000n, 0xffffffbfffffffffn, 1n << 63n]) {
      expect(reach('load', bad)).to.equal(13);
      expect(reach('store', bad)).to.equal(15);
      expect(reach('fetch', bad)).to.equal(12);
    }
  });

  const leafFaults: Record<string, bigint> = {
    'V = 0': P.RW - 1n + P.AD,
    'W without R': P.V | 4n | P.AD,
    'W and X without R': P.V | 12n | P.AD,
    'bit 54 set': P.RWX | P.AD | (1n << 54n),
    'Svpbmt bit 61 set': P.RWX | P.AD | (1n << 61n),
    'Svnapot bit 63 set': P.RWX | P.AD | (1n << 63n),
    'a pointer at the last level': P.V,
    'A = 0': P.RWX | P.D,
    'U = 1 in S-mode': P.RWX | P.AD | P.U,
  };
  for (const [what, flags] of Object.entries(leafFaults)) {
    it(`${what}: page fault for each access`, () => {
      const { bench, reach } = mapped(flags);
      expect(reach('load')).to.equal(13);
      expect(reach('store')).to.equal(15);
      expect(reach('fetch')).to.equal(12);
      expect(bench.hart.counter('leaves4K')).to.equal(0n);
    });
  }
  for (const bit of [P.A, P.D, P.U]) {
    it(`bit ${bit} is reserved in an entry that points to a table`, () => {
      const { bench, tables, reach } = mapped(P.RWX | P.AD);
      const entry = tables.entry(VA, 1);
      bench.write64(entry, bench.read64(entry) | bit);
      expect(reach('load')).to.equal(13);
    });
  }
  it('a misaligned superpage faults', () => {
    expect(mapped(P.RWX | P.AD, { level: 1, target: DATA }).reach('load')).to.equal(13);
    expect(mapped(P.RWX | P.AD, { level: 2, target: RAM + 0x200000n }).reach('store')).to.equal(15);
  });
  it('the exception reports the address, and no guest', () => {
    const { bench } = mapped(0n);
    bench.mmu.translate(bench.hart, VA + 5n, 'store', 'data');
    expect(bench.trap()).to.deep.equal({ cause: 15, value: VA + 5n, value2: 0n, instruction: 0n, guest: false });
  });
  it('a table outside RAM is an access fault of the original type', () => {
    const { bench, tables, reach } = mapped(P.RWX | P.AD);
    bench.write64(tables.entry(VA, 1), (0x1000n << 10n) | P.V);
    expect([reach('load'), reach('store'), reach('fetch')]).to.deep.equal([5, 7, 1]);
    expect(bench.hart.counter('walkReferencesStage1')).to.equal(6n);
  });

  const permissions: [bigint, (number | string)[]][] = [
    [P.R | P.AD, ['ok', 15, 12]],
    [P.RW | P.AD, ['ok', 'ok', 12]],
    [P.X | P.AD, [13, 15, 'ok']],
    [P.RX | P.AD, ['ok', 15, 'ok']],
    [P.RWX | P.AD, ['ok', 'ok', 'ok']],
    [P.RWX | P.A, ['ok', 15, 'ok']],
  ];
  const outcomes = (flags: bigint, options = {}) =>
    (['load', 'store', 'fetch'] as const).map((access) => {
      const result = mapped(flags, options).reach(access);
      return typeof result === 'string' ? 'ok' : result;
    });
  for (const [flags, expected] of permissions) {
    it(`flags 0x${flags.toString(16)} allow ${expected.join(', ')}`, () => {
      expect(outcomes(flags)).to.deep.equal(expected);
      expect(outcomes(flags | P.U, { privilege: 0 })).to.deep.equal(expected);
    });
  }
  it('U-mode needs U = 1', () => expect(outcomes(P.RWX | P.AD, { privilege: 0 })).to.deep.equal([13, 15, 12]));
  it('SUM lets S-mode load and store user pages, never execute them', () =>
    expect(outcomes(P.RWX | P.AD | P.U, { regime: REGIME.SUM })).to.deep.equal(['ok', 'ok', 12]));
  it('MXR makes executable pages readable', () =>
    expect(outcomes(P.X | P.AD, { regime: REGIME.MXR })).to.deep.equal(['ok', 15, 'ok']));
  it('HLVX needs X instead of R', () => {
    expect(outcomes(P.X | P.AD, { regime: REGIME.EXECUTE })[0]).to.equal('ok');
    expect(outcomes(P.RW | P.AD, { regime: REGIME.EXECUTE })[0]).to.equal(13);
  });

  it('with ADUE a load sets A, and the first store walks again and sets D', () => {
    const { bench, tables, reach } = mapped(P.RW, { regime: REGIME.ADUE });
    const flags = () => bench.read64(tables.entry(VA)) & 0xffn;
    reach('load');
    expect(flags()).to.equal(P.RW | P.A);
    reach('store');
    expect(flags()).to.equal(P.RW | P.AD);
    reach('store');
    expect(bench.counters()).to.deep.equal({
      dataMisses: 2,
      walks: 2,
      walkReferencesStage1: 6,
      leaves4K: 2,
      adUpdates: 2,
    });
    expect(bench.hart.cell('stall')).to.equal(2060n);
  });
  it('ADUE does not set bits for an access that is not allowed', () => {
    const { bench, tables, reach } = mapped(P.R, { regime: REGIME.ADUE });
    expect(reach('store')).to.equal(15);
    expect(bench.read64(tables.entry(VA)) & 0xffn).to.equal(P.R);
  });

  it('a bare regime counts no miss and fills the TLB', () => {
    const bench = new Bench();
    expect(bench.mmu.translate(bench.hart, DATA, 'load', 'data')).to.equal(bench.memory.layout.ram + 0x10000);
    expect(bench.mmu.translate(bench.hart, 1n << 60n, 'load', 'data')).to.equal(-1);
    expect(bench.hart.cell('physical')).to.equal(1n << 60n);
    expect(bench.mmu.translate(bench.hart, 0x1000n, 'fetch', 'fetch')).to.equal(0);
    expect(bench.trap()?.cause).to.equal(1);
    expect(bench.counters()).to.deep.equal({});
  });
  it('device pages hit for loads, and for stores once one was proven', () => {
    const { bench, reach } = mapped(P.RW | P.AD, { target: 0x10000000n });
    expect(reach('load', VA + 4n)).to.equal('device');
    expect(bench.hart.cell('physical')).to.equal(0x10000004n);
    expect(reach('store', VA + 5n)).to.equal('device');
    expect(bench.hart.cell('physical')).to.equal(0x10000005n);
    expect(bench.hart.counter('walks')).to.equal(1n);
    expect(mapped(P.R | P.AD, { target: 0x10000000n }).reach('store')).to.equal(15);
    expect(reach('fetch')).to.equal(12);
    expect(mapped(P.X | P.AD, { target: 0x10000000n }).reach('fetch')).to.equal(1);
  });
  it('another context does not hit', () => {
    const { bench, tables, reach } = mapped(P.RW | P.AD);
    reach('load');
    bench.regime('data', { stage1: tables.atp, context: 3 });
    reach('load');
    expect(bench.hart.counter('dataMisses')).to.equal(2n);
  });
  it('the explicit regime neither looks up nor fills', () => {
    const { bench, tables } = mapped(P.RW | P.AD);
    bench.regime('explicit', { stage1: tables.atp });
    for (let i = 0; i < 2; i++) bench.mmu.translate(bench.hart, VA, 'load', 'explicit');
    expect(bench.counters()).to.deep.equal({ walks: 2, walkReferencesStage1: 6, leaves4K: 2 });
  });
  it('PMP is asked for each entry as an S-mode load, and for the page; refusals are access faults', () => {
    const { bench, tables, reach } = mapped(P.RW | P.AD, { privilege: 0 });
    bench.write64(tables.entry(VA), bench.read64(tables.entry(VA)) | P.U);
    const asked: string[] = [];
    bench.pmp = (physical, access, privilege) => {
      asked.push(`${physical.toString(16)} ${access} ${privilege}`);
      return access === 'load';
    };
    expect(reach('load')).to.equal('ram+10000');
    expect(asked).to.deep.equal([]);
    bench.hart.setCell32('pmpActive', 1);
    bench.regime('data', { stage1: tables.atp, privilege: 0, context: 4 });
    expect(reach('load', VA + 8n)).to.equal('ram+10008');
    const entries = [2, 1, 0].map((level) => `${tables.entry(VA, level).toString(16)} load 1`);
    expect(asked).to.deep.equal([...entries, '80010000 load 0', '80010000 store 0']);
    expect(reach('store')).to.equal(7);
    bench.pmp = (physical) => physical !== tables.entry(VA, 1);
    expect(reach('store')).to.equal(7);
    expect(reach('load')).to.equal('ram+10000');
  });
});
