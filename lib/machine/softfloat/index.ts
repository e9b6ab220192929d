/**
 * Exact IEEE 754 binary32 and binary64 arithmetic as the RISC-V F and D extensions specify it, over bit patterns held
 * in bigints. The oracle of the fast engines, and their slow path where the host's own arithmetic is not provably exact.
 */

export { add, div, fma, mul, sqrt, sub } from './arithmetic.js';
export { classify, eq, le, lt, max, min } from './compare.js';
export { box, convert, fromInteger, type IntegerType, toInteger, unbox } from './convert.js';
export { FLAG, type FloatEnvironment, ROUND } from './environment.js';
export { F32, F64, type FloatFormat } from './format.js';
