/** Fused multiply-add without a fused instruction: exact product, exact sums, and one rounding to odd before the last. */
import {
  add,
  and,
  bitsOfF32,
  bitsOfF64,
  demote,
  type Expr,
  eq,
  eqz,
  f32OfBits,
  f64,
  f64OfBits,
  flt,
  type I32,
  type I64,
  i32,
  i64,
  ltU,
  mul,
  ne,
  or,
  promote,
  select,
  sub,
  wrap,
} from '../../isa/expr.js';
import type { FunctionBuilder, Local } from '../wasm/function.js';
import type { FloatCode } from './float-code.js';
import { productError, sumError } from './float-exact.js';

/**
 * `sum` + `error` (an unevaluated exact sum) rounded to odd: truncated, with the last bit set if anything was cut off.
 * Rounding that to nearest gives what rounding the exact value would (Boldo and Melquiond, IEEE Transactions on
 * Computers 57(4), 2008).
 */
const roundToOdd = (f: FunctionBuilder, sum: Local<'f64'>, error: Local<'f64'>): Local<'f64'> => {
  const bits = f.let(bitsOfF64(sum));
  const even = eqz(and(wrap(bits), i32(1)));
  f.if(and(even, ne(error, f64(0))), () => {
    // The exact value lies on the error's side: next to it away from 0 if both have the same sign.
    const away = eq(flt(error, f64(0)), flt(sum, f64(0)));
    f.set(bits, select(away, add(bits, i64(1)), sub(bits, i64(1))));
  });
  return f.let(f64OfBits(bits));
};

/** args: the three bit patterns and the rounding mode; falls through where nothing is proven. */
export const buildFma = (f: FunctionBuilder, c: FloatCode, args: readonly Local[]): void => {
  f.if(eq(args[3] as I32, i32(0)), () => (c.type === 'f32' ? single(f, c, args) : double(f, c, args)));
};

/** In binary64 the product of two binary32 numbers is exact and nothing over- or underflows. */
const single = (f: FunctionBuilder, c: FloatCode, args: readonly Local[]): void => {
  const [x, y, z] = args.slice(0, 3).map((bits) => f.let(promote(f32OfBits(bits as I32)))) as [
    Local<'f64'>,
    Local<'f64'>,
    Local<'f64'>,
  ];
  const product = f.let(mul(x, y));
  const sum = f.let(add(product, z));
  const error = sumError(f, product, z, sum);
  const result = f.let(demote(roundToOdd(f, sum, error)));
  f.if(c.isOrdinary(result as Expr<'f32'>), () => {
    f.if(or(ne(promote(result), sum), ne(error, f64(0))), () => c.raiseInexact(f));
    f.return(bitsOfF32(result));
  });
};

/** Exponents around 1 by less than this keep every part of product and sums normal. */
const REACH = 400;

const double = (f: FunctionBuilder, c: FloatCode, args: readonly Local[]): void => {
  const [x, y, z] = args.slice(0, 3).map((bits) => f.let(f64OfBits(bits as I64))) as [
    Local<'f64'>,
    Local<'f64'>,
    Local<'f64'>,
  ];
  const near = (value: Expr<'f64'>): I32 => ltU(sub(c.exponent(value), i32(1023 - REACH)), i32(2 * REACH));
  f.if(and(near(x), near(y)), () => {
    const product = f.let(mul(x, y));
    const productLow = productError(f, x, y, product);
    f.if(near(z), () => {
      const low = f.let(add(z, productLow));
      const lowError = sumError(f, z, productLow, low);
      const high = f.let(add(product, low));
      const highError = sumError(f, product, low, high);
      const rest = f.let(add(lowError, highError));
      const restError = sumError(f, lowError, highError, rest);
      const odd = roundToOdd(f, rest, restError);
      const result = f.let(add(high, odd));
      // Deep cancellation may leave a result near the low end, or 0, whose sign is the exact helper's to say.
      f.if(near(result), () => {
        f.if(eqz(c.isInexact), () => {
          const inexact = or(ne(restError, f64(0)), ne(sumError(f, high, odd, result), f64(0)));
          f.if(inexact, () => c.raiseInexact(f));
        });
        f.return(bitsOfF64(result));
      });
    });
    // Adding 0 to a product that is none leaves a multiplication.
    f.if(eq(z, f64(0)), () => {
      f.if(ne(productLow, f64(0)), () => c.raiseInexact(f));
      f.return(bitsOfF64(product));
    });
  });
};
