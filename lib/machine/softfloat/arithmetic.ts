/**
 * Addition, subtraction, multiplication, division, square root and fused multiply-add. Each deals with NaNs and
 * infinities, computes the exact result (or one with a sticky last bit) and lets `round` do the rest.
 * Source: IEEE 754-2019, sections 5.4.1, 6 and 7; RISC-V Unprivileged ISA, chapters "F" and "D".
 *
 * Operands and results are bit patterns of format `fmt`; NaN results are canonical.
 */

import { FLAG, type FloatEnvironment, ROUND } from './environment.js';
import type { FloatFormat } from './format.js';
import { bitLength, round } from './round.js';
import { invalid, isAnyNaN, isZero, KIND, signalNaN, type Unpacked, unpack, withSign } from './unpack.js';

/** a + b. Raises NV for a signaling NaN and for infinities of opposite sign; else OF and NX. */
export function add(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): bigint {
  return sum(env, fmt, unpack(fmt, a), unpack(fmt, b));
}

/** a - b. Raises NV for a signaling NaN and for infinities of the same sign; else OF and NX. */
export function sub(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): bigint {
  return sum(env, fmt, unpack(fmt, a), unpack(fmt, b ^ fmt.signBit));
}

/** a x b. Raises NV for a signaling NaN and for zero times infinity; else OF, UF and NX. */
export function mul(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): bigint {
  const x = unpack(fmt, a);
  const y = unpack(fmt, b);
  const negative = x.negative !== y.negative;
  if (x.kind !== KIND.FINITE || y.kind !== KIND.FINITE) {
    if (isAnyNaN(x) || isAnyNaN(y)) return propagateNaN(env, fmt, x, y);
    if (isZero(x) || isZero(y)) return invalid(env, fmt);
    return withSign(fmt, negative, fmt.infinity);
  }
  return round(env, fmt, negative, x.exponent + y.exponent, x.significand * y.significand);
}

/**
 * a / b. Raises NV for a signaling NaN, zero by zero and infinity by infinity; DZ for another finite number by zero;
 * else OF, UF and NX.
 */
export function div(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): bigint {
  const x = unpack(fmt, a);
  const y = unpack(fmt, b);
  const negative = x.negative !== y.negative;
  if (isAnyNaN(x) || isAnyNaN(y)) return propagateNaN(env, fmt, x, y);
  if (x.kind === KIND.INFINITE) {
    return y.kind === KIND.INFINITE ? invalid(env, fmt) : withSign(fmt, negative, fmt.infinity);
  }
  if (y.kind === KIND.INFINITE || isZero(x)) {
    return isZero(y) ? invalid(env, fmt) : withSign(fmt, negative, 0n);
  }
  if (isZero(y)) {
    env.flags |= FLAG.DZ;
    return withSign(fmt, negative, fmt.infinity);
  }
  // Even 1 divided by a full divisor then leaves the precision + 2 bits that a sticky bit asks for.
  const scale = 2 * fmt.precision + 2;
  const dividend = x.significand << BigInt(scale);
  const quotient = dividend / y.significand;
  return round(
    env,
    fmt,
    negative,
    x.exponent - y.exponent - scale,
    quotient * y.significand === dividend ? quotient : quotient | 1n,
  );
}

/** The square root of a. Raises NV for a signaling NaN and for negative numbers other than -0; else NX. */
export function sqrt(env: FloatEnvironment, fmt: FloatFormat, a: bigint): bigint {
  const x = unpack(fmt, a);
  if (isAnyNaN(x)) return propagateNaN(env, fmt, x);
  if (isZero(x)) return a;
  if (x.negative) return invalid(env, fmt);
  if (x.kind === KIND.INFINITE) return a;
  // Scaled so that the root has precision + 2 bits or one more, and its exponent is whole.
  const wanted = 2 * fmt.precision + 3 - bitLength(x.significand);
  const scale = (x.exponent - wanted) % 2 === 0 ? wanted : wanted + 1;
  const radicand = x.significand << BigInt(scale);
  const root = integerSqrt(radicand);
  return round(env, fmt, false, (x.exponent - scale) / 2, root * root === radicand ? root : root | 1n);
}

/**
 * a x b + c, rounded once. Raises NV for a signaling NaN, for zero times infinity (also when c is a quiet NaN) and for
 * an infinite product with the opposite infinity; else OF, UF and NX.
 */
export function fma(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint, c: bigint): bigint {
  const x = unpack(fmt, a);
  const y = unpack(fmt, b);
  const z = unpack(fmt, c);
  const negative = x.negative !== y.negative;
  if (x.kind !== KIND.FINITE || y.kind !== KIND.FINITE) {
    if ((isZero(x) && y.kind === KIND.INFINITE) || (x.kind === KIND.INFINITE && isZero(y))) return invalid(env, fmt);
    if (isAnyNaN(x) || isAnyNaN(y)) return propagateNaN(env, fmt, x, y, z);
    return sum(env, fmt, { kind: KIND.INFINITE, negative, exponent: 0, significand: 0n }, z);
  }
  const exponent = x.exponent + y.exponent;
  return sum(env, fmt, { kind: KIND.FINITE, negative, exponent, significand: x.significand * y.significand }, z);
}

/** x + y, either of which may be a product and so have a significand of twice the format's precision. */
function sum(env: FloatEnvironment, fmt: FloatFormat, x: Unpacked, y: Unpacked): bigint {
  if (x.kind !== KIND.FINITE || y.kind !== KIND.FINITE) {
    if (isAnyNaN(x) || isAnyNaN(y)) return propagateNaN(env, fmt, x, y);
    if (x.kind === y.kind && x.negative !== y.negative) return invalid(env, fmt);
    return withSign(fmt, x.kind === KIND.INFINITE ? x.negative : y.negative, fmt.infinity);
  }
  const [high, low] = x.exponent >= y.exponent ? [x, y] : [y, x];
  if (high.significand === 0n) return finiteSum(env, fmt, high, low, low.exponent, 0n, low.significand);
  // Further down than this, the low operand lies below the last of precision + 2 bits of the high one whatever their
  // significands are, and only whether it is zero matters. Alignment thus never makes long numbers.
  const reach = 3 * fmt.precision + 3;
  if (high.exponent - low.exponent > reach) {
    const sticky = low.significand === 0n ? 0n : 1n;
    return finiteSum(env, fmt, high, low, high.exponent - reach, high.significand << BigInt(reach), sticky);
  }
  const aligned = high.significand << BigInt(high.exponent - low.exponent);
  return finiteSum(env, fmt, high, low, low.exponent, aligned, low.significand);
}

/** The sum of two finite operands, whose significands have been aligned to a common exponent. */
function finiteSum(
  env: FloatEnvironment,
  fmt: FloatFormat,
  x: Unpacked,
  y: Unpacked,
  exponent: number,
  xAligned: bigint,
  yAligned: bigint,
): bigint {
  if (x.negative === y.negative) return round(env, fmt, x.negative, exponent, xAligned + yAligned);
  const difference = xAligned - yAligned;
  if (difference > 0n) return round(env, fmt, x.negative, exponent, difference);
  if (difference < 0n) return round(env, fmt, y.negative, exponent, -difference);
  // IEEE 754, 6.3: an exact zero sum of operands of opposite sign is +0, but -0 when rounding down.
  return withSign(fmt, env.rounding === ROUND.RDN, 0n);
}

/** The result when an operand is NaN: the canonical NaN, with NV if one of them is signaling. */
function propagateNaN(env: FloatEnvironment, fmt: FloatFormat, ...operands: Unpacked[]): bigint {
  signalNaN(env, ...operands);
  return fmt.quietNaN;
}

/** The greatest integer whose square is not above `value`, which must be positive and below 2^120. */
function integerSqrt(value: bigint): bigint {
  // One Newton step takes an estimate of some 52 good bits to more bits than the root has; since it is never
  // below the floor of the root, all that can be left is an excess of one.
  const estimate = BigInt(Math.floor(Math.sqrt(Number(value))));
  const root = (estimate + value / estimate) >> 1n;
  return root * root > value ? root - 1n : root;
}
