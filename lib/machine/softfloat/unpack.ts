/** From a bit pattern to what it stands for, and the rules for operands that are NaN. */

import { FLAG, type FloatEnvironment } from './environment.js';
import type { FloatFormat } from './format.js';

/** The four kinds of datum that operations tell apart. */
export const KIND = { FINITE: 0, INFINITE: 1, QUIET_NAN: 2, SIGNALING_NAN: 3 } as const;

/**
 * A datum taken apart. When `kind` is FINITE its magnitude is exactly significand x 2^exponent, zeros having
 * significand 0; otherwise `exponent` and `significand` mean nothing.
 */
export interface Unpacked {
  kind: number;
  negative: boolean;
  exponent: number;
  significand: bigint;
}

/** Takes the datum `bits` of format `fmt` apart. Significands are not normalized: a subnormal's is just short. */
export function unpack(fmt: FloatFormat, bits: bigint): Unpacked {
  const signAndExponent = Number(bits >> fmt.fractionShift);
  const field = signAndExponent & fmt.specialExponentField;
  const negative = signAndExponent !== field;
  const fraction = bits & fmt.fractionMask;
  if (field === fmt.specialExponentField) {
    return { kind: specialKind(fmt, fraction), negative, exponent: 0, significand: 0n };
  }
  // Subnormals lack the implicit bit and share the exponent of the least normal numbers.
  const significand = field === 0 ? fraction : fraction | fmt.implicitBit;
  const exponent = Math.max(field, 1) - fmt.bias - fmt.fractionBits;
  return { kind: KIND.FINITE, negative, exponent, significand };
}

function specialKind(fmt: FloatFormat, fraction: bigint): number {
  if (fraction === 0n) return KIND.INFINITE;
  return (fraction & fmt.quietBit) === 0n ? KIND.SIGNALING_NAN : KIND.QUIET_NAN;
}

/** Whether the operand is a NaN of either sort. */
export function isAnyNaN(x: Unpacked): boolean {
  return x.kind >= KIND.QUIET_NAN;
}

/** Whether the operand is a zero of either sign. */
export function isZero(x: Unpacked): boolean {
  return x.kind === KIND.FINITE && x.significand === 0n;
}

/** Raises NV if any of the operands is a signaling NaN. */
export function signalNaN(env: FloatEnvironment, ...operands: Unpacked[]): void {
  if (operands.some((x) => x.kind === KIND.SIGNALING_NAN)) env.flags |= FLAG.NV;
}

/** The canonical NaN, for an operation that has no result for its operands; raises NV. */
export function invalid(env: FloatEnvironment, fmt: FloatFormat): bigint {
  env.flags |= FLAG.NV;
  return fmt.quietNaN;
}

/** The datum of the given sign and magnitude bits. */
export function withSign(fmt: FloatFormat, negative: boolean, magnitude: bigint): bigint {
  return negative ? magnitude | fmt.signBit : magnitude;
}
