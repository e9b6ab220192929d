/** The floating-point helpers of instruction meanings, over exact arithmetic and a hart's fflags. */
import type { FloatHelperName } from './environment.js';
import type { Hart } from './hart.js';
import {
  add,
  classify,
  convert,
  div,
  eq,
  F32,
  F64,
  type FloatEnvironment,
  type FloatFormat,
  fma,
  fromInteger,
  le,
  lt,
  max,
  min,
  mul,
  sqrt,
  sub,
  toInteger,
} from './softfloat/index.js';

/** A binary32 pattern is an i32 number, a binary64 pattern an i64 bigint, as WebAssembly passes them: signed. */
type Pattern = number | bigint;
export type FloatHelper = (...args: never[]) => number | bigint;

const patternOf = (format: FloatFormat, value: bigint): Pattern =>
  format === F32 ? Number(BigInt.asIntN(32, value)) : BigInt.asIntN(64, value);
const bitsOf = (format: FloatFormat, pattern: Pattern): bigint =>
  BigInt.asUintN(format === F32 ? 32 : 64, BigInt(pattern));

/** The value of an integer register as an integer of the type that an fcvt names. */
const integers = {
  w: { type: { bits: 32, signed: true }, read: (x: bigint) => BigInt.asIntN(32, x) },
  wu: { type: { bits: 32, signed: false }, read: (x: bigint) => BigInt.asUintN(32, x) },
  l: { type: { bits: 64, signed: true }, read: (x: bigint) => BigInt.asIntN(64, x) },
  lu: { type: { bits: 64, signed: false }, read: (x: bigint) => BigInt.asUintN(64, x) },
} as const;

/**
 * The float helpers by name, with the signatures of `helpers`; exceptions are ORed into the fflags of the hart that
 * `hart` names at the time of the call.
 */
export const floatHelpers = (hart: () => Hart): Readonly<Record<FloatHelperName, FloatHelper>> => {
  const env: FloatEnvironment = { rounding: 0, flags: 0 };
  /** Runs an operation with the given rounding mode; operations that do not round take 0. */
  const accruing = <R>(rounding: number, operation: () => R): R => {
    env.rounding = rounding;
    env.flags = 0;
    const result = operation();
    if (env.flags !== 0) hart().setCell32('fflags', hart().cell32('fflags') | env.flags);
    return result;
  };

  type Binary = (env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint) => bigint;
  type Comparison = (env: FloatEnvironment, fmt: FloatFormat, a: bigint, b: bigint) => boolean;
  const helpersOf = (f: FloatFormat): Record<string, FloatHelper> => {
    const arithmetic = (operation: Binary) => (a: Pattern, b: Pattern, rm: number) =>
      patternOf(
        f,
        accruing(rm, () => operation(env, f, bitsOf(f, a), bitsOf(f, b))),
      );
    const choice = (operation: Binary) => (a: Pattern, b: Pattern) => arithmetic(operation)(a, b, 0);
    const comparison = (operation: Comparison) => (a: Pattern, b: Pattern) =>
      accruing(0, () => operation(env, f, bitsOf(f, a), bitsOf(f, b))) ? 1 : 0;
    const all: Record<string, FloatHelper> = {
      add: arithmetic(add),
      sub: arithmetic(sub),
      mul: arithmetic(mul),
      div: arithmetic(div),
      sqrt: (a: Pattern, rm: number) =>
        patternOf(
          f,
          accruing(rm, () => sqrt(env, f, bitsOf(f, a))),
        ),
      fma: (a: Pattern, b: Pattern, c: Pattern, rm: number) =>
        patternOf(
          f,
          accruing(rm, () => fma(env, f, bitsOf(f, a), bitsOf(f, b), bitsOf(f, c))),
        ),
      min: choice(min),
      max: choice(max),
      eq: comparison(eq),
      lt: comparison(lt),
      le: comparison(le),
      class: (a: Pattern) => classify(f, bitsOf(f, a)),
    };
    const named = Object.entries(all).map(([name, helper]) => [`${name}.${f.name}`, helper]);
    for (const [name, { type, read }] of Object.entries(integers)) {
      // A 32-bit result is sign-extended to the register, even an unsigned one (F, conversion instructions).
      const toRegister = (a: Pattern, rm: number) =>
        BigInt.asIntN(
          type.bits,
          accruing(rm, () => toInteger(env, f, bitsOf(f, a), type)),
        );
      const fromRegister = (x: bigint, rm: number) =>
        patternOf(
          f,
          accruing(rm, () => fromInteger(env, f, read(x))),
        );
      named.push([`cvt.${name}.${f.name}`, toRegister], [`cvt.${f.name}.${name}`, fromRegister]);
    }
    return Object.fromEntries(named);
  };

  const all: Record<string, FloatHelper> = {
    ...helpersOf(F32),
    ...helpersOf(F64),
    'cvt.s.d': (a: bigint, rm: number) =>
      patternOf(
        F32,
        accruing(rm, () => convert(env, F64, F32, bitsOf(F64, a))),
      ),
    'cvt.d.s': (a: number) =>
      patternOf(
        F64,
        accruing(0, () => convert(env, F32, F64, bitsOf(F32, a))),
      ),
  };
  return all as Record<FloatHelperName, FloatHelper>;
};
