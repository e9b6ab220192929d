import { expect } from 'chai';
import { Bench, DATA, P, RAM, REGIME, Tables } from '../../support/bench.js';

const VA = 0x40200000n;
/** A bench with two pages at VA mapped to pages of RAM that are not neighbours. */
const paged = (second = P.RW | P.AD) => {
  const bench = new Bench();
  const tables = new Tables(bench, 3);
  tables.map(VA, DATA, P.RW | P.AD);
  tables.map(VA + 0x1000n, DATA + 0x8000n, second);
  bench.regime('data', { stage1: tables.atp });
  return { bench, tables };
};

describe('guest accesses', () => {
  it('loads zero-extend every width and store as many bytes', () => {
    const { bench } = paged();
    const { access, hart } = bench;
    expect(access.store(hart, VA, 64, 0xfedcba9876543210n)).to.equal(true);
    expect([8, 16, 32, 64].map((bits) => access.load(hart, VA, bits as 8))).to.deep.equal([
      0x10n,
      0x3210n,
      0x76543210n,
      0xfedcba9876543210n,
    ]);
    for (const bits of [8, 16, 32] as const) access.store(hart, VA + 8n, bits, 0xffffffffffffffffn);
    expect(bench.read64(DATA + 8n)).to.equal(0xffffffffn);
  });
  it('misaligned inside a page: one translation, one event', () => {
    const { bench } = paged();
    expect(bench.access.store(bench.hart, VA + 3n, 64, 0x1122334455667788n)).to.equal(true);
    expect(bench.access.load(bench.hart, VA + 3n, 64)).to.equal(0x1122334455667788n);
    expect(bench.counters()).to.include({ misaligned: 2, walks: 1 });
    expect(bench.hart.cell('stall')).to.equal(230n);
  });
  it('misaligned across pages reaches both', () => {
    const { bench } = paged();
    expect(bench.access.store(bench.hart, VA + 0xffdn, 64, 0x1122334455667788n)).to.equal(true);
    expect(bench.read64(DATA + 0xff8n)).to.equal(0x6677880000000000n);
    expect(bench.read64(DATA + 0x8000n)).to.equal(0x1122334455n);
    expect(bench.access.load(bench.hart, VA + 0xffdn, 64)).to.equal(0x1122334455667788n);
    expect(bench.counters()).to.include({ misaligned: 2, walks: 2 });
  });
  it('a store across pages that faults on the second changes nothing', () => {
    const { bench } = paged(P.R | P.AD);
    expect(bench.access.store(bench.hart, VA + 0xffdn, 32, 0xffffffffn)).to.equal(false);
    expect(bench.trap()).to.include({ cause: 15, value: VA + 0x1000n });
    expect(bench.read64(DATA + 0xff8n)).to.equal(0n);
  });
  it('misaligned atomics trap before translation', () => {
    const bench = new Bench();
    bench.regime('data', { flags: REGIME.VIRTUAL });
    expect(bench.access.loadReserved(bench.hart, 2n, 32)).to.equal(undefined);
    expect(bench.trap()).to.include({ cause: 4, value: 2n, guest: true });
    expect(bench.access.loadToModify(bench.hart, 4n, 64)).to.equal(undefined);
    expect(bench.trap()).to.include({ cause: 6, value: 4n });
    expect(bench.access.storeConditional(bench.hart, 4n, 64, 0n)).to.equal(undefined);
    expect(bench.trap()).to.include({ cause: 6, value: 4n });
  });
  it('devices get aligned accesses; refusing one is an access fault', () => {
    const bench = new Bench();
    const { access, hart } = bench;
    expect(access.load(hart, 0x10000004n, 32)).to.equal(0x1122334455667788n);
    expect(access.store(hart, 0x10000000n, 8, 0x1ffn)).to.equal(true);
    expect(bench.log).to.deep.equal(['load 10000004/4', 'store 10000000/1 ff']);
    bench.deviceLoad = () => undefined;
    bench.deviceStore = () => false;
    expect(access.load(hart, 0x10000000n, 64)).to.equal(undefined);
    expect(bench.trap()).to.include({ cause: 5, value: 0x10000000n });
    expect(access.store(hart, 0x10000000n, 64, 0n)).to.equal(false);
    expect(bench.trap()).to.include({ cause: 7, value: 0x10000000n });
    expect(bench.counters()).to.deep.equal({ deviceAccesses: 4 });
    expect(hart.cell('stall')).to.equal(40000n);
  });
  it('misaligned and atomic device accesses are access faults that no device sees', () => {
    const bench = new Bench();
    const { access, hart } = bench;
    const causes = [
      () => access.load(hart, 0x10000001n, 32),
      () => access.store(hart, 0x10000001n, 32, 0n),
      () => access.load(hart, 0x10000fffn, 16),
      () => access.loadReserved(hart, 0x10000000n, 32),
      () => access.loadToModify(hart, 0x10000000n, 32),
      () => access.storeConditional(hart, 0x10000000n, 32, 0n),
    ].map((attempt) => {
      attempt();
      return bench.trap()?.cause;
    });
    expect(causes).to.deep.equal([5, 7, 5, 5, 7, 7]);
    expect(bench.log).to.deep.equal([]);
  });
  it('an AMO on a page that may only be read is a store fault, LR is none', () => {
    const { bench } = paged(P.R | P.AD);
    expect(bench.access.loadToModify(bench.hart, VA + 0x1000n, 32)).to.equal(undefined);
    expect(bench.trap()).to.include({ cause: 15, value: VA + 0x1000n });
    expect(bench.access.loadReserved(bench.hart, VA + 0x1000n, 32)).to.equal(0n);
    expect(bench.access.storeConditional(bench.hart, VA + 0x1000n, 32, 0n)).to.equal(undefined);
    expect(bench.trap()).to.include({ cause: 15 });
  });
  it('SC succeeds once after LR of the same 8 bytes', () => {
    const { bench } = paged();
    const { access, hart } = bench;
    expect(access.storeConditional(hart, VA, 32, 1n)).to.equal(false);
    expect(access.loadReserved(hart, VA + 4n, 32)).to.equal(0n);
    expect(hart.cell('reservation')).to.equal(DATA);
    expect(access.storeConditional(hart, VA, 32, 1n)).to.equal(true);
    expect(access.storeConditional(hart, VA, 32, 2n)).to.equal(false);
    expect(bench.read64(DATA)).to.equal(1n);
    access.loadReserved(hart, VA, 64);
    expect(access.storeConditional(hart, VA + 8n, 64, 3n)).to.equal(false);
    expect(access.storeConditional(hart, VA, 64, 3n)).to.equal(false);
  });
  it('stores forget what was decoded there', () => {
    const { bench } = paged();
    const { codeMap, codePool } = bench.memory.layout;
    bench.memory.i32[(codeMap >>> 2) + Number((DATA - RAM) >> 12n)] = codePool;
    bench.memory.u64[(codePool + 8) >>> 3] = 7n;
    expect(bench.access.store(bench.hart, VA + 8n, 8, 1n)).to.equal(true);
    expect(bench.memory.u64[(codePool + 8) >>> 3]).to.equal(7n);
    expect(bench.access.store(bench.hart, VA + 2n, 8, 1n)).to.equal(true);
    expect(bench.memory.u64[(codePool + 8) >>> 3]).to.equal(0n);
    expect(bench.counters()).to.include({ walks: 1 });
  });
});
