/**
 * The binary interchange formats of IEEE 754-2019, section 3.4, and the constants that follow from their two widths.
 * A datum is its bit pattern as an unsigned bigint: sign, biased exponent, fraction, from the top.
 */

/** One format. Masks and special data are bit patterns; exponents are unbiased powers of two. */
export interface FloatFormat {
  readonly name: 's' | 'd';
  readonly exponentBits: number;
  readonly fractionBits: number;
  /** Bits of a normal significand, the implicit leading one included. */
  readonly precision: number;
  readonly bias: number;
  /** Exponent of the least normal number, 1 - bias. */
  readonly minExponent: number;
  /** The exponent field of infinities and NaNs: all ones. */
  readonly specialExponentField: number;
  /** `fractionBits` as a bigint, to shift with. */
  readonly fractionShift: bigint;
  readonly fractionMask: bigint;
  /** The leading one of a normal significand, which is not stored. */
  readonly implicitBit: bigint;
  /** The top fraction bit, set in quiet NaNs and clear in signaling ones. */
  readonly quietBit: bigint;
  readonly signBit: bigint;
  /** Everything but the sign. */
  readonly magnitudeMask: bigint;
  /** Positive infinity. */
  readonly infinity: bigint;
  /** The greatest finite magnitude. */
  readonly maxFinite: bigint;
  /** The canonical NaN: positive, quiet, no payload. Every NaN result is this one. */
  readonly quietNaN: bigint;
}

/** The format with the given field widths; `exponentBits` >= 2 and `fractionBits` >= 1. */
export function defineFormat(name: 's' | 'd', exponentBits: number, fractionBits: number): FloatFormat {
  const bias = 2 ** (exponentBits - 1) - 1;
  const fractionShift = BigInt(fractionBits);
  const specialExponentField = 2 ** exponentBits - 1;
  const infinity = BigInt(specialExponentField) << fractionShift;
  const quietBit = 1n << (fractionShift - 1n);
  const signBit = 1n << BigInt(exponentBits + fractionBits);
  return {
    name,
    exponentBits,
    fractionBits,
    precision: fractionBits + 1,
    bias,
    minExponent: 1 - bias,
    specialExponentField,
    fractionShift,
    fractionMask: (1n << fractionShift) - 1n,
    implicitBit: 1n << fractionShift,
    quietBit,
    signBit,
    magnitudeMask: signBit - 1n,
    infinity,
    maxFinite: infinity - 1n,
    quietNaN: infinity | quietBit,
  };
}

/** binary32, the F extension's format. */
export const F32: FloatFormat = defineFormat('s', 8, 23);

/** binary64, the D extension's format. */
export const F64: FloatFormat = defineFormat('d', 11, 52);
