/**
 * The one place that rounds. Operations compute exactly, or with a sticky last bit, and hand the value over here.
 * Source: IEEE 754-2019, sections 4.3 (rounding), 7.4 (overflow) and 7.5 (underflow).
 */

import { FLAG, type FloatEnvironment, ROUND } from './environment.js';
import type { FloatFormat } from './format.js';
import { withSign } from './unpack.js';

/**
 * The datum of format `fmt` nearest, in the sense of the rounding mode, to ±significand x 2^exponent, raising OF, UF
 * and NX as due. Zero keeps the given sign.
 *
 * The last bit of `significand` may be sticky (stand for any tail that is not zero) provided that the significand has
 * at least `fmt.precision` + 2 bits; then everything that decides the rounding lies above it.
 */
export function round(
  env: FloatEnvironment,
  fmt: FloatFormat,
  negative: boolean,
  exponent: number,
  significand: bigint,
): bigint {
  if (significand === 0n) return withSign(fmt, negative, 0n);
  // The value is in [2^leading, 2^(leading + 1)). Below the normal range the quantum stops shrinking.
  const leading = exponent + bitLength(significand) - 1;
  const normal = Math.max(leading, fmt.minExponent);
  const quantum = normal - fmt.fractionBits;
  const quarters = inQuarters(significand, quantum - exponent);
  const rounded = roundQuarters(env.rounding, negative, quarters);
  // A normal significand's leading one adds 1 to the exponent field; so does a carry out of the fraction.
  const magnitude = (BigInt(normal - fmt.minExponent) << fmt.fractionShift) + rounded;
  if (magnitude >= fmt.infinity) return overflow(env, fmt, negative);
  if (isInexact(quarters)) {
    env.flags |= FLAG.NX;
    if (isTiny(env, fmt, negative, exponent, significand, leading)) env.flags |= FLAG.UF;
  }
  return withSign(fmt, negative, magnitude);
}

/**
 * significand / 2^shift in quarter units, its last bit sticky. The last two bits hence say all that rounding to
 * a whole number needs: 0 exact, 1 below half, 2 half way, 3 above half.
 */
export function inQuarters(significand: bigint, shift: number): bigint {
  if (shift <= 2) return significand << BigInt(2 - shift);
  const distance = BigInt(shift - 2);
  const kept = significand >> distance;
  return kept << distance === significand ? kept : kept | 1n;
}

/** Whether a value in quarter units is not a whole number. */
export function isInexact(quarters: bigint): boolean {
  return (quarters & 3n) !== 0n;
}

/**
 * A magnitude in quarter units, rounded to a whole number in the given mode; `negative` is the sign that goes with it.
 * Throws a RangeError if `rounding` is not one of {@link ROUND}.
 */
export function roundQuarters(rounding: number, negative: boolean, quarters: bigint): bigint {
  const whole = quarters >> 2n;
  const lastBits = Number(quarters & 7n);
  return increments(rounding, negative, lastBits & 3, (lastBits & 4) !== 0) ? whole + 1n : whole;
}

function increments(rounding: number, negative: boolean, tail: number, odd: boolean): boolean {
  switch (rounding) {
    case ROUND.RNE:
      return tail === 3 || (tail === 2 && odd);
    case ROUND.RTZ:
      return false;
    case ROUND.RDN:
      return negative && tail !== 0;
    case ROUND.RUP:
      return !negative && tail !== 0;
    case ROUND.RMM:
      return tail >= 2;
    default:
      throw new RangeError(`softfloat: ${rounding} is not a rounding mode (0 to 4)`);
  }
}

/**
 * Tininess as RISC-V has it, detected after rounding: the value, rounded to full precision as though exponents had no
 * lower bound, is still below the normal range.
 */
function isTiny(
  env: FloatEnvironment,
  fmt: FloatFormat,
  negative: boolean,
  exponent: number,
  significand: bigint,
  leading: number,
): boolean {
  if (leading >= fmt.minExponent) return false;
  // Rounding can carry into the next binade only, so from further below it cannot reach the normal range.
  if (leading < fmt.minExponent - 1) return true;
  const unbounded = inQuarters(significand, leading - fmt.fractionBits - exponent);
  return roundQuarters(env.rounding, negative, unbounded) >> fmt.fractionShift === 1n;
}

function overflow(env: FloatEnvironment, fmt: FloatFormat, negative: boolean): bigint {
  env.flags |= FLAG.OF | FLAG.NX;
  const towardsZero =
    env.rounding === ROUND.RTZ || (env.rounding === ROUND.RDN && !negative) || (env.rounding === ROUND.RUP && negative);
  return withSign(fmt, negative, towardsZero ? fmt.maxFinite : fmt.infinity);
}

const scratch = new DataView(new ArrayBuffer(8));

/** Bits needed to write `value`, which must be positive and below 2^1023. */
export function bitLength(value: bigint): number {
  const nearest = Number(value);
  scratch.setFloat64(0, nearest);
  const length = (scratch.getUint16(0) >> 4) - 1022;
  // The conversion may have rounded up, but then to a power of two.
  return length > 53 && nearest === 2 ** (length - 1) && value < 1n << BigInt(length - 1) ? length - 1 : length;
}
