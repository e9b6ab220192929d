/** The high halves of 64-bit products, which WebAssembly lacks: schoolbook multiplication in 32-bit digits. */
import { add, and, type I64, i64, ltS, mul, select, shrU, sub } from '../../isa/expr.js';
import type { Callable, ModuleBuilder } from '../wasm/module.js';

type High = Readonly<Record<'mulh_s' | 'mulh_u' | 'mulh_su', Callable<'i64'>>>;

export const buildMultiply = (module: ModuleBuilder): High => {
  const define = (body: (a: I64, b: I64) => I64): Callable<'i64'> => {
    const callee = module.declare(['i64', 'i64'], 'i64');
    module.define(callee, (f) => f.return(body(f.param('i64', 0), f.param('i64', 1))));
    return callee;
  };
  const LOW = i64(0xffffffffn);
  const DIGIT = i64(32);
  const mulh_u = module.declare(['i64', 'i64'], 'i64');
  module.define(mulh_u, (f) => {
    const [a, b] = [f.param('i64', 0), f.param('i64', 1)];
    const [aLow, aHigh] = [f.let(and(a, LOW)), f.let(shrU(a, DIGIT))];
    const [bLow, bHigh] = [f.let(and(b, LOW)), f.let(shrU(b, DIGIT))];
    const middle = f.let(add(mul(aHigh, bLow), shrU(mul(aLow, bLow), DIGIT)));
    const carry = f.let(add(mul(aLow, bHigh), and(middle, LOW)));
    f.return(add(mul(aHigh, bHigh), add(shrU(middle, DIGIT), shrU(carry, DIGIT))));
  });
  // A negative operand was read as 2^64 too much, which adds the other operand to the high half.
  const correction = (sign: I64, other: I64): I64 => select(ltS(sign, i64(0)), other, i64(0));
  return {
    mulh_u,
    mulh_su: define((a, b) => sub(mulh_u.call(a, b), correction(a, b))),
    mulh_s: define((a, b) => sub(sub(mulh_u.call(a, b), correction(a, b)), correction(b, a))),
  };
};
