/**
 * Conversions between formats, to and from integers, and NaN-boxing.
 * Source: RISC-V Unprivileged ISA, chapter "F", section "Single-Precision Floating-Point Conversion and Move
 * Instructions", and chapter "D", section "NaN Boxing of Narrower Values".
 */

import { FLAG, type FloatEnvironment } from './environment.js';
import { F32, type FloatFormat } from './format.js';
import { inQuarters, isInexact, round, roundQuarters } from './round.js';
import { isAnyNaN, KIND, signalNaN, unpack, withSign } from './unpack.js';

/** The integer type that a conversion aims at: `bits` wide, two's complement if `signed`. */
export interface IntegerType {
  readonly signed: boolean;
  readonly bits: 32 | 64;
}

/** The integer `value`, of either sign and any size below 2^1023, rounded to format `fmt`. Zero becomes +0. */
export function fromInteger(env: FloatEnvironment, fmt: FloatFormat, value: bigint): bigint {
  const negative = value < 0n;
  return round(env, fmt, negative, 0, negative ? -value : value);
}

/**
 * `a` rounded to an integer in the current mode, and clamped to the range of the integer type: infinities and numbers
 * out of range become its nearest bound, NaNs its upper bound, with NV and nothing else raised. An inexact result in
 * range raises NX. The result is the integer's value, so negative when it is negative.
 */
export function toInteger(env: FloatEnvironment, fmt: FloatFormat, a: bigint, type: IntegerType): bigint {
  const x = unpack(fmt, a);
  const most = (1n << BigInt(type.signed ? type.bits - 1 : type.bits)) - 1n;
  const least = type.signed ? -most - 1n : 0n;
  if (x.kind !== KIND.FINITE) {
    env.flags |= FLAG.NV;
    return x.kind === KIND.INFINITE && x.negative ? least : most;
  }
  const quarters = inQuarters(x.significand, -x.exponent);
  const magnitude = roundQuarters(env.rounding, x.negative, quarters);
  const value = x.negative ? -magnitude : magnitude;
  if (value < least || value > most) {
    env.flags |= FLAG.NV;
    return x.negative ? least : most;
  }
  if (isInexact(quarters)) env.flags |= FLAG.NX;
  return value;
}

/**
 * The datum `a` of format `from`, rounded to format `to`. Infinities and zeros keep their sign. Raises NV for a
 * signaling NaN; else OF, UF and NX.
 */
export function convert(env: FloatEnvironment, from: FloatFormat, to: FloatFormat, a: bigint): bigint {
  const x = unpack(from, a);
  if (isAnyNaN(x)) {
    signalNaN(env, x);
    return to.quietNaN;
  }
  if (x.kind === KIND.INFINITE) return withSign(to, x.negative, to.infinity);
  return round(env, to, x.negative, x.exponent, x.significand);
}

const BOX = 0xffff_ffff_0000_0000n;

/** The binary32 datum in a 64-bit register: its low half, or the canonical NaN if the upper half is not all ones. */
export function unbox(bits64: bigint): bigint {
  return bits64 >= BOX ? bits64 ^ BOX : F32.quietNaN;
}

/** The 64-bit register contents that hold a binary32 datum: the upper half is all ones. */
export function box(bits32: bigint): bigint {
  return bits32 | BOX;
}
