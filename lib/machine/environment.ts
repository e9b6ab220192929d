/** What every engine asks of the machine around it: the parts of execution that are not in an instruction's meaning. */
import type { helpers } from '../isa/helpers.js';

export type HelperName = keyof typeof helpers;
/** The helpers that may trap, change mode or flush. */
export type SystemHelperName = Extract<
  HelperName,
  | 'csr'
  | 'ecall'
  | 'ebreak'
  | 'sret'
  | 'mret'
  | 'wfi'
  | 'fence.i'
  | 'sfence.vma'
  | 'hfence.vvma'
  | 'hfence.gvma'
  | 'hlv'
  | 'hsv'
>;
export type FloatHelperName = Exclude<HelperName, SystemHelperName>;

/** Arguments and results are as WebAssembly passes them: i32 as signed numbers, i64 as signed bigints. */
// biome-ignore lint/suspicious/noConfusingVoidType: a helper without a result is any function that returns nothing
export type HelperFunction = (...args: never[]) => number | bigint | void;

/** What memory is touched for: it decides which permission is needed and which cause a fault has. */
export type AccessType = 'load' | 'store' | 'fetch';

/**
 * Every call concerns the hart that the engine is running. A function that raises an exception does so with
 * `hart.raise`. When one is called, the cell `pc` is the address of the instruction; for a system helper the cell
 * `next` is also set, and what the helper leaves there is where execution continues.
 */
export interface Environment {
  readonly system: Readonly<Record<SystemHelperName, HelperFunction>>;
  /** The encoding at pc is no instruction here: raises illegal instruction. */
  illegal(): void;
  /** Called unless the cell floatState is 2. Marks the floating-point state dirty, or raises and returns false. */
  floatUse(): boolean;
  /**
   * Whether physical memory protection lets a page (or a page table entry) be accessed: asked only while the cell
   * pmpActive is set, for the first byte of the page or entry. `privilege` is 0 U, 1 S, 3 M.
   */
  pmp(physical: bigint, access: AccessType, privilege: number): boolean;
  /** Reads a naturally aligned 1, 2, 4 or 8 bytes outside RAM, zero-extended; undefined is an access fault. */
  deviceLoad(physical: bigint, bytes: number): bigint | undefined;
  /** Writes the same way, `value` being unsigned; false is an access fault. */
  deviceStore(physical: bigint, bytes: number, value: bigint): boolean;
}
