import { expect } from 'chai';
import { Bench, DATA, P, RAM, REGIME, Tables } from '../../support/bench.js';

const VA = 0x40201000n;
/** Guest physical addresses are RAM addresses minus this. */
const OFFSET = RAM - 0x1000000n;
const GPA = DATA - OFFSET;
const TABLE_PAGES = 64n;
const LEAF = P.RWX | P.U | P.AD;

/** VS-stage tables in guest memory, all of it mapped by a G-stage of 4 KiB pages. */
const guest = ({ regime = 0, flags = P.RWX | P.AD, page = LEAF, levels = 3 } = {}) => {
  const bench = new Bench();
  const vs = new Tables(bench, levels, OFFSET, RAM + 0x100000n);
  const g = new Tables(bench, levels, 0n, RAM + 0x200000n);
  vs.map(VA, GPA, flags);
  for (let i = 0n; i < TABLE_PAGES; i++) g.map(vs.root + i * 0x1000n, vs.root + OFFSET + i * 0x1000n, LEAF);
  g.map(GPA, DATA, page);
  const set = (more = 0) => {
    const fields = { stage1: vs.atp, stage2: g.atp, flags: regime | more | REGIME.VIRTUAL };
    bench.regime('data', fields);
    bench.regime('fetch', { ...fields, context: 2 });
  };
  set();
  const reach = (access: 'load' | 'store' | 'fetch', at = VA) =>
    bench.mmu.translate(bench.hart, at, access, access === 'fetch' ? 'fetch' : 'data') > 0 ? 'ok' : bench.trap();
  return { bench, vs, g, reach, set };
};
const trap = (cause: number, gpa: bigint, instruction = 0n) => ({
  cause,
  value: VA,
  value2: gpa >> 2n,
  instruction,
  guest: true,
});
const CAUSES = [
  ['load', 21, 13, 5],
  ['store', 23, 15, 7],
  ['fetch', 20, 12, 1],
] as const;

describe('page table walks, two stages (privileged spec 18.5)', () => {
  it('a cold Sv39 in Sv39x4 walk makes 15 references', () => {
    const { bench, reach } = guest();
    expect(reach('load')).to.equal('ok');
    expect(bench.counters()).to.deep.equal({
      dataMisses: 1,
      walks: 1,
      walkReferencesStage1: 3,
      walkReferencesStage2: 12,
      leaves4K: 1,
    });
    expect(bench.hart.cell('stall')).to.equal(150n);
  });
  it('a cold Sv48 in Sv48x4 walk makes 24', () => {
    const { bench, reach } = guest({ levels: 4 });
    expect(reach('fetch')).to.equal('ok');
    expect(bench.hart.counter('walkReferencesStage1')).to.equal(4n);
    expect(bench.hart.counter('walkReferencesStage2')).to.equal(20n);
  });
  it('with the first stage bare the G-stage leaf is counted', () => {
    const { bench, g } = guest();
    bench.regime('data', { stage2: g.atp, flags: REGIME.VIRTUAL });
    g.map(0x40000000n, RAM, LEAF, 1);
    const host = bench.mmu.translate(bench.hart, 0x40012345n, 'load', 'data');
    expect(host - bench.memory.layout.ram).to.equal(0x12345);
    expect(bench.counters()).to.deep.equal({ dataMisses: 1, walks: 1, walkReferencesStage2: 2, leaves2M: 1 });
    expect(bench.hart.cell32('superpages')).to.equal(1);
  });
  it('a superpage of the G-stage alone marks the TLB, but the first-stage leaf is the one counted', () => {
    const { bench, vs, g, reach } = guest();
    vs.map(VA, 0x40010000n, P.RWX | P.AD);
    g.map(0x40000000n, RAM, LEAF, 1);
    expect(reach('store')).to.equal('ok');
    expect(bench.hart.counter('leaves4K')).to.equal(1n);
    expect(bench.hart.cell32('superpages')).to.equal(1);
  });
  for (const [access, guestFault, pageFault, accessFault] of CAUSES) {
    it(`${access}: a first-stage fault is a page fault for the guest`, () => {
      expect(guest({ flags: 0n }).reach(access)).to.deep.equal(trap(pageFault, 0n));
    });
    it(`${access}: G-stage faults on the access report its guest physical address`, () => {
      const refused = [0n, P.V, LEAF & ~P.U, LEAF & ~P.A, LEAF & ~2n, LEAF | (1n << 62n)];
      if (access === 'fetch') refused.push(P.RW | P.U | P.AD);
      for (const page of refused) {
        expect(guest({ page }).reach(access), page.toString(16)).to.deep.equal(trap(guestFault, GPA));
      }
    });
    it(`${access}: a fault on a VS-stage entry reports the entry and an implicit read`, () => {
      const { vs, g, reach } = guest();
      const entry = vs.entry(VA, 1) - OFFSET;
      g.map(entry, entry + OFFSET, LEAF & ~P.V);
      expect(reach(access)).to.deep.equal(trap(guestFault, entry, 0x3000n));
      // Execute-only does not do, even with MXR: the walk's loads are not the instruction's.
      g.map(entry, entry + OFFSET, P.X | P.U | P.AD);
      expect(reach(access)).to.deep.equal(trap(guestFault, entry, 0x3000n));
    });
    it(`${access}: a guest physical address wider than the G-stage`, () => {
      const { vs, reach } = guest();
      vs.map(VA, 1n << 41n, P.RWX | P.AD);
      expect(reach(access)).to.deep.equal(trap(guestFault, 1n << 41n));
    });
    it(`${access}: a G-stage table outside RAM is an access fault`, () => {
      const { bench, g, reach } = guest();
      bench.write64(g.entry(GPA, 2), P.V);
      expect(reach(access)).to.deep.equal(trap(accessFault, 0n));
    });
  }
  it('the root table of the G-stage is indexed with 11 bits', () => {
    const { bench, vs, g, reach } = guest();
    const high = 0x1ffc0000000n;
    vs.map(VA, high, P.RWX | P.AD);
    g.map(high, DATA, LEAF);
    expect(reach('load')).to.equal('ok');
    expect(bench.read64(g.root + 0x3ff8n)).to.not.equal(0n);
  });
  it('write permission at the G-stage is needed to store', () => {
    const { reach } = guest({ page: P.RX | P.U | P.AD });
    expect(reach('load')).to.equal('ok');
    expect(reach('store')).to.deep.equal(trap(23, GPA));
  });
  it('MXR2 and HLVX reach execute-only pages of the G-stage', () => {
    const page = P.X | P.U | P.AD;
    expect(guest({ page }).reach('load')).to.deep.equal(trap(21, GPA));
    expect(guest({ page, regime: REGIME.MXR2 }).reach('load')).to.equal('ok');
    expect(guest({ page, regime: REGIME.EXECUTE }).reach('load')).to.equal('ok');
    expect(guest({ page: (P.RW | P.U | P.AD) as bigint, regime: REGIME.EXECUTE }).reach('load')).to.deep.equal(
      trap(21, GPA),
    );
  });

  it('ADUE2 sets A and D of G-stage leaves, of entries as well as of the page', () => {
    const { bench, vs, g, reach } = guest({ page: P.RW | P.U, regime: REGIME.ADUE2 });
    const entry = vs.entry(VA) - OFFSET;
    g.map(entry, entry + OFFSET, P.RW | P.U);
    expect(reach('store')).to.equal('ok');
    expect(bench.hart.counter('adUpdates')).to.equal(2n);
    expect(bench.read64(g.entry(GPA)) & 0xffn).to.equal(P.RW | P.U | P.AD);
    expect(bench.read64(g.entry(entry)) & 0xffn).to.equal(P.RW | P.U | P.A);
  });
  it('ADUE writes a VS-stage entry through the G-stage, which makes its page dirty', () => {
    const { bench, vs, g, reach } = guest({ flags: P.RW, regime: REGIME.ADUE | REGIME.ADUE2 });
    const entry = vs.entry(VA) - OFFSET;
    g.map(entry, entry + OFFSET, P.RW | P.U | P.A);
    expect(reach('load')).to.equal('ok');
    expect(bench.read64(vs.entry(VA)) & 0xffn).to.equal(P.RW | P.A);
    expect(bench.read64(g.entry(entry)) & 0xffn).to.equal(P.RW | P.U | P.AD);
    expect(bench.counters()).to.include({ adUpdates: 2, walkReferencesStage1: 3, walkReferencesStage2: 15 });
  });
  it('a VS-stage entry that the G-stage does not let write is an implicit write fault', () => {
    const { bench, vs, g, reach } = guest({ flags: P.RW, regime: REGIME.ADUE });
    const entry = vs.entry(VA) - OFFSET;
    for (const page of [P.R | P.U | P.AD, P.RW | P.U | P.A]) {
      g.map(entry, entry + OFFSET, page);
      expect(reach('load')).to.deep.equal(trap(21, entry, 0x3020n));
    }
    expect(bench.hart.counter('adUpdates')).to.equal(0n);
  });
});
