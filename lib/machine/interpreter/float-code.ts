/** What the generated floating-point functions share: a format's types, and the words of the hart that they touch. */
import {
  and,
  bitsOfF32,
  bitsOfF64,
  type Expr,
  f32OfBits,
  f64OfBits,
  type I32,
  type I64,
  i32,
  i64,
  ltU,
  ne,
  or,
  shrU,
  sub,
  wrap,
} from '../../isa/expr.js';
import type { FunctionBuilder, Local } from '../wasm/function.js';
import type { FloatType } from './float-exact.js';
import type { HartCode } from './state.js';

const NX = 1;

export class FloatCode<T extends FloatType = FloatType> {
  readonly integer: 'i32' | 'i64';

  constructor(
    readonly hart: HartCode,
    readonly type: T,
  ) {
    this.integer = type === 'f32' ? 'i32' : 'i64';
  }
  /** The value of a bit pattern, and back. */
  value(bits: Expr): Expr<T> {
    return (this.type === 'f32' ? f32OfBits(bits as I32) : f64OfBits(bits as I64)) as Expr<T>;
  }
  bits(value: Expr<T>): Expr<'i32'> | Expr<'i64'> {
    return this.type === 'f32' ? bitsOfF32(value as Expr<'f32'>) : bitsOfF64(value as Expr<'f64'>);
  }
  /** The biased exponent field. */
  exponent(value: Expr<T>): I32 {
    if (this.type === 'f32') return and(shrU(bitsOfF32(value as Expr<'f32'>), i32(23)), i32(0xff));
    return and(wrap(shrU(bitsOfF64(value as Expr<'f64'>), i64(52))), i32(0x7ff));
  }
  get topExponent(): number {
    return this.type === 'f32' ? 0xff : 0x7ff;
  }
  isFinite(value: Expr<T>): I32 {
    return ne(this.exponent(value), i32(this.topExponent));
  }
  /**
   * A finite result of at least twice the smallest normal number: neither overflow nor underflow was near. (At the
   * smallest normal number itself, tininess is a matter of the digits that rounding dropped.)
   */
  isOrdinary(value: Expr<T>): I32 {
    return ltU(sub(this.exponent(value), i32(2)), i32(this.topExponent - 2));
  }
  get isInexact(): I32 {
    return and(this.hart.get32('fflags'), i32(NX));
  }
  raiseInexact(f: FunctionBuilder): void {
    this.hart.set32(f, 'fflags', or(this.hart.get32('fflags'), i32(NX)));
  }
}

/** Writes a fast path: returns from the function where the result and its flags are certain, and falls through elsewhere. */
export type Build = (f: FunctionBuilder, c: FloatCode, args: readonly Local[]) => void;
