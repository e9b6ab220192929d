/** WebAssembly's binary opcodes for the operations of isa/expr.ts (core specification, chapter 5.4). */
import type { Type } from '../../isa/expr.js';

const codes: Record<string, number> = {};
const series = (first: number, type: Type, names: string): void => {
  for (const [i, name] of names.split(' ').entries()) codes[`${type}.${name}`] = first + i;
};
series(0x45, 'i32', 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u');
series(0x50, 'i64', 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u');
series(0x5b, 'f32', 'eq ne lt gt le ge');
series(0x61, 'f64', 'eq ne lt gt le ge');
series(0x67, 'i32', 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u');
series(0x79, 'i64', 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u');
series(0x8b, 'f32', 'abs neg ceil floor trunc nearest sqrt add sub mul div');
series(0x99, 'f64', 'abs neg ceil floor trunc nearest sqrt add sub mul div');
series(0xa7, 'i32', 'wrap_i64');
series(0xac, 'i64', 'extend_i32_s extend_i32_u');
series(0xb0, 'i64', 'trunc_f64_s');
series(0xb4, 'f32', 'convert_i64_s convert_i64_u demote_f64');
series(0xb9, 'f64', 'convert_i64_s convert_i64_u promote_f32');
series(0xbc, 'i32', 'reinterpret_f32');
series(0xbd, 'i64', 'reinterpret_f64');
series(0xbe, 'f32', 'reinterpret_i32');
series(0xbf, 'f64', 'reinterpret_i64');
series(0xc0, 'i32', 'extend8_s extend16_s');
series(0xc2, 'i64', 'extend8_s extend16_s extend32_s');

/** Opcode of an operation by its name in the text format, such as `i64.add`. */
export const opcode = (name: string): number => {
  const code = codes[name];
  if (code === undefined) throw new RangeError(`WebAssembly has no operation ${name}`);
  return code;
};

export const valueType: Readonly<Record<Type, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

export const LOAD: Readonly<Record<string, number>> = {
  'i32.8u': 0x2d,
  'i32.8s': 0x2c,
  'i32.16u': 0x2f,
  'i32.16s': 0x2e,
  'i32.32u': 0x28,
  'i32.32s': 0x28,
  'i64.8u': 0x31,
  'i64.8s': 0x30,
  'i64.16u': 0x33,
  'i64.16s': 0x32,
  'i64.32u': 0x35,
  'i64.32s': 0x34,
  'i64.64u': 0x29,
  'i64.64s': 0x29,
};
export const STORE: Readonly<Record<string, number>> = {
  'i32.8': 0x3a,
  'i32.16': 0x3b,
  'i32.32': 0x36,
  'i64.8': 0x3c,
  'i64.16': 0x3d,
  'i64.32': 0x3e,
  'i64.64': 0x37,
};
export const CONTROL = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  /** Block type of a block without results. */
  empty: 0x40,
} as const;
