/**
 * Comparisons, minimum and maximum, and classification. None of them rounds.
 * Source: RISC-V Unprivileged ISA, chapter "F", sections "Floating-Point Compare Instructions", "Single-Precision
 * Floating-Point Computational Instructions" (FMIN, FMAX) and "Floating-Point Classify Instruction".
 */

import { FLAG, type FloatEnvironment } from './environment.js';
import type { FloatFormat } from './format.js';
import { isAnyNaN, isZero, KIND, signalNaN, unpack } from './unpack.js';

/** a = b; false if either is NaN. A quiet comparison: raises NV only for a signaling NaN. */
export function eq(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): boolean {
  if (hasNaN(fmt, a, b)) {
    signalNaN(env, unpack(fmt, a), unpack(fmt, b));
    return false;
  }
  return a === b || ((a | b) & fmt.magnitudeMask) === 0n;
}

/** a < b; false if either is NaN. A signaling comparison: raises NV for any NaN. */
export function lt(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): boolean {
  if (hasNaN(fmt, a, b)) {
    env.flags |= FLAG.NV;
    return false;
  }
  return rank(fmt, a) < rank(fmt, b) && ((a | b) & fmt.magnitudeMask) !== 0n;
}

/** a <= b; false if either is NaN. A signaling comparison: raises NV for any NaN. */
export function le(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): boolean {
  if (hasNaN(fmt, a, b)) {
    env.flags |= FLAG.NV;
    return false;
  }
  return rank(fmt, a) <= rank(fmt, b) || ((a | b) & fmt.magnitudeMask) === 0n;
}

/**
 * The lesser operand, -0 being less than +0 (minimumNumber of IEEE 754-2019). One NaN operand yields the other
 * operand, two the canonical NaN. Raises NV for a signaling NaN.
 */
export function min(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): bigint {
  if (hasNaN(fmt, a, b)) return theNumber(env, fmt, a, b);
  return rank(fmt, a) <= rank(fmt, b) ? a : b;
}

/** The greater operand, +0 being greater than -0 (maximumNumber of IEEE 754-2019). NaNs as in {@link min}. */
export function max(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): bigint {
  if (hasNaN(fmt, a, b)) return theNumber(env, fmt, a, b);
  return rank(fmt, a) >= rank(fmt, b) ? a : b;
}

/**
 * The mask that FCLASS writes, one bit set: 0 -infinity, 1 negative normal, 2 negative subnormal, 3 -0, 4 +0,
 * 5 positive subnormal, 6 positive normal, 7 +infinity, 8 signaling NaN, 9 quiet NaN.
 */
export function classify(fmt: FloatFormat, a: bigint): number {
  const x = unpack(fmt, a);
  if (x.kind === KIND.QUIET_NAN) return 1 << 9;
  if (x.kind === KIND.SIGNALING_NAN) return 1 << 8;
  if (x.kind === KIND.INFINITE) return x.negative ? 1 << 0 : 1 << 7;
  if (isZero(x)) return x.negative ? 1 << 3 : 1 << 4;
  if (x.significand < fmt.implicitBit) return x.negative ? 1 << 2 : 1 << 5;
  return x.negative ? 1 << 1 : 1 << 6;
}

function hasNaN(fmt: FloatFormat, a: bigint, b: bigint): boolean {
  return (a & fmt.magnitudeMask) > fmt.infinity || (b & fmt.magnitudeMask) > fmt.infinity;
}

/** An integer that orders data other than NaNs as their values are ordered, and -0 just below +0. */
function rank(fmt: FloatFormat, bits: bigint): bigint {
  return bits >= fmt.signBit ? ~(bits & fmt.magnitudeMask) : bits;
}

/** The operand that is not NaN, or the canonical NaN. */
function theNumber(env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint): bigint {
  const x = unpack(fmt, a);
  const y = unpack(fmt, b);
  signalNaN(env, x, y);
  if (!isAnyNaN(x)) return a;
  return isAnyNaN(y) ? fmt.quietNaN : b;
}
