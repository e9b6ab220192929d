/** The hart's state as expressions: its addresses are constants of the generated code. */
import { add, type Expr, extendU, type I32, type I64, i32, i64, peek, sub } from '../../isa/expr.js';
import { CELL, type CellName, COUNTER, type CounterName, PRICE } from '../layout.js';
import type { FunctionBuilder } from '../wasm/function.js';

const ZERO = i32(0);

/** Addresses cells of the hart whose block is at `address`. */
export class HartCode {
  constructor(
    readonly address: number,
    readonly dataEntries: number,
    readonly fetchEntries: number,
    readonly fetchTlbAt: number,
  ) {}

  get32(cell: CellName): I32 {
    return peek('i32', 32, ZERO, this.address + CELL[cell]);
  }
  get64(cell: CellName): I64 {
    return peek('i64', 64, ZERO, this.address + CELL[cell]);
  }
  set32(f: FunctionBuilder, cell: CellName, value: I32): void {
    f.poke(32, ZERO, value, this.address + CELL[cell]);
  }
  set64(f: FunctionBuilder, cell: CellName, value: I64): void {
    f.poke(64, ZERO, value, this.address + CELL[cell]);
  }
  /** A byte of the hart's block at a computed distance from a constant offset. */
  byte(index: I32, offset: number): I32 {
    return peek('i32', 8, index, this.address + offset);
  }
  count(f: FunctionBuilder, counter: CounterName): void {
    const at = this.address + COUNTER[counter];
    f.poke(64, ZERO, add(peek('i64', 64, ZERO, at), i64(1)), at);
  }
  /** Charges the price of an event: more stall cycles, and that much less to run (see Hart.charge). */
  charge(f: FunctionBuilder, price: keyof typeof PRICE): void {
    const cycles = peek('i32', 32, ZERO, this.address + PRICE[price]);
    this.set64(f, 'stall', add(this.get64('stall'), extendU(cycles)));
    this.set32(f, 'limit', sub(this.get32('limit'), cycles));
  }
  /** Adds to the tally cell. */
  tally(f: FunctionBuilder, amount: bigint): void {
    this.set64(f, 'tally', add(this.get64('tally'), i64(amount)));
  }
}

/** What an instruction adds to the tally when it retires, and what a data access adds. */
export const RETIRED = 1n;
export const ACCESS = 1n << 32n;

/** A field of a regime, given the regime's address. */
export const regimeField = <T extends 'i32' | 'i64'>(type: T, regime: I32, offset: number): Expr<T> =>
  peek(type, type === 'i32' ? 32 : 64, regime, offset);
