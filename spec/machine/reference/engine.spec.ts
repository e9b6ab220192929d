import { expect } from 'chai';
import { EXIT } from '../../../lib/machine/engine.js';
import { Bench, CODE, DATA, encode, P, RAM, Tables } from '../../support/bench.js';

const ADDI = encode('addi', { rd: 1, rs1: 1, imm: 1 });
const LOOP = encode('jal', { rd: 0, imm: -4 });
const HUGE = 0x7fffffff;
const bench = (...program: number[]): Bench => {
  const it = new Bench();
  it.program(...program);
  it.hart.setCell32('limit', HUGE);
  it.hart.setCell32('hardLimit', HUGE);
  return it;
};
/** Writes instructions anywhere. */
const place = (b: Bench, at: bigint, ...encodings: number[]) =>
  b.memory.write(Number(at), new Uint8Array(new Uint32Array(encodings).buffer));

describe('the reference engine', () => {
  it('returns at the first control transfer with the limit reached', () => {
    const b = bench(ADDI, LOOP);
    b.hart.setCell32('limit', 5);
    expect(b.engine.run(b.hart)).to.equal(EXIT.transfer);
    expect(b.hart.cell('tally')).to.equal(6n);
    expect(b.hart.x(1)).to.equal(3n);
    expect(b.hart.pc).to.equal(CODE);
    expect(b.counters()).to.deep.equal({ fetchLookups: 1 });
  });
  it('a negative limit stops at the first transfer', () => {
    const b = bench(ADDI, LOOP);
    b.hart.setCell32('limit', -7);
    expect(b.engine.run(b.hart)).to.equal(EXIT.transfer);
    expect(b.hart.cell32('tally')).to.equal(2);
  });
  it('returns at a page end in sequence with the hard limit reached', () => {
    const b = bench();
    place(b, CODE, ...Array(2048).fill(ADDI));
    b.hart.setCell32('limit', 1);
    b.hart.setCell32('hardLimit', 1500);
    expect(b.engine.run(b.hart)).to.equal(EXIT.sequential);
    expect(b.hart.cell32('tally')).to.equal(2048);
    expect(b.hart.pc).to.equal(CODE + 0x2000n);
    expect(b.counters()).to.deep.equal({ fetchLookups: 2 });
  });
  it('a trap leaves pc at the instruction, which does not retire; the attempted access is counted', () => {
    const b = bench(ADDI, encode('ld', { rd: 1, rs1: 0, imm: 0 }));
    b.deviceLoad = () => undefined;
    expect(b.engine.run(b.hart)).to.equal(EXIT.trap);
    expect(b.hart.pc).to.equal(CODE + 4n);
    expect(b.hart.cell('tally')).to.equal((1n << 32n) | 1n);
    expect(b.trap()).to.include({ cause: 5, value: 0n });
    expect(b.hart.x(1)).to.equal(1n);
  });
  it('an AMO makes two accesses, SC one', () => {
    const b = bench(encode('amoadd.d', { rd: 2, rs1: 1, rs2: 1 }), encode('sc.d', { rd: 2, rs1: 1, rs2: 1 }));
    b.hart.setX(1, DATA);
    b.engine.step(b.hart, 1);
    b.engine.step(b.hart, 1);
    expect(b.hart.cell('tally')).to.equal((3n << 32n) | 2n);
    expect(b.hart.x(2)).to.equal(1n);
  });
  it('undefined encodings and reserved rounding modes are illegal', () => {
    const b = bench(0);
    expect(b.engine.run(b.hart)).to.equal(EXIT.trap);
    expect(b.execute(encode('fadd.s', { rm: 5 }))).to.equal(EXIT.trap);
    expect(b.execute(encode('fadd.s', { rm: 4 }))).to.equal(EXIT.sequential);
    expect(b.log).to.deep.equal(['illegal', 'illegal']);
  });
  it('floating point asks before it runs, unless it is known to be on and dirty', () => {
    const b = bench();
    b.floatUse = () => {
      b.hart.raise(2);
      return false;
    };
    expect(b.execute(encode('fmv.d.x', { rd: 1, rs1: 1 }))).to.equal(EXIT.sequential);
    b.hart.setCell32('floatState', 1);
    expect(b.execute(encode('fmv.d.x', { rd: 1, rs1: 1 }))).to.equal(EXIT.trap);
  });
  it('a system helper gets WebAssembly values, and decides what follows', () => {
    const b = bench(encode('csrrw', { rd: 3, rs1: 1, imm: 0xc00 }), encode('mret'), ADDI);
    b.hart.setX(1, 2n ** 64n - 1n);
    b.system = {
      csr: () => {
        expect([b.hart.pc, b.hart.cell('next'), b.hart.cell32('tally')]).to.deep.equal([CODE, CODE + 4n, 0]);
        return -2n;
      },
      mret: () => {
        b.hart.setCell('next', RAM);
        b.hart.setCell32('event', 1);
        return undefined;
      },
    };
    expect(b.engine.run(b.hart)).to.equal(EXIT.event);
    expect(b.log).to.deep.equal(['csr(3072, -1, 1, 1, 1)', 'mret()']);
    expect(b.hart.x(3)).to.equal(2n ** 64n - 2n);
    expect(b.hart.pc).to.equal(RAM);
    expect(b.hart.cell32('tally')).to.equal(2);
  });
  it('a system helper that traps writes nothing and does not retire', () => {
    const b = bench(encode('csrrs', { rd: 3, rs1: 0, imm: 0x300 }));
    b.hart.setX(3, 9n);
    b.system = {
      csr: () => {
        b.hart.raise(2);
        return 5n;
      },
    };
    expect(b.engine.run(b.hart)).to.equal(EXIT.trap);
    expect(b.log).to.deep.equal(['csr(768, 0, 2, 1, 0)']);
    expect(b.hart.x(3)).to.equal(9n);
    expect(b.hart.cell32('tally')).to.equal(0);
  });

  describe('fetching through page tables', () => {
    const VA = 0x40000000n;
    const paged = (second = P.X | P.A) => {
      const b = bench();
      const tables = new Tables(b, 3);
      tables.map(VA, CODE, P.X | P.A);
      tables.map(VA + 0x1000n, DATA, second);
      b.regime('fetch', { stage1: tables.atp });
      // The addi straddles two pages that are not neighbours in RAM.
      b.memory.write(Number(CODE + 0xffen), new Uint8Array([ADDI & 255, (ADDI >> 8) & 255]));
      b.memory.write(Number(DATA), new Uint8Array([(ADDI >> 16) & 255, (ADDI >>> 24) & 255]));
      place(b, DATA + 4n, LOOP);
      b.hart.pc = VA + 0xffen;
      return b;
    };
    it('a straddling instruction is two fetch lookups', () => {
      const b = paged();
      b.hart.setCell32('hardLimit', 1);
      expect(b.engine.run(b.hart)).to.equal(EXIT.sequential);
      expect(b.hart.pc).to.equal(VA + 0x1002n);
      expect(b.hart.x(1)).to.equal(1n);
      expect(b.counters()).to.deep.equal({
        fetchLookups: 2,
        fetchMisses: 2,
        walks: 2,
        walkReferencesStage1: 6,
        leaves4K: 2,
      });
      expect(b.hart.cell('fetchPage')).to.equal((VA + 0x1000n) | 8n);
    });
    it('a fault on its second half reports that page, and pc the instruction', () => {
      const b = paged(0n);
      expect(b.engine.run(b.hart)).to.equal(EXIT.trap);
      expect(b.trap()).to.include({ cause: 12, value: VA + 0x1000n });
      expect(b.hart.pc).to.equal(VA + 0xffen);
    });
    it('a 16-bit instruction at the page end needs no second page', () => {
      const b = paged(0n);
      const nop = encode('c.nop');
      b.memory.write(Number(CODE + 0xffen), new Uint8Array([nop & 255, nop >> 8]));
      expect(b.engine.step(b.hart, 1)).to.equal(EXIT.sequential);
      expect(b.engine.step(b.hart, 1)).to.equal(EXIT.trap);
    });
  });
});
