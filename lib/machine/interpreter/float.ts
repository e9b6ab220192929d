/**
 * Fast paths of the floating-point helpers. WebAssembly computes what IEEE 754 says in round to nearest even, but
 * raises no flags; so each function takes the native result where it can prove the flags, and otherwise calls the exact
 * helper. What it proves: which of the five flags an operation can raise, from the classes of operands and result, and
 * whether it was exact, from an error-free transformation. NX that is already set needs no proof.
 */
import {
  add,
  and,
  type Expr,
  eq,
  f64,
  fabs,
  fdiv,
  fgt,
  fle,
  flt,
  fneg,
  fsqrt,
  type I32,
  i32,
  i64,
  ltU,
  mul,
  ne,
  or,
  promote,
  select,
  sub,
} from '../../isa/expr.js';
import type { Helper } from '../../isa/helpers.js';
import { helpers } from '../../isa/helpers.js';
import type { FunctionBuilder, Local } from '../wasm/function.js';
import type { Callable, ModuleBuilder } from '../wasm/module.js';
import { type Build, FloatCode } from './float-code.js';
import { fromInteger, integerKinds, narrow, toInteger, widen } from './float-convert.js';
import { type FloatType, productError, sumError } from './float-exact.js';
import { buildFma } from './float-fma.js';
import type { HartCode } from './state.js';

const RNE = 0;

/** The rounding mode is the last argument of every operation that rounds. */
const rounding = (args: readonly Local[]): I32 => args.at(-1) as I32;
const isNearest = (args: readonly Local[]): I32 => eq(rounding(args), i32(RNE));

/** Returns the result if it was exact or NX is set; else raises NX, unless the error is not finite and proves nothing. */
const returnWithError = (f: FunctionBuilder, c: FloatCode, result: Expr, error: Expr): void => {
  f.if(fgt(fabs(error), zero(c)), () => {
    f.if(c.isFinite(error as Expr<FloatType>), () => {
      c.raiseInexact(f);
      f.return(result);
    });
  });
  f.if(eq(error, zero(c)), () => f.return(result));
};
const zero = (c: FloatCode): Expr<FloatType> => c.value(c.type === 'f32' ? i32(0) : i64(0));

/** Sums that are subnormal are exact, so a finite one raises NX at the most. */
const sum =
  (negate: boolean): Build =>
  (f, c, args) => {
    f.if(isNearest(args), () => {
      const x = f.let(c.value(args[0] as Expr));
      const y = f.let(negate ? fneg(c.value(args[1] as Expr)) : c.value(args[1] as Expr));
      const result = f.let(add(x, y));
      f.if(c.isFinite(result), () => {
        f.if(c.isInexact, () => f.return(c.bits(result)));
        returnWithError(f, c, c.bits(result), sumError(f, x, y, result));
      });
    });
  };

/** Where Dekker's product is valid: both factors below 2^996, and the product's exponent 106 above the smallest and clear of the top, which its rounded parts may exceed. */
const productIsSafe = (c: FloatCode, x: Expr, y: Expr, product: Expr): I32 => {
  const below = (value: Expr): I32 => ltU(c.exponent(value as Expr<FloatType>), i32(1023 + 996));
  return and(and(below(x), below(y)), ltU(sub(c.exponent(product as Expr<FloatType>), i32(108)), i32(2040 - 108)));
};

/** Raises NX unless `factor` * `other` is exactly `expected`, then returns; falls through where that is not provable. */
const returnIfProductKnown = (
  f: FunctionBuilder,
  c: FloatCode,
  result: Expr,
  x: Expr,
  y: Expr,
  expected: Expr,
): void => {
  if (c.type === 'f32') {
    // Products of two binary32 numbers are exact in binary64.
    const exact = mul(promote(x as Expr<'f32'>), promote(y as Expr<'f32'>));
    f.if(ne(exact, promote(expected as Expr<'f32'>)), () => c.raiseInexact(f));
    f.return(result);
    return;
  }
  const product = f.let(mul(x as Expr<'f64'>, y as Expr<'f64'>));
  f.if(productIsSafe(c, x, y, product), () => {
    const error = productError(f, x as Expr<'f64'>, y as Expr<'f64'>, product);
    f.if(or(ne(product, expected as Expr<'f64'>), ne(error, f64(0))), () => c.raiseInexact(f));
    f.return(result);
  });
};

const product: Build = (f, c, args) => {
  f.if(isNearest(args), () => {
    const [x, y] = [f.let(c.value(args[0] as Expr)), f.let(c.value(args[1] as Expr))];
    const result = f.let(mul(x, y));
    f.if(
      c.isOrdinary(result),
      () => {
        f.if(c.isInexact, () => f.return(c.bits(result)));
        returnIfProductKnown(f, c, c.bits(result), x, y, result);
      },
      // A zero factor gives an exact zero, unless the other is infinite or NaN and the result therefore is no zero.
      () => f.if(and(eq(result, zero(c)), or(eq(x, zero(c)), eq(y, zero(c)))), () => f.return(c.bits(result))),
    );
  });
};

const quotient: Build = (f, c, args) => {
  f.if(isNearest(args), () => {
    const [x, y] = [f.let(c.value(args[0] as Expr)), f.let(c.value(args[1] as Expr))];
    const result = f.let(fdiv(x, y));
    f.if(
      c.isOrdinary(result),
      () => {
        f.if(c.isInexact, () => f.return(c.bits(result)));
        returnIfProductKnown(f, c, c.bits(result), result, y, x);
      },
      () => f.if(and(eq(result, zero(c)), and(eq(x, zero(c)), c.isFinite(y))), () => f.return(c.bits(result))),
    );
  });
};

const squareRoot: Build = (f, c, args) => {
  f.if(isNearest(args), () => {
    const x = f.let(c.value(args[0] as Expr));
    f.if(eq(x, zero(c)), () => f.return(args[0]));
    const result = f.let(fsqrt(x));
    f.if(c.isOrdinary(result), () => {
      f.if(c.isInexact, () => f.return(c.bits(result)));
      returnIfProductKnown(f, c, c.bits(result), result, result, x);
    });
  });
};

const ordered = (f: FunctionBuilder, x: Expr, y: Expr, then: () => void): void => f.if(and(eq(x, x), eq(y, y)), then);
const comparison =
  (compare: (x: Expr<FloatType>, y: Expr<FloatType>) => I32): Build =>
  (f, c, args) => {
    const [x, y] = [f.let(c.value(args[0] as Expr)), f.let(c.value(args[1] as Expr))];
    ordered(f, x, y, () => f.return(compare(x, y)));
  };
/** Equal operands may be zeros of either sign, which the exact helper tells apart. */
const extremum =
  (isFirst: (x: Expr<FloatType>, y: Expr<FloatType>) => I32): Build =>
  (f, c, args) => {
    const [x, y] = [f.let(c.value(args[0] as Expr)), f.let(c.value(args[1] as Expr))];
    f.if(and(and(eq(x, x), eq(y, y)), ne(x, y)), () =>
      f.return(select(isFirst(x, y), args[0] as Expr, args[1] as Expr)),
    );
  };

const builds = (format: 's' | 'd'): Readonly<Record<string, Build>> => ({
  add: sum(false),
  sub: sum(true),
  mul: product,
  div: quotient,
  sqrt: squareRoot,
  fma: buildFma,
  eq: comparison(eq),
  lt: comparison(flt),
  le: comparison(fle),
  min: extremum(flt),
  max: extremum(fgt),
  ...Object.fromEntries(Object.entries(integerKinds).map(([name, kind]) => [`cvt.${name}`, toInteger(kind)])),
  ...Object.fromEntries(
    Object.entries(integerKinds).map(([name, kind]) => [`cvt.${format}.${name}`, fromInteger(kind)]),
  ),
});

/**
 * The helpers with fast paths in front of them. `exact` are the imported ones by name.
 */
export const buildFloat = (
  module: ModuleBuilder,
  hart: HartCode,
  exact: Readonly<Record<string, Callable>>,
): Record<string, Callable> => {
  const fast: Record<string, Callable> = { ...exact };
  const define = (helper: Helper, type: FloatType, build: Build): void => {
    const callee = module.declare(helper.params, helper.result);
    module.define(callee, (f) => {
      const args = helper.params.map((param, i) => f.param(param, i));
      build(f, new FloatCode(hart, type), args);
      hart.count(f, 'floatSlow');
      f.return((exact[helper.name] as Callable).call(...args));
    });
    fast[helper.name] = callee;
  };
  const all = helpers as Readonly<Record<string, Helper>>;
  for (const [format, type] of [
    ['s', 'f32'],
    ['d', 'f64'],
  ] as const) {
    for (const [name, build] of Object.entries(builds(format))) {
      const full = name.startsWith(`cvt.${format}.`) ? name : `${name}.${format}`;
      define(all[full] as Helper, type, build);
    }
  }
  define(helpers['cvt.d.s'], 'f64', widen);
  define(helpers['cvt.s.d'], 'f64', narrow);
  return fast;
};
