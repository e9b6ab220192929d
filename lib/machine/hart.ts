/** A hart's state: typed access to its block of the machine's memory. No behaviour. */

import type { csrSlots } from './csr/slots.js';
import {
  CELL,
  type CellName,
  COUNTER,
  type CounterName,
  CSR,
  F,
  PRICE,
  REGIME_AT,
  REGIME_FIELD,
  type RegimeName,
  X,
} from './layout.js';
import type { MachineMemory } from './memory.js';
import { wordsAt } from './words.js';

export type CsrSlot = (typeof csrSlots)[number];

/** Privilege modes, as mstatus.MPP encodes them. */
export const U = 0;
export const S = 1;
export const M = 3;
/** Added to the privilege in the mode cell when V = 1. */
export const VIRTUAL = 4;

const Cells = wordsAt<CellName, BigUint64Array>(CELL, 8);
const Cells32 = wordsAt<CellName, Int32Array>(CELL, 4);
const Csrs = wordsAt<CsrSlot, BigUint64Array>(CSR, 8);

export class Hart {
  readonly #u64: BigUint64Array;
  readonly #i32: Int32Array;
  readonly #block: number;

  constructor(
    readonly id: number,
    readonly memory: MachineMemory,
  ) {
    this.address = memory.layout.hartBase + id * memory.layout.hartSize;
    this.#block = this.address;
    this.#u64 = memory.u64;
    this.#i32 = memory.i32;
    this.cells = new Cells(memory.u64, this.address / 8);
    this.cells32 = new Cells32(memory.i32, this.address / 4);
    this.csrs = new Csrs(memory.u64, this.address / 8);
    this.cells.reservation = -1n;
    this.cells32.ramHost = memory.layout.ram;
    this.cells32.ramPages = memory.layout.ramSize / 4096;
    this.cells32.codeMap = memory.layout.codeMap;
  }
  /** Where the hart's block lies in the machine's memory. */
  readonly address: number;
  /** Cells that hold 64 bits, unsigned, and those that hold 32, signed. */
  readonly cells: Record<CellName, bigint>;
  readonly cells32: Record<CellName, number>;
  /** The stored words of the CSRs, with no permission check and no side effect. */
  readonly csrs: Record<CsrSlot, bigint>;

  #get(offset: number): bigint {
    return this.#u64[(this.#block + offset) >>> 3] as bigint;
  }
  #set(offset: number, value: bigint): void {
    this.#u64[(this.#block + offset) >>> 3] = value;
  }
  #get32(offset: number): number {
    return this.#i32[(this.#block + offset) >>> 2] as number;
  }
  #set32(offset: number, value: number): void {
    this.#i32[(this.#block + offset) >>> 2] = value;
  }

  /** Integer register as an unsigned 64-bit value; x0 reads 0 and ignores writes. */
  x(index: number): bigint {
    return this.#get(X + index * 8);
  }
  setX(index: number, value: bigint): void {
    if (index !== 0) this.#set(X + index * 8, value);
  }
  /** Floating-point register as its raw 64-bit pattern. */
  f(index: number): bigint {
    return this.#get(F + index * 8);
  }
  setF(index: number, value: bigint): void {
    this.#set(F + index * 8, value);
  }
  cell(name: CellName): bigint {
    return this.#get(CELL[name]);
  }
  setCell(name: CellName, value: bigint): void {
    this.#set(CELL[name], value);
  }
  cell32(name: CellName): number {
    return this.#get32(CELL[name]);
  }
  setCell32(name: CellName, value: number): void {
    this.#set32(CELL[name], value);
  }
  /** The stored word of a CSR, with no permission check and no side effect. */
  csr(name: CsrSlot): bigint {
    return this.#get(CSR[name]);
  }
  setCsr(name: CsrSlot, value: bigint): void {
    this.#set(CSR[name], value);
  }
  regime(name: RegimeName): { context: number; privilege: number; flags: number; stage1: bigint; stage2: bigint } {
    const at = REGIME_AT[name];
    return {
      context: this.#get32(at + REGIME_FIELD.context),
      privilege: this.#get32(at + REGIME_FIELD.privilege),
      flags: this.#get32(at + REGIME_FIELD.flags),
      stage1: this.#get(at + REGIME_FIELD.stage1),
      stage2: this.#get(at + REGIME_FIELD.stage2),
    };
  }
  setRegime(
    name: RegimeName,
    r: { context: number; privilege: number; flags: number; stage1: bigint; stage2: bigint },
  ): void {
    const at = REGIME_AT[name];
    this.#set32(at + REGIME_FIELD.context, r.context);
    this.#set32(at + REGIME_FIELD.privilege, r.privilege);
    this.#set32(at + REGIME_FIELD.flags, r.flags);
    this.#set(at + REGIME_FIELD.stage1, r.stage1);
    this.#set(at + REGIME_FIELD.stage2, r.stage2);
  }
  count(name: CounterName, by = 1): void {
    const at = (this.#block + COUNTER[name]) >>> 3;
    this.#u64[at] = (this.#u64[at] as bigint) + BigInt(by);
  }
  counter(name: CounterName): bigint {
    return this.#get(COUNTER[name]);
  }
  price(name: keyof typeof PRICE): number {
    return this.#get32(PRICE[name]);
  }
  setPrice(name: keyof typeof PRICE, cycles: number): void {
    this.#set32(PRICE[name], cycles);
  }

  get pc(): bigint {
    return this.cells.pc;
  }
  set pc(value: bigint) {
    this.cells.pc = value;
  }
  /** 0 U, 1 S, 3 M. */
  get privilege(): number {
    return this.cells32.mode & 3;
  }
  get virtual(): boolean {
    return (this.cells32.mode & VIRTUAL) !== 0;
  }
  /** Instructions retired since reset, exact even while an instruction runs. */
  get retired(): bigint {
    return this.cells.retired + (this.cells.tally & 0xffffffffn);
  }
  /** Cycles since reset: one per instruction, what the price table charges for events, and those spent waiting. */
  get cycles(): bigint {
    return this.retired + this.cells.stall + this.cells.idle;
  }
  /** Charges cycles beyond the instruction's own; the engine then stops that much sooner. */
  charge(cycles: number): void {
    this.cells.stall += BigInt(cycles);
    this.cells32.limit -= cycles;
  }
  /** Records the exception that the current instruction raises; the machine takes it when the engine returns. */
  raise(cause: number, value = 0n, value2 = 0n, instruction = 0n, guest = false): void {
    this.cells.trapCause = BigInt(cause);
    this.cells.trapValue = value;
    this.cells.trapValue2 = value2;
    this.cells.trapInstruction = instruction;
    this.cells32.trapGuest = guest ? 1 : 0;
    this.cells32.fault = 1;
  }
  get faulted(): boolean {
    return this.cells32.fault !== 0;
  }
}
