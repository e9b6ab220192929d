/**
 * Evaluates expressions of instruction meanings over bigints: an i32 is 0 to 2^32 - 1, an i64 is 0 to 2^64 - 1.
 * Each operation is WebAssembly's of the same name (core specification, 4.3.2), written the plainest way.
 */
import type { BinaryOp, CompareOp, ConvertOp, Expr, OperandName, UnaryOp } from '../../isa/expr.js';
import type { Operands } from '../../isa/format.js';
import type { Hart } from '../hart.js';

/** What an instruction's expressions read while it runs. */
export interface Frame {
  readonly hart: Hart;
  operands: Operands;
  /** Sign-extended immediate, address of the instruction, address after it: unsigned 64 bits. */
  imm: bigint;
  pc: bigint;
  next: bigint;
  /** Values of the meaning's locals, by id. */
  readonly locals: bigint[];
}
export type Evaluate = (frame: Frame) => bigint;

type Width = 32 | 64;
const unsigned = (width: Width, value: bigint): bigint => BigInt.asUintN(width, value);
const signed = (width: Width, value: bigint): bigint => BigInt.asIntN(width, value);
const truth = (value: boolean): bigint => (value ? 1n : 0n);
/** Shift amounts are taken modulo the width. */
const amount = (width: Width, b: bigint): bigint => b % BigInt(width);

type Unary = (width: Width, a: bigint) => bigint;
const unary: Readonly<Partial<Record<UnaryOp, Unary>>> = {
  eqz: (_, a) => truth(a === 0n),
  extend8_s: (width, a) => unsigned(width, BigInt.asIntN(8, a)),
  extend16_s: (width, a) => unsigned(width, BigInt.asIntN(16, a)),
  extend32_s: (width, a) => unsigned(width, BigInt.asIntN(32, a)),
};

type Binary = (width: Width, a: bigint, b: bigint) => bigint;
/** Division by zero throws RangeError, as bigints do; meanings guard against it, because WebAssembly would trap. */
const binary: Readonly<Partial<Record<BinaryOp, Binary>>> = {
  add: (width, a, b) => unsigned(width, a + b),
  sub: (width, a, b) => unsigned(width, a - b),
  mul: (width, a, b) => unsigned(width, a * b),
  div_s: (width, a, b) => unsigned(width, signed(width, a) / signed(width, b)),
  div_u: (_, a, b) => a / b,
  rem_s: (width, a, b) => unsigned(width, signed(width, a) % signed(width, b)),
  rem_u: (_, a, b) => a % b,
  and: (_, a, b) => a & b,
  or: (_, a, b) => a | b,
  xor: (_, a, b) => a ^ b,
  shl: (width, a, b) => unsigned(width, a << amount(width, b)),
  shr_s: (width, a, b) => unsigned(width, signed(width, a) >> amount(width, b)),
  shr_u: (width, a, b) => a >> amount(width, b),
  mulh_s: (width, a, b) => unsigned(width, (signed(width, a) * signed(width, b)) >> BigInt(width)),
  mulh_u: (width, a, b) => (a * b) >> BigInt(width),
  mulh_su: (width, a, b) => unsigned(width, (signed(width, a) * b) >> BigInt(width)),
};

type Compare = (width: Width, a: bigint, b: bigint) => boolean;
const compare: Readonly<Partial<Record<CompareOp, Compare>>> = {
  eq: (_, a, b) => a === b,
  ne: (_, a, b) => a !== b,
  lt_s: (width, a, b) => signed(width, a) < signed(width, b),
  lt_u: (_, a, b) => a < b,
  gt_s: (width, a, b) => signed(width, a) > signed(width, b),
  gt_u: (_, a, b) => a > b,
  le_s: (width, a, b) => signed(width, a) <= signed(width, b),
  le_u: (_, a, b) => a <= b,
  ge_s: (width, a, b) => signed(width, a) >= signed(width, b),
  ge_u: (_, a, b) => a >= b,
};

const convert: Readonly<Partial<Record<ConvertOp, (a: bigint) => bigint>>> = {
  'i32.wrap_i64': (a) => unsigned(32, a),
  'i64.extend_i32_s': (a) => unsigned(64, signed(32, a)),
  'i64.extend_i32_u': (a) => a,
};

const operand: Readonly<Record<OperandName, Evaluate>> = {
  rs1: ({ hart, operands }) => hart.x(operands.rs1),
  rs2: ({ hart, operands }) => hart.x(operands.rs2),
  f1: ({ hart, operands }) => hart.f(operands.rs1),
  f2: ({ hart, operands }) => hart.f(operands.rs2),
  f3: ({ hart, operands }) => hart.f(operands.rs3),
  imm: (frame) => frame.imm,
  pc: (frame) => frame.pc,
  next: (frame) => frame.next,
  rdIndex: ({ operands }) => BigInt(operands.rd),
  rs1Index: ({ operands }) => BigInt(operands.rs1),
  rs2Index: ({ operands }) => BigInt(operands.rs2),
};

const defined = <T>(rule: T | undefined, op: string): T => {
  if (rule === undefined) throw new RangeError(`${op} has no meaning over integers`);
  return rule;
};
/** Width of an integer expression. Throws RangeError for a floating-point one. */
const widthOf = ({ type }: Expr): Width => {
  if (type === 'i32') return 32;
  if (type === 'i64') return 64;
  throw new RangeError(`${type} values do not occur in instruction meanings`);
};

/** Turns an expression into a function of the frame. Throws RangeError for nodes that instruction meanings do not use. */
export const compile = (expr: Expr): Evaluate => {
  switch (expr.kind) {
    case 'const': {
      const value = unsigned(widthOf(expr), expr.value);
      return () => value;
    }
    case 'local': {
      const { id } = expr;
      return ({ locals }) => locals[id] as bigint;
    }
    case 'operand':
      return operand[expr.name];
    case 'unary': {
      const rule = defined(unary[expr.op], expr.op);
      const width = widthOf(expr.a);
      const a = compile(expr.a);
      return (frame) => rule(width, a(frame));
    }
    case 'binary': {
      const rule = defined(binary[expr.op], expr.op);
      const width = widthOf(expr);
      const a = compile(expr.a);
      const b = compile(expr.b);
      return (frame) => rule(width, a(frame), b(frame));
    }
    case 'compare': {
      const rule = defined(compare[expr.op], expr.op);
      const width = widthOf(expr.a);
      const a = compile(expr.a);
      const b = compile(expr.b);
      return (frame) => truth(rule(width, a(frame), b(frame)));
    }
    case 'convert': {
      const rule = defined(convert[expr.op], expr.op);
      const a = compile(expr.a);
      return (frame) => rule(a(frame));
    }
    case 'select': {
      const condition = compile(expr.condition);
      const a = compile(expr.a);
      const b = compile(expr.b);
      return (frame) => (condition(frame) !== 0n ? a(frame) : b(frame));
    }
    default:
      throw new RangeError(`${expr.kind} does not occur in instruction meanings`);
  }
};
