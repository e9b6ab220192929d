/** From an instruction's recorded meaning to WebAssembly whose operands come from a decoded record. */
import {
  add,
  call,
  type Expr,
  extendU,
  type I32,
  type I64,
  i32,
  i64,
  local,
  type OperandName,
  peek,
  shrU,
} from '../../isa/expr.js';
import { CELL, F, X } from '../layout.js';
import type { FunctionBuilder, Local } from '../wasm/function.js';
import type { Callable } from '../wasm/module.js';
import type { HartCode } from './state.js';

/** Functions of the module that meanings need. */
export interface Library {
  readonly mulh: Readonly<Record<'mulh_s' | 'mulh_u' | 'mulh_su', Callable<'i64'>>>;
  readonly helpers: Readonly<Record<string, Callable>>;
}

/** Where a handler finds its record, its pc and its instruction's length. */
export interface Site {
  readonly record: Local<'i32'>;
  readonly pc: I64;
  readonly length: 2 | 4;
}

/** The record's fields as expressions. */
export const recordField = {
  rd: (record: I32): I32 => peek('i32', 8, record, 1),
  rs1: (record: I32): I32 => peek('i32', 8, record, 2),
  rs2: (record: I32): I32 => peek('i32', 8, record, 3),
  rs3: (record: I32): I32 => peek('i32', 8, record, 4),
  rm: (record: I32): I32 => peek('i32', 8, record, 5),
  imm: (record: I32): I64 => peek('i64', 32, record, 4, true),
};

const operandOf = (hart: HartCode, { record, pc, length }: Site, name: OperandName): Expr => {
  const x = (index: I32): I64 => peek('i64', 64, index, hart.address + X);
  const f = (index: I32): I64 => peek('i64', 64, index, hart.address + F);
  switch (name) {
    case 'rs1':
      return x(recordField.rs1(record));
    case 'rs2':
      return x(recordField.rs2(record));
    case 'f1':
      return f(recordField.rs1(record));
    case 'f2':
      return f(recordField.rs2(record));
    case 'f3':
      return f(recordField.rs3(record));
    case 'imm':
      return recordField.imm(record);
    case 'pc':
      return pc;
    case 'next':
      return add(pc, i64(length));
    case 'rdIndex':
      return shrU(recordField.rd(record), i32(3));
    case 'rs1Index':
      return shrU(recordField.rs1(record), i32(3));
    case 'rs2Index':
      return shrU(recordField.rs2(record), i32(3));
  }
};

/** Gives a meaning's expressions their operands and locals. */
export class Lowering {
  readonly #locals = new Map<number, Local>();

  constructor(
    readonly f: FunctionBuilder,
    readonly hart: HartCode,
    readonly library: Library,
    readonly site: Site,
    /** Hands out scratch variables, so that the handlers of one function share them. */
    readonly scratch: (type: Expr['type'], nth: number) => Local,
  ) {}

  /** A variable for a local of the meaning. */
  bind(id: number, type: Expr['type']): Local {
    const nth = [...this.#locals.values()].filter((l) => l.type === type).length;
    const variable = this.scratch(type, nth);
    this.#locals.set(id, variable);
    return variable;
  }

  rewrite<T extends Expr['type']>(e: Expr<T>): Expr<T> {
    return this.#rewrite(e) as Expr<T>;
  }
  #rewrite(e: Expr): Expr {
    switch (e.kind) {
      case 'operand':
        return operandOf(this.hart, this.site, e.name);
      case 'local': {
        const variable = this.#locals.get(e.id);
        if (variable === undefined) throw new ReferenceError(`local ${e.id} is read before it is bound`);
        return local(variable.type, variable.id);
      }
      case 'unary':
      case 'convert':
        return { ...e, a: this.#rewrite(e.a) } as Expr;
      case 'compare':
        return { ...e, a: this.#rewrite(e.a), b: this.#rewrite(e.b) } as Expr;
      case 'binary': {
        const [a, b] = [this.#rewrite(e.a), this.#rewrite(e.b)];
        if (e.op === 'mulh_s' || e.op === 'mulh_u' || e.op === 'mulh_su')
          return call('i64', this.library.mulh[e.op].index, a, b);
        return { ...e, a, b } as Expr;
      }
      case 'select':
        return { ...e, condition: this.#rewrite(e.condition), a: this.#rewrite(e.a), b: this.#rewrite(e.b) } as Expr;
      case 'load':
        return { ...e, address: this.rewrite(e.address) } as Expr;
      case 'call':
        return { ...e, args: e.args.map((arg) => this.#rewrite(arg)) } as Expr;
      default:
        return e;
    }
  }

  writeX(value: I64): void {
    this.f.poke(64, recordField.rd(this.site.record), value, this.hart.address + X);
  }
  writeF(value: I64): void {
    this.f.poke(64, recordField.rd(this.site.record), value, this.hart.address + F);
  }
  /** The effective rounding mode of this instruction, 255 if it is reserved. */
  rounding(): I32 {
    return this.hart.byte(recordField.rm(this.site.record), CELL.rounding);
  }
}

/** Scratch variables by type and position, made when first asked for. */
export const scratchOf = (f: FunctionBuilder): ((type: Expr['type'], nth: number) => Local) => {
  const variables = new Map<string, Local>();
  return (type, nth) => {
    const key = `${type}${nth}`;
    const known = variables.get(key) ?? f.local(type);
    variables.set(key, known);
    return known;
  };
};
/** Address of the instruction that a record in a decoded page stands for: four bytes of records per byte of code. */
export const pcOf = (bias: I64, record: I32): I64 => add(bias, extendU(shrU(record, i32(2))));
