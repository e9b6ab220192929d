/** Cases that the specification names or implies, each written out. Data are binary64 bit patterns unless said. */

import { expect } from 'chai';
import {
  add,
  box,
  classify,
  convert,
  div,
  eq,
  F32,
  F64,
  FLAG,
  type FloatEnvironment,
  type FloatFormat,
  fma,
  fromInteger,
  le,
  lt,
  max,
  min,
  mul,
  ROUND,
  sqrt,
  sub,
  toInteger,
  unbox,
} from '../../../lib/machine/softfloat/index.js';

const { NX, UF, OF, DZ, NV } = FLAG;
const { RNE, RTZ, RDN, RUP, RMM } = ROUND;

const ZERO = 0n;
const MINUS_ZERO = 0x8000_0000_0000_0000n;
const ONE = 0x3ff0_0000_0000_0000n;
const MINUS_ONE = 0xbff0_0000_0000_0000n;
const TWO = 0x4000_0000_0000_0000n;
const HALF = 0x3fe0_0000_0000_0000n;
const LEAST_SUBNORMAL = 1n;
const GREATEST_SUBNORMAL = 0x000f_ffff_ffff_ffffn;
const LEAST_NORMAL = 0x0010_0000_0000_0000n;
const GREATEST = 0x7fef_ffff_ffff_ffffn;
const MINUS_GREATEST = 0xffef_ffff_ffff_ffffn;
const INFINITY = 0x7ff0_0000_0000_0000n;
const MINUS_INFINITY = 0xfff0_0000_0000_0000n;
const NAN = 0x7ff8_0000_0000_0000n;
const QUIET = 0xfff8_0000_0000_1234n;
const SIGNALING = 0x7ff0_0000_0000_0001n;

/** Runs one operation and gives its result and the flags it raised. */
function run<T>(rounding: number, operation: (env: FloatEnvironment) => T): [T, number] {
  const env = { rounding, flags: 0 };
  const result = operation(env);
  return [result, env.flags];
}

describe('softfloat arithmetic', () => {
  it('adds to the flags that were already raised', () => {
    const env = { rounding: RNE, flags: DZ };
    add(env, F64, INFINITY, MINUS_INFINITY);
    expect(env.flags).to.equal(DZ | NV);
  });

  it('refuses a rounding mode that is none', () => {
    expect(() => run(5, (env) => add(env, F64, ONE, LEAST_SUBNORMAL))).to.throw(RangeError);
  });

  for (const [name, mode] of Object.entries(ROUND)) {
    it(`gives zero sums their sign, ${name}`, () => {
      const cancelled = mode === RDN ? MINUS_ZERO : ZERO;
      expect(run(mode, (env) => add(env, F64, ONE, MINUS_ONE))).to.deep.equal([cancelled, 0]);
      expect(run(mode, (env) => sub(env, F64, ONE, ONE))).to.deep.equal([cancelled, 0]);
      expect(run(mode, (env) => add(env, F64, ZERO, MINUS_ZERO))).to.deep.equal([cancelled, 0]);
      expect(run(mode, (env) => add(env, F64, MINUS_ZERO, MINUS_ZERO))).to.deep.equal([MINUS_ZERO, 0]);
      expect(run(mode, (env) => sub(env, F64, MINUS_ZERO, ZERO))).to.deep.equal([MINUS_ZERO, 0]);
      expect(run(mode, (env) => fma(env, F64, ONE, MINUS_ONE, ONE))).to.deep.equal([cancelled, 0]);
      expect(run(mode, (env) => fma(env, F64, ZERO, MINUS_ONE, ZERO))).to.deep.equal([cancelled, 0]);
    });

    it(`overflows to infinity or to the greatest finite number, ${name}`, () => {
      const upwards = mode === RNE || mode === RMM || mode === RUP;
      const downwards = mode === RNE || mode === RMM || mode === RDN;
      expect(run(mode, (env) => mul(env, F64, GREATEST, TWO))).to.deep.equal([upwards ? INFINITY : GREATEST, OF | NX]);
      expect(run(mode, (env) => add(env, F64, MINUS_GREATEST, MINUS_GREATEST))).to.deep.equal([
        downwards ? MINUS_INFINITY : MINUS_GREATEST,
        OF | NX,
      ]);
    });
  }

  it('rounds a tie to even or to the greater magnitude', () => {
    const halfUlp = 0x3ca0_0000_0000_0000n;
    expect(run(RNE, (env) => add(env, F64, ONE, halfUlp))).to.deep.equal([ONE, NX]);
    expect(run(RMM, (env) => add(env, F64, ONE, halfUlp))).to.deep.equal([ONE + 1n, NX]);
    expect(run(RNE, (env) => add(env, F64, ONE + 1n, halfUlp))).to.deep.equal([ONE + 2n, NX]);
    expect(run(RMM, (env) => sub(env, F64, MINUS_ONE, halfUlp))).to.deep.equal([MINUS_ONE + 1n, NX]);
  });

  it('overflows only if the rounded result is too great', () => {
    const halfUlp = 0x7c90_0000_0000_0000n;
    expect(run(RTZ, (env) => add(env, F64, GREATEST, halfUlp))).to.deep.equal([GREATEST, NX]);
    expect(run(RNE, (env) => add(env, F64, GREATEST, halfUlp - 1n))).to.deep.equal([GREATEST, NX]);
    expect(run(RNE, (env) => add(env, F64, GREATEST, halfUlp))).to.deep.equal([INFINITY, OF | NX]);
  });

  it('detects tininess after rounding', () => {
    // 2^-1022 (1 - ulp^2) is below the least normal number; at full precision it rounds to it unless downwards.
    const product = (env: FloatEnvironment) => mul(env, F64, LEAST_NORMAL + 1n, ONE - 2n);
    expect(run(RNE, product)).to.deep.equal([LEAST_NORMAL, NX]);
    expect(run(RUP, product)).to.deep.equal([LEAST_NORMAL, NX]);
    expect(run(RTZ, product)).to.deep.equal([GREATEST_SUBNORMAL, UF | NX]);
    const less = (env: FloatEnvironment) => mul(env, F64, LEAST_NORMAL, ONE - 1n);
    // 2^-1022 - 2^-1075 is a number of 53 bits and so still tiny, though it too becomes the least normal number.
    expect(run(RNE, less)).to.deep.equal([LEAST_NORMAL, UF | NX]);
    expect(run(RUP, less)).to.deep.equal([LEAST_NORMAL, UF | NX]);
    expect(run(RTZ, less)).to.deep.equal([GREATEST_SUBNORMAL, UF | NX]);
  });

  it('raises no underflow for exact subnormal results', () => {
    expect(run(RNE, (env) => mul(env, F64, LEAST_NORMAL, HALF))).to.deep.equal([LEAST_NORMAL >> 1n, 0]);
    expect(run(RNE, (env) => sub(env, F64, LEAST_NORMAL, LEAST_SUBNORMAL))).to.deep.equal([GREATEST_SUBNORMAL, 0]);
  });

  it('underflows to zero or to the least subnormal number', () => {
    const square = (env: FloatEnvironment) => mul(env, F64, LEAST_SUBNORMAL, LEAST_SUBNORMAL);
    expect(run(RNE, square)).to.deep.equal([ZERO, UF | NX]);
    expect(run(RUP, square)).to.deep.equal([LEAST_SUBNORMAL, UF | NX]);
    const half = (env: FloatEnvironment) => mul(env, F64, LEAST_SUBNORMAL, HALF);
    expect(run(RNE, half)).to.deep.equal([ZERO, UF | NX]);
    expect(run(RMM, half)).to.deep.equal([LEAST_SUBNORMAL, UF | NX]);
  });

  it('keeps a distant operand sticky', () => {
    expect(run(RNE, (env) => sub(env, F64, ONE, LEAST_SUBNORMAL))).to.deep.equal([ONE, NX]);
    expect(run(RTZ, (env) => sub(env, F64, ONE, LEAST_SUBNORMAL))).to.deep.equal([ONE - 1n, NX]);
    expect(run(RUP, (env) => add(env, F64, ONE, LEAST_SUBNORMAL))).to.deep.equal([ONE + 1n, NX]);
    expect(run(RDN, (env) => fma(env, F64, LEAST_SUBNORMAL, LEAST_NORMAL, MINUS_ONE))).to.deep.equal([MINUS_ONE, NX]);
  });

  it('aligns a product whose exponent is far below but whose value is not', () => {
    const [quarter, eighth] = [0x3fd0_0000_0000_0000n, 0x3fc0_0000_0000_0000n];
    expect(run(RNE, (env) => fma(env, F64, quarter, eighth, ONE))).to.deep.equal([0x3ff0_8000_0000_0000n, 0]);
  });

  it('adds a zero product of great exponent exactly', () => {
    expect(run(RNE, (env) => fma(env, F64, ZERO, GREATEST, LEAST_SUBNORMAL))).to.deep.equal([LEAST_SUBNORMAL, 0]);
  });

  it('divides by zero, and by infinity', () => {
    expect(run(RNE, (env) => div(env, F64, ONE, MINUS_ZERO))).to.deep.equal([MINUS_INFINITY, DZ]);
    expect(run(RNE, (env) => div(env, F64, INFINITY, MINUS_ZERO))).to.deep.equal([MINUS_INFINITY, 0]);
    expect(run(RNE, (env) => div(env, F64, ONE, MINUS_INFINITY))).to.deep.equal([MINUS_ZERO, 0]);
    expect(run(RNE, (env) => div(env, F64, ZERO, ZERO))).to.deep.equal([NAN, NV]);
    expect(run(RNE, (env) => div(env, F64, INFINITY, INFINITY))).to.deep.equal([NAN, NV]);
  });

  it('takes square roots', () => {
    expect(run(RNE, (env) => sqrt(env, F64, 0x4010_0000_0000_0000n))).to.deep.equal([TWO, 0]);
    expect(run(RNE, (env) => sqrt(env, F64, MINUS_ZERO))).to.deep.equal([MINUS_ZERO, 0]);
    expect(run(RNE, (env) => sqrt(env, F64, INFINITY))).to.deep.equal([INFINITY, 0]);
    expect(run(RNE, (env) => sqrt(env, F64, MINUS_ONE))).to.deep.equal([NAN, NV]);
    expect(run(RNE, (env) => sqrt(env, F64, MINUS_INFINITY))).to.deep.equal([NAN, NV]);
    expect(run(RDN, (env) => sqrt(env, F64, ONE - 1n))).to.deep.equal([ONE - 1n, NX]);
    expect(run(RUP, (env) => sqrt(env, F64, ONE - 1n))).to.deep.equal([ONE, NX]);
  });

  it('rounds a fused multiply-add once', () => {
    // (1 + ulp)^2 - (1 + 2 ulp) is ulp^2, which a rounded product would have lost.
    const minus = (ONE + 2n) | MINUS_ZERO;
    expect(run(RNE, (env) => fma(env, F64, ONE + 1n, ONE + 1n, minus))).to.deep.equal([0x3970_0000_0000_0000n, 0]);
    // A product beyond the range comes back into it.
    expect(run(RNE, (env) => fma(env, F64, GREATEST, TWO, MINUS_GREATEST))).to.deep.equal([GREATEST, 0]);
  });
});

describe('softfloat NaN results', () => {
  it('are canonical and raise NV for signaling operands only', () => {
    for (const operation of [add, sub, mul, div]) {
      expect(run(RNE, (env) => operation(env, F64, QUIET, ONE))).to.deep.equal([NAN, 0]);
      expect(run(RNE, (env) => operation(env, F64, ONE, SIGNALING))).to.deep.equal([NAN, NV]);
    }
    expect(run(RNE, (env) => sqrt(env, F64, QUIET))).to.deep.equal([NAN, 0]);
    expect(run(RNE, (env) => fma(env, F64, ONE, ONE, SIGNALING))).to.deep.equal([NAN, NV]);
  });

  it('come from invalid operations', () => {
    expect(run(RNE, (env) => sub(env, F64, INFINITY, INFINITY))).to.deep.equal([NAN, NV]);
    expect(run(RNE, (env) => mul(env, F64, MINUS_ZERO, INFINITY))).to.deep.equal([NAN, NV]);
    expect(run(RNE, (env) => fma(env, F64, INFINITY, ONE, MINUS_INFINITY))).to.deep.equal([NAN, NV]);
  });

  it('raise NV for zero times infinity plus a quiet NaN', () => {
    expect(run(RNE, (env) => fma(env, F64, ZERO, INFINITY, QUIET))).to.deep.equal([NAN, NV]);
    expect(run(RNE, (env) => fma(env, F64, MINUS_INFINITY, ZERO, QUIET))).to.deep.equal([NAN, NV]);
    expect(run(RNE, (env) => fma(env, F64, ONE, INFINITY, QUIET))).to.deep.equal([NAN, 0]);
  });
});

describe('softfloat comparisons', () => {
  it('hold zeros equal', () => {
    expect(run(RNE, (env) => eq(env, F64, ZERO, MINUS_ZERO))).to.deep.equal([true, 0]);
    expect(run(RNE, (env) => lt(env, F64, MINUS_ZERO, ZERO))).to.deep.equal([false, 0]);
    expect(run(RNE, (env) => le(env, F64, ZERO, MINUS_ZERO))).to.deep.equal([true, 0]);
  });

  it('are false for NaN, eq quietly, lt and le signaling', () => {
    expect(run(RNE, (env) => eq(env, F64, QUIET, QUIET))).to.deep.equal([false, 0]);
    expect(run(RNE, (env) => eq(env, F64, SIGNALING, ONE))).to.deep.equal([false, NV]);
    expect(run(RNE, (env) => lt(env, F64, QUIET, ONE))).to.deep.equal([false, NV]);
    expect(run(RNE, (env) => le(env, F64, ONE, QUIET))).to.deep.equal([false, NV]);
  });

  it('order negative numbers by descending magnitude', () => {
    expect(run(RNE, (env) => lt(env, F64, MINUS_GREATEST, MINUS_ONE))).to.deep.equal([true, 0]);
    expect(run(RNE, (env) => le(env, F64, MINUS_ONE, MINUS_INFINITY))).to.deep.equal([false, 0]);
  });

  it('min and max put -0 below +0 and prefer numbers to NaNs', () => {
    expect(run(RNE, (env) => min(env, F64, ZERO, MINUS_ZERO))).to.deep.equal([MINUS_ZERO, 0]);
    expect(run(RNE, (env) => max(env, F64, MINUS_ZERO, ZERO))).to.deep.equal([ZERO, 0]);
    expect(run(RNE, (env) => min(env, F64, QUIET, ONE))).to.deep.equal([ONE, 0]);
    expect(run(RNE, (env) => max(env, F64, ONE, SIGNALING))).to.deep.equal([ONE, NV]);
    expect(run(RNE, (env) => max(env, F64, QUIET, QUIET))).to.deep.equal([NAN, 0]);
    expect(run(RNE, (env) => min(env, F64, QUIET, SIGNALING))).to.deep.equal([NAN, NV]);
  });

  it('classify sets the bit of the class', () => {
    const ascending = [MINUS_INFINITY, MINUS_ONE, MINUS_ZERO | 1n, MINUS_ZERO, ZERO, 1n, ONE, INFINITY];
    const data = [...ascending, SIGNALING, QUIET];
    expect(data.map((datum) => classify(F64, datum))).to.deep.equal(data.map((_, index) => 1 << index));
  });
});

describe('softfloat conversions', () => {
  const toBits = (fmt: FloatFormat, value: bigint) => fromInteger({ rounding: RNE, flags: 0 }, fmt, value);
  const w = { signed: true, bits: 32 } as const;
  const wu = { signed: false, bits: 32 } as const;
  const l = { signed: true, bits: 64 } as const;
  const lu = { signed: false, bits: 64 } as const;

  for (const { type, least, most } of [
    { type: w, least: -(2n ** 31n), most: 2n ** 31n - 1n },
    { type: wu, least: 0n, most: 2n ** 32n - 1n },
    { type: l, least: -(2n ** 63n), most: 2n ** 63n - 1n },
    { type: lu, least: 0n, most: 2n ** 64n - 1n },
  ]) {
    it(`clamp to ${type.signed ? 'signed' : 'unsigned'} ${type.bits} bits`, () => {
      const convertToInteger = (bits: bigint) => run(RTZ, (env) => toInteger(env, F64, bits, type));
      expect(convertToInteger(INFINITY)).to.deep.equal([most, NV]);
      expect(convertToInteger(MINUS_INFINITY)).to.deep.equal([least, NV]);
      expect(convertToInteger(QUIET)).to.deep.equal([most, NV]);
      expect(convertToInteger(SIGNALING)).to.deep.equal([most, NV]);
      expect(convertToInteger(MINUS_GREATEST)).to.deep.equal([least, NV]);
      expect(convertToInteger(toBits(F64, most + 1n))).to.deep.equal([most, NV]);
      expect(convertToInteger(toBits(F64, least))).to.deep.equal([least, 0]);
    });
  }

  it('decide the range after rounding', () => {
    const minusHalf = HALF | MINUS_ZERO;
    expect(run(RTZ, (env) => toInteger(env, F64, minusHalf, wu))).to.deep.equal([0n, NX]);
    expect(run(RNE, (env) => toInteger(env, F64, minusHalf, lu))).to.deep.equal([0n, NX]);
    expect(run(RDN, (env) => toInteger(env, F64, minusHalf, lu))).to.deep.equal([0n, NV]);
    expect(run(RMM, (env) => toInteger(env, F64, minusHalf, w))).to.deep.equal([-1n, NX]);
    const mostAndHalf = div({ rounding: RNE, flags: 0 }, F64, toBits(F64, 2n ** 32n - 1n), TWO);
    expect(run(RTZ, (env) => toInteger(env, F64, mostAndHalf, w))).to.deep.equal([2n ** 31n - 1n, NX]);
    expect(run(RNE, (env) => toInteger(env, F64, mostAndHalf, w))).to.deep.equal([2n ** 31n - 1n, NV]);
  });

  it('round integers that a format cannot hold', () => {
    expect(run(RNE, (env) => fromInteger(env, F32, 0n))).to.deep.equal([0n, 0]);
    expect(run(RNE, (env) => fromInteger(env, F32, 2n ** 24n + 1n))).to.deep.equal([0x4b80_0000n, NX]);
    expect(run(RUP, (env) => fromInteger(env, F32, 2n ** 24n + 1n))).to.deep.equal([0x4b80_0001n, NX]);
    expect(run(RNE, (env) => fromInteger(env, F64, -(2n ** 63n)))).to.deep.equal([0xc3e0_0000_0000_0000n, 0]);
    expect(run(RTZ, (env) => fromInteger(env, F64, 2n ** 64n - 1n))).to.deep.equal([0x43ef_ffff_ffff_ffffn, NX]);
  });

  it('narrow and widen between formats', () => {
    expect(run(RNE, (env) => convert(env, F64, F32, GREATEST))).to.deep.equal([F32.infinity, OF | NX]);
    expect(run(RNE, (env) => convert(env, F64, F32, LEAST_SUBNORMAL))).to.deep.equal([0n, UF | NX]);
    expect(run(RNE, (env) => convert(env, F64, F32, MINUS_ZERO))).to.deep.equal([0x8000_0000n, 0]);
    expect(run(RNE, (env) => convert(env, F64, F32, SIGNALING))).to.deep.equal([F32.quietNaN, NV]);
    expect(run(RNE, (env) => convert(env, F32, F64, 1n))).to.deep.equal([0x36a0_0000_0000_0000n, 0]);
    expect(run(RNE, (env) => convert(env, F32, F64, 0xff80_0000n))).to.deep.equal([MINUS_INFINITY, 0]);
    expect(run(RNE, (env) => convert(env, F32, F64, 0xffc0_0001n))).to.deep.equal([NAN, 0]);
  });

  it('box and unbox binary32 data', () => {
    expect(box(0x3f80_0000n)).to.equal(0xffff_ffff_3f80_0000n);
    expect(unbox(0xffff_ffff_3f80_0000n)).to.equal(0x3f80_0000n);
    expect(unbox(0xffff_fffe_3f80_0000n)).to.equal(F32.quietNaN);
    expect(unbox(0x3f80_0000n)).to.equal(F32.quietNaN);
  });
});
