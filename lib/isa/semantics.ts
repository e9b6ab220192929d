/**
 * What an instruction does, as data. A row's meaning is written against {@link Semantics}; recording it yields
 * a list of {@link Statement}s that the interpreter, the translator and the reference engine each take in their
 * own way. Statements run in order; one that traps ends the instruction with nothing after it done.
 */
import {
  and,
  type Expr,
  eq,
  extendU,
  type I32,
  type I64,
  i64,
  local,
  operand,
  or,
  select,
  shrU,
  type Type,
  wrap,
} from './expr.js';
import type { Helper } from './helpers.js';
import { helpers } from './helpers.js';

export type Bits = 8 | 16 | 32 | 64;
/** Why memory is touched: it decides the cause of a fault and what the MMU must allow. */
export type Access = 'load' | 'store' | 'amo' | 'reserve';

export type Statement =
  | { readonly kind: 'let'; readonly local: number; readonly value: Expr }
  /** Guest load into an i64 local. `amo` needs write permission and faults as a store; `reserve` (LR) sets the reservation. */
  | {
      readonly kind: 'load';
      readonly local: number;
      readonly address: I64;
      readonly bits: Bits;
      readonly signed: boolean;
      readonly access: Access;
    }
  | { readonly kind: 'store'; readonly address: I64; readonly value: I64; readonly bits: Bits }
  /** SC: stores if the reservation holds; the i64 local becomes 0 on success and 1 on failure. */
  | {
      readonly kind: 'conditional';
      readonly local: number;
      readonly address: I64;
      readonly value: I64;
      readonly bits: Bits;
    }
  | { readonly kind: 'write'; readonly file: 'x' | 'f'; readonly value: I64 }
  | { readonly kind: 'jump'; readonly target: I64 }
  | { readonly kind: 'branch'; readonly condition: I32 }
  /** Illegal instruction unless mstatus.FS (and vsstatus.FS in VS or VU mode) is on; marks it dirty. */
  | { readonly kind: 'float' }
  /** Resolves the rm field through frm into an i32 local; a reserved mode is an illegal instruction. */
  | { readonly kind: 'rounding'; readonly local: number }
  | {
      readonly kind: 'call';
      readonly local: number | undefined;
      readonly helper: Helper;
      readonly args: readonly Expr[];
    };

const CANONICAL_NAN_F32 = 0x7fc00000;
const BOX = 0xffffffff00000000n;

/** The vocabulary of an instruction's meaning. */
export class Semantics {
  readonly statements: Statement[] = [];
  #locals = 0;

  /** Integer source registers, 64 bits. */
  readonly rs1 = operand('i64', 'rs1');
  readonly rs2 = operand('i64', 'rs2');
  /** Floating-point source registers as raw 64-bit patterns. */
  readonly f1 = operand('i64', 'f1');
  readonly f2 = operand('i64', 'f2');
  readonly f3 = operand('i64', 'f3');
  /** The immediate as the format defines it, sign-extended to 64 bits. */
  readonly imm = operand('i64', 'imm');
  /** Address of this instruction, and of the one after it in memory. */
  readonly pc = operand('i64', 'pc');
  readonly next = operand('i64', 'next');
  /** Register numbers, for instructions whose effect depends on x0 being named. */
  readonly rdIndex = operand('i32', 'rdIndex');
  readonly rs1Index = operand('i32', 'rs1Index');
  readonly rs2Index = operand('i32', 'rs2Index');

  #local<T extends Type>(type: T): { id: number; node: Expr<T> } {
    const id = this.#locals++;
    return { id, node: local(type, id) };
  }

  /** Evaluates once and names the result. */
  let<T extends Type>(value: Expr<T>): Expr<T> {
    const { id, node } = this.#local(value.type as T);
    this.statements.push({ kind: 'let', local: id, value });
    return node;
  }
  load(address: I64, bits: Bits, signed: boolean, access: Access = 'load'): I64 {
    const { id, node } = this.#local('i64');
    this.statements.push({ kind: 'load', local: id, address, bits, signed, access });
    return node;
  }
  store(address: I64, value: I64, bits: Bits): void {
    this.statements.push({ kind: 'store', address, value, bits });
  }
  storeConditional(address: I64, value: I64, bits: Bits): I64 {
    const { id, node } = this.#local('i64');
    this.statements.push({ kind: 'conditional', local: id, address, value, bits });
    return node;
  }
  /** Writes rd; x0 stays 0. */
  write(value: I64): void {
    this.statements.push({ kind: 'write', file: 'x', value });
  }
  writeF(value: I64): void {
    this.statements.push({ kind: 'write', file: 'f', value });
  }
  /** Writes a binary32 pattern, NaN-boxed. */
  writeS(bits: I32): void {
    this.writeF(or(extendU(bits), i64(BOX)));
  }
  jump(target: I64): void {
    this.statements.push({ kind: 'jump', target });
  }
  /** Continues at pc + imm if the condition is not 0. */
  branch(condition: I32): void {
    this.statements.push({ kind: 'branch', condition });
  }
  /** Must come first in every floating-point instruction. */
  float(): void {
    this.statements.push({ kind: 'float' });
  }
  rounding(): I32 {
    const { id, node } = this.#local('i32');
    this.statements.push({ kind: 'rounding', local: id });
    return node;
  }
  /** Unboxes a binary32 operand: a register that is not NaN-boxed reads as the canonical NaN (unprivileged spec, F 12.2). */
  single(f: I64): I32 {
    return wrap(select(eq(shrU(f, i64(32)), i64(0xffffffffn)), and(f, i64(0xffffffffn)), i64(CANONICAL_NAN_F32)));
  }
  /** Calls a helper that returns nothing. */
  effect(name: keyof typeof helpers, ...args: Expr[]): void {
    this.statements.push({ kind: 'call', local: undefined, helper: helpers[name], args });
  }
  /** Calls a helper for its result. */
  call<T extends Type>(type: T, name: keyof typeof helpers, ...args: Expr[]): Expr<T> {
    const { id, node } = this.#local(type);
    this.statements.push({ kind: 'call', local: id, helper: helpers[name], args });
    return node;
  }
}

export type Meaning = (c: Semantics) => void;

/** Runs a meaning and returns what it recorded. */
export const record = (meaning: Meaning): readonly Statement[] => {
  const semantics = new Semantics();
  meaning(semantics);
  return semantics.statements;
};
