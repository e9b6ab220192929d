/** Names of the integer and floating-point registers (RISC-V calling conventions, tables 1 and 2). */

/** ABI names of x0 to x31. */
export const xNames: readonly string[] = (
  'zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 ' + 's2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6'
).split(' ');

/** ABI names of f0 to f31. */
export const fNames: readonly string[] = (
  'ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 ' +
  'fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11'
).split(' ');

const index = (names: readonly string[], prefix: string, extra: readonly [string, number][] = []) =>
  new Map([
    ...names.map((name, i) => [name, i] as const),
    ...names.map((_, i) => [`${prefix}${i}`, i] as const),
    ...extra,
  ]);
const xNumbers = index(xNames, 'x', [['fp', 8]]);
const fNumbers = index(fNames, 'f');

/** The number of an integer register given as `x5`, `t0` or `fp`; undefined for any other word. */
export const parseX = (name: string): number | undefined => xNumbers.get(name);
/** The number of a floating-point register given as `f10` or `fa0`; undefined for any other word. */
export const parseF = (name: string): number | undefined => fNumbers.get(name);
