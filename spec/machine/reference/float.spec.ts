/** Floating-point instructions through the engine: operands, boxing, rounding modes and flags. Their arithmetic has tests of its own. */
import { expect } from 'chai';
import type { Operands } from '../../../lib/isa/format.js';
import { helpers } from '../../../lib/isa/helpers.js';
import { floatHelpers } from '../../../lib/machine/float.js';
import { Bench, DATA, encode } from '../../support/bench.js';

const view = new DataView(new ArrayBuffer(8));
const BOX = 0xffffffff00000000n;
const single = (value: number): bigint => {
  view.setFloat32(0, value);
  return BOX | BigInt(view.getUint32(0));
};
const double = (value: number): bigint => {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};
const NAN_S = BOX | 0x7fc00000n;
const NAN_D = 0x7ff8000000000000n;
const SIGNALING_S = BOX | 0x7f800001n;
const NX = 1;
const OF = 4;
const DZ = 8;
const NV = 16;
const u64 = (a: bigint) => BigInt.asUintN(64, a);

const bench = new Bench();
const { hart } = bench;
/** Executes with f1, f2, f3 (and x1) as sources, rd 5; returns fd or xd, and the flags raised. */
const run = (name: string, sources: bigint[], operands: Partial<Operands> = {}): [bigint, number] => {
  for (const [i, source] of sources.entries()) hart.setF(i + 1, source);
  hart.setCell32('fflags', 0);
  hart.setX(5, 0n);
  const given = ['rs1', 'rs2', 'rs3'].slice(0, sources.length).map((key, i) => [key, i + 1]);
  bench.execute(encode(name, { rd: 5, ...Object.fromEntries(given), ...operands }));
  expect(bench.trap(), name).to.equal(undefined);
  const toInteger = /^(f(eq|lt|le|class)|fmv\.x|fcvt\.[wl]u?\.)/.test(name);
  return [toInteger ? hart.x(5) : hart.f(5), hart.cell32('fflags')];
};

describe('floating-point instructions', () => {
  it('every float helper exists', () => {
    const names = Object.values(helpers).filter((helper) => helper.kind === 'float');
    expect(Object.keys(floatHelpers(() => hart)).sort()).to.deep.equal(names.map((helper) => helper.name).sort());
  });
  for (const [p, of] of [
    ['s', single],
    ['d', double],
  ] as const) {
    const cases: [string, number[], number, number][] = [
      ['fadd', [1.5, 2.25], 3.75, 0],
      ['fsub', [1.5, 2.25], -0.75, 0],
      ['fmul', [1.5, -2], -3, 0],
      ['fdiv', [1, 0], Number.POSITIVE_INFINITY, DZ],
      ['fsqrt', [6.25], 2.5, 0],
      ['fmadd', [2, 3, 4], 10, 0],
      ['fmsub', [2, 3, 4], 2, 0],
      ['fnmsub', [2, 3, 4], -2, 0],
      ['fnmadd', [2, 3, 4], -10, 0],
      ['fmin', [0, -0], -0, 0],
      ['fmax', [0, -0], 0, 0],
      ['fsgnj', [1, -2], -1, 0],
      ['fsgnjn', [1, -2], 1, 0],
      ['fsgnjx', [-1, -2], 1, 0],
      ['fdiv', [0, 0], Number.NaN, NV],
    ];
    for (const [name, sources, result, flags] of cases) {
      it(`${name}.${p}(${sources.join(', ')})`, () =>
        expect(run(`${name}.${p}`, sources.map(of))).to.deep.equal([
          Number.isNaN(result) ? (p === 's' ? NAN_S : NAN_D) : of(result),
          flags,
        ]));
    }
    it(`feq.${p}, flt.${p}, fle.${p}, fclass.${p}`, () => {
      expect(run(`feq.${p}`, [of(0), of(-0)])).to.deep.equal([1n, 0]);
      expect(run(`flt.${p}`, [of(1), of(1)])).to.deep.equal([0n, 0]);
      expect(run(`fle.${p}`, [of(1), of(1)])).to.deep.equal([1n, 0]);
      expect(run(`fle.${p}`, [of(1), of(Number.NaN)])).to.deep.equal([0n, NV]);
      expect(run(`fclass.${p}`, [of(Number.NEGATIVE_INFINITY)])).to.deep.equal([1n, 0]);
      expect(run(`fclass.${p}`, [of(Number.NaN)])).to.deep.equal([1n << 9n, 0]);
    });
    it(`fcvt to integers from ${p}: rounds as rm says, clamps, sign-extends words`, () => {
      const to = (type: string, value: number, rm: number) => run(`fcvt.${type}.${p}`, [of(value)], { rm });
      expect([0, 1, 2, 3, 4].map((rm) => to('l', -2.5, rm)[0])).to.deep.equal([-2n, -2n, -3n, -2n, -3n].map(u64));
      expect(to('w', 2 ** 40, 0)).to.deep.equal([0x7fffffffn, NV]);
      expect(to('wu', 2 ** 40, 0)).to.deep.equal([u64(-1n), NV]);
      expect(to('wu', 2 ** 31, 0)).to.deep.equal([u64(-(2n ** 31n)), 0]);
      expect(to('wu', -1, 0)).to.deep.equal([0n, NV]);
      expect(to('lu', 2 ** 63, 0)).to.deep.equal([2n ** 63n, 0]);
      expect(to('lu', 0.25, 0)).to.deep.equal([0n, NX]);
    });
    it(`fcvt from integers to ${p} reads as much of the register as the type has`, () => {
      const from = (type: string, x: bigint) => {
        hart.setX(1, x);
        return run(`fcvt.${p}.${type}`, [], { rs1: 1 });
      };
      expect(from('w', 0x1ffffffffn)).to.deep.equal([of(-1), 0]);
      expect(from('wu', 0x180000000n)).to.deep.equal([of(2 ** 31), 0]);
      expect(from('l', -8n)).to.deep.equal([of(-8), 0]);
      expect(from('lu', u64(-(2n ** 40n)))[0]).to.equal(of(2 ** 64 - 2 ** 40));
    });
    it(`rm 7 rounds as frm resolves (${p})`, () => {
      expect(run(`fadd.${p}`, [of(1), of(2 ** -70)], { rm: 3 })[0] > of(1)).to.equal(true);
      expect(run(`fadd.${p}`, [of(1), of(2 ** -70)], { rm: 7 })).to.deep.equal([of(1), NX]);
    });
  }
  it('flags accumulate', () => {
    run('fdiv.d', [double(1), double(0)]);
    hart.setF(6, double(1e300));
    bench.execute(encode('fmul.d', { rd: 5, rs1: 6, rs2: 6 }));
    expect(hart.cell32('fflags')).to.equal(DZ | OF | NX);
  });
  it('a single that is not NaN-boxed reads as the canonical NaN, but stores and moves as it is', () => {
    const loose = 0x3f800000n;
    expect(run('fadd.s', [loose, single(1)])).to.deep.equal([NAN_S, 0]);
    expect(run('fsgnj.s', [loose, single(1)])[0]).to.equal(NAN_S);
    expect(run('fmv.x.w', [0xbf800000n])[0]).to.equal(u64(BigInt.asIntN(32, 0xbf800000n)));
    hart.setX(1, DATA);
    hart.setF(2, 0x123456789abcdef0n);
    bench.execute(encode('fsw', { rs1: 1, rs2: 2, imm: 4 }));
    bench.execute(encode('flw', { rd: 3, rs1: 1, imm: 4 }));
    expect(hart.f(3)).to.equal(BOX | 0x9abcdef0n);
    bench.execute(encode('fsd', { rs1: 1, rs2: 2, imm: 8 }));
    bench.execute(encode('fld', { rd: 3, rs1: 1, imm: 8 }));
    expect(hart.f(3)).to.equal(0x123456789abcdef0n);
  });
  it('conversions between formats and moves from integers', () => {
    expect(run('fcvt.s.d', [double(0.1)])).to.deep.equal([single(0.1), NX]);
    expect(run('fcvt.d.s', [single(0.5)])).to.deep.equal([double(0.5), 0]);
    expect(run('fcvt.d.s', [SIGNALING_S])).to.deep.equal([NAN_D, NV]);
    hart.setX(1, 0xffffffff12345678n);
    bench.execute(encode('fmv.w.x', { rd: 3, rs1: 1 }));
    expect(hart.f(3)).to.equal(BOX | 0x12345678n);
    expect(run('fmv.x.d', [double(-1)])[0]).to.equal(double(-1));
  });
});
