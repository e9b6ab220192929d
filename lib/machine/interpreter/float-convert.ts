/** Fast paths of the conversions, between the formats and between floating point and integers. */
import {
  add,
  and,
  bitsOfF32,
  bitsOfF64,
  demote,
  type Expr,
  eq,
  extendS,
  extendU,
  f32OfBits,
  f32OfI64,
  f32OfU64,
  f64,
  f64OfBits,
  f64OfI64,
  f64OfU64,
  fge,
  fgt,
  flt,
  type I32,
  type I64,
  i32,
  i64,
  leU,
  ne,
  or,
  promote,
  truncateS,
  wrap,
} from '../../isa/expr.js';
import { type Build, FloatCode } from './float-code.js';
import type { FloatType } from './float-exact.js';

const RNE = 0;
const RTZ = 1;

/** Widening raises no flag but for NaN; and narrowing none but NX within the range. */
export const widen: Build = (f, _, [bits]) => {
  const x = f.let(f32OfBits(bits as I32));
  f.if(eq(x, x), () => f.return(bitsOfF64(promote(x))));
};
export const narrow: Build = (f, { hart }, args) => {
  const c = new FloatCode(hart, 'f32');
  f.if(eq(args[1] as I32, i32(RNE)), () => {
    const x = f.let(f64OfBits(args[0] as I64));
    const result = f.let(demote(x));
    f.if(or(c.isOrdinary(result), eq(x, f64(0))), () => {
      f.if(ne(promote(result), x), () => c.raiseInexact(f));
      f.return(bitsOfF32(result));
    });
  });
};

export interface IntegerKind {
  readonly signed: boolean;
  readonly bits: 32 | 64;
}
export const integerKinds: Readonly<Record<string, IntegerKind>> = {
  w: { signed: true, bits: 32 },
  wu: { signed: false, bits: 32 },
  l: { signed: true, bits: 64 },
  lu: { signed: false, bits: 64 },
};

/** Truncation, and any mode where there is nothing to round. Unsigned 64-bit results above 2^63 are left to the helper. */
export const toInteger =
  ({ signed, bits }: IntegerKind): Build =>
  (f, c, args) => {
    const x = f.let(c.type === 'f32' ? promote(f32OfBits(args[0] as I32)) : f64OfBits(args[0] as I64));
    const top = bits === 32 && !signed ? 2 ** 32 : bits === 32 ? 2 ** 31 : 2 ** 63;
    // The bound below which truncation leaves the range: exclusive, but -2^63 itself has no double just below it.
    const aboveBottom = !signed ? fgt(x, f64(-1)) : bits === 32 ? fgt(x, f64(-(2 ** 31) - 1)) : fge(x, f64(-(2 ** 63)));
    f.if(and(flt(x, f64(top)), aboveBottom), () => {
      const integer = f.let(truncateS(x));
      const result = bits === 32 && !signed ? extendS(wrap(integer)) : integer;
      f.if(eq(f64OfI64(integer), x), () => f.return(result));
      f.if(eq(args[1] as I32, i32(RTZ)), () => {
        c.raiseInexact(f);
        f.return(result);
      });
    });
  };

export const fromInteger =
  ({ signed, bits }: IntegerKind): Build =>
  (f, c, args) => {
    const source = args[0] as I64;
    const value = f.let(bits === 64 ? source : signed ? extendS(wrap(source)) : extendU(wrap(source)));
    const convert = c.type === 'f32' ? (signed ? f32OfI64 : f32OfU64) : signed ? f64OfI64 : f64OfU64;
    const result = c.bits(convert(value) as Expr<FloatType>);
    const digits = 2n ** (c.type === 'f32' ? 24n : 53n);
    const isShort = signed ? leU(add(value, i64(digits)), i64(2n * digits)) : leU(value, i64(digits));
    f.if(or(isShort, and(eq(args[1] as I32, i32(RNE)), c.isInexact)), () => f.return(result));
  };
