/**
 * Expressions: the typed nodes in which instruction semantics, page walks and the interpreter are written.
 * A node is a WebAssembly operation (https://webassembly.github.io/spec/core/), so the fast engines emit it
 * as it stands and the reference engine evaluates it over bigints. Expressions are pure; whatever has an
 * effect or may trap is a statement (see semantics.ts).
 */
export type Type = 'i32' | 'i64' | 'f32' | 'f64';

export type UnaryOp = 'eqz' | 'extend8_s' | 'extend16_s' | 'extend32_s' | 'abs' | 'neg' | 'sqrt';
export type BinaryOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div_s'
  | 'div_u'
  | 'rem_s'
  | 'rem_u'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr_s'
  | 'shr_u'
  | 'div'
  /** High 64 bits of a 128-bit product: WebAssembly has no such operation, so the engines that emit it call a helper. */
  | 'mulh_s'
  | 'mulh_u'
  | 'mulh_su';
export type CompareOp =
  | 'eq'
  | 'ne'
  | 'lt_s'
  | 'lt_u'
  | 'gt_s'
  | 'gt_u'
  | 'le_s'
  | 'le_u'
  | 'ge_s'
  | 'ge_u'
  | 'lt'
  | 'gt'
  | 'le'
  | 'ge';
export type ConvertOp =
  | 'i32.wrap_i64'
  | 'i64.extend_i32_s'
  | 'i64.extend_i32_u'
  | 'f32.demote_f64'
  | 'f64.promote_f32'
  | 'i32.reinterpret_f32'
  | 'i64.reinterpret_f64'
  | 'f32.reinterpret_i32'
  | 'f64.reinterpret_i64'
  | 'i64.trunc_f64_s'
  | 'f64.convert_i64_s'
  | 'f64.convert_i64_u'
  | 'f32.convert_i64_s'
  | 'f32.convert_i64_u';

/** What an instruction's meaning may read: see {@link Semantics} for what each one holds. */
export type OperandName =
  | 'rs1'
  | 'rs2'
  | 'f1'
  | 'f2'
  | 'f3'
  | 'imm'
  | 'pc'
  | 'next'
  | 'rdIndex'
  | 'rs1Index'
  | 'rs2Index';

export type Expr<T extends Type = Type> = { readonly type: T } & (
  | { readonly kind: 'const'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly a: Expr }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly a: Expr; readonly b: Expr }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly a: Expr; readonly b: Expr }
  | { readonly kind: 'convert'; readonly op: ConvertOp; readonly a: Expr }
  | { readonly kind: 'select'; readonly condition: Expr<'i32'>; readonly a: Expr; readonly b: Expr }
  | { readonly kind: 'local'; readonly id: number }
  | { readonly kind: 'operand'; readonly name: OperandName }
  /** A word of the engine's own linear memory, not of guest memory. Absent from instruction meanings. */
  | {
      readonly kind: 'load';
      readonly bits: 8 | 16 | 32 | 64;
      readonly signed: boolean;
      readonly address: Expr<'i32'>;
      readonly offset: number;
    }
  /** A function of the engine's own module. Absent from instruction meanings. */
  | { readonly kind: 'call'; readonly callee: number; readonly args: readonly Expr[] }
);
export type I32 = Expr<'i32'>;
export type I64 = Expr<'i64'>;
type IntExpr = 'i32' | 'i64';

export const i32 = (value: number | bigint): I32 => ({
  type: 'i32',
  kind: 'const',
  value: BigInt.asIntN(32, BigInt(value)),
});
export const i64 = (value: number | bigint): I64 => ({
  type: 'i64',
  kind: 'const',
  value: BigInt.asIntN(64, BigInt(value)),
});
export const f64 = (value: number): Expr<'f64'> => ({ type: 'f64', kind: 'float', value });
export const f32 = (value: number): Expr<'f32'> => ({ type: 'f32', kind: 'float', value });
export const local = <T extends Type>(type: T, id: number): Expr<T> => ({ type, kind: 'local', id }) as Expr<T>;
export const operand = <T extends Type>(type: T, name: OperandName): Expr<T> =>
  ({ type, kind: 'operand', name }) as Expr<T>;

const unary =
  (op: UnaryOp) =>
  <T extends Type>(a: Expr<T>): Expr<T> =>
    ({ type: a.type, kind: 'unary', op, a }) as Expr<T>;
const binary =
  (op: BinaryOp) =>
  <T extends Type>(a: Expr<T>, b: Expr<T>): Expr<T> =>
    ({ type: a.type, kind: 'binary', op, a, b }) as Expr<T>;
const compare =
  (op: CompareOp) =>
  <T extends Type>(a: Expr<T>, b: Expr<T>): I32 => ({ type: 'i32', kind: 'compare', op, a, b });
const convert =
  <F extends Type, T extends Type>(op: ConvertOp, to: T) =>
  (a: Expr<F>): Expr<T> =>
    ({ type: to, kind: 'convert', op, a }) as Expr<T>;

export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const divS = binary('div_s');
export const divU = binary('div_u');
export const remS = binary('rem_s');
export const remU = binary('rem_u');
export const and = binary('and');
export const or = binary('or');
export const xor = binary('xor');
export const shl = binary('shl');
export const shrS = binary('shr_s');
export const shrU = binary('shr_u');
export const fdiv = binary('div');
export const mulhS = binary('mulh_s');
export const mulhU = binary('mulh_u');
export const mulhSU = binary('mulh_su');

export const eq = compare('eq');
export const ne = compare('ne');
export const ltS = compare('lt_s');
export const ltU = compare('lt_u');
export const gtS = compare('gt_s');
export const gtU = compare('gt_u');
export const leU = compare('le_u');
export const geS = compare('ge_s');
export const geU = compare('ge_u');
export const flt = compare('lt');
export const fgt = compare('gt');
export const fle = compare('le');
export const fge = compare('ge');

export const eqz = (a: Expr<IntExpr>): I32 => ({ type: 'i32', kind: 'unary', op: 'eqz', a });
export const fabs = unary('abs');
export const fneg = unary('neg');
export const fsqrt = unary('sqrt');
/** Sign extension from the low 8, 16 or 32 bits. */
export const sext8 = unary('extend8_s');
export const sext16 = unary('extend16_s');
export const sext32 = unary('extend32_s');

export const wrap = convert<'i64', 'i32'>('i32.wrap_i64', 'i32');
export const extendS = convert<'i32', 'i64'>('i64.extend_i32_s', 'i64');
export const extendU = convert<'i32', 'i64'>('i64.extend_i32_u', 'i64');
export const demote = convert<'f64', 'f32'>('f32.demote_f64', 'f32');
export const promote = convert<'f32', 'f64'>('f64.promote_f32', 'f64');
export const bitsOfF32 = convert<'f32', 'i32'>('i32.reinterpret_f32', 'i32');
export const bitsOfF64 = convert<'f64', 'i64'>('i64.reinterpret_f64', 'i64');
export const f32OfBits = convert<'i32', 'f32'>('f32.reinterpret_i32', 'f32');
export const f64OfBits = convert<'i64', 'f64'>('f64.reinterpret_i64', 'f64');
export const truncateS = convert<'f64', 'i64'>('i64.trunc_f64_s', 'i64');
export const f64OfI64 = convert<'i64', 'f64'>('f64.convert_i64_s', 'f64');
export const f64OfU64 = convert<'i64', 'f64'>('f64.convert_i64_u', 'f64');
export const f32OfI64 = convert<'i64', 'f32'>('f32.convert_i64_s', 'f32');
export const f32OfU64 = convert<'i64', 'f32'>('f32.convert_i64_u', 'f32');

/** `condition ? a : b`; both sides are evaluated. */
export const select = <T extends Type>(condition: I32, a: Expr<T>, b: Expr<T>): Expr<T> =>
  ({ type: a.type, kind: 'select', condition, a, b }) as Expr<T>;

/** A word of the engine's linear memory at `address + offset`, extended to the result type. */
export const peek = <T extends IntExpr>(
  type: T,
  bits: 8 | 16 | 32 | 64,
  address: I32,
  offset = 0,
  signed = false,
): Expr<T> => ({ type, kind: 'load', bits, signed, address, offset }) as Expr<T>;
export const call = <T extends Type>(type: T, callee: number, ...args: Expr[]): Expr<T> =>
  ({ type, kind: 'call', callee, args }) as Expr<T>;
