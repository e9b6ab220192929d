/**
 * Error-free transformations: the rounding error of a native operation as a native number, valid in round to nearest
 * even. An operation is exact if and only if its error is 0.
 */
import { add, type Expr, f64, mul, sub } from '../../isa/expr.js';
import type { FunctionBuilder, Local } from '../wasm/function.js';

export type FloatType = 'f32' | 'f64';

/** Error of `sum` = x + y (Knuth, The Art of Computer Programming 2, 4.2.2 theorem B). Exact unless something overflows, when it is not finite. */
export const sumError = <T extends FloatType>(f: FunctionBuilder, x: Expr<T>, y: Expr<T>, sum: Expr<T>): Local<T> => {
  const y1 = f.let(sub(sum, x));
  return f.let(add(sub(x, sub(sum, y1)), sub(y, y1)));
};

/** 2^27 + 1 halves a 53-bit significand (Veltkamp). */
const SPLITTER = f64(134217729);

/** High half of a double; the low half is what it leaves. Precondition: |x| < 2^996. */
const highHalf = (f: FunctionBuilder, x: Expr<'f64'>): Local<'f64'> => {
  const scaled = f.let(mul(SPLITTER, x));
  return f.let(sub(scaled, sub(scaled, x)));
};

/**
 * Error of `product` = x * y (Dekker, Numerische Mathematik 18, 1971). Preconditions: |x| and |y| below 2^996, and the
 * product's exponent at least 106 above the smallest and a little below the largest, so that no part is subnormal or
 * overflows.
 */
export const productError = (
  f: FunctionBuilder,
  x: Expr<'f64'>,
  y: Expr<'f64'>,
  product: Expr<'f64'>,
): Local<'f64'> => {
  const [xh, yh] = [highHalf(f, x), highHalf(f, y)];
  const [xl, yl] = [f.let(sub(x, xh)), f.let(sub(y, yh))];
  return f.let(add(add(add(sub(mul(xh, yh), product), mul(xh, yl)), mul(xl, yh)), mul(xl, yl)));
};
