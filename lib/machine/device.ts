/** What a memory-mapped device is to the machine. */
import type { MachineMemory } from './memory.js';

/** What a device may ask of the machine it sits in. */
export interface DeviceHost {
  /** Guest RAM, for DMA. */
  readonly memory: MachineMemory;
  /** Ticks of the timebase (mtime) now; never moves backwards. */
  time(): bigint;
  /** Drives an interrupt source of the PLIC. Level-triggered. */
  interrupt(source: number, level: boolean): void;
  /** Drives a hart's own lines in mip's layout: MSIP 3, MTIP 7, SEIP 9, MEIP 11. */
  line(hart: number, bit: number, level: boolean): void;
  /** Tells the machine that the device's `deadline` has changed. */
  reschedule(): void;
}

export interface Device {
  readonly name: string;
  /** Physical address and bytes of its registers. */
  readonly base: number;
  readonly size: number;
  /** Reads a register of 1, 2 or 4 bytes, naturally aligned, as an unsigned number; undefined is an access fault. 8-byte accesses arrive as two. */
  load(offset: number, bytes: 1 | 2 | 4): number | undefined;
  /** Writes a register; false is an access fault. */
  store(offset: number, bytes: 1 | 2 | 4, value: number): boolean;
  /** The mtime at which the device next does something by itself, if any. */
  deadline?(): bigint | undefined;
  /** Called when mtime has reached the deadline. */
  advance?(): void;
  /** State as plain data: numbers, bigints, strings, byte arrays, arrays and objects of these. */
  save(): unknown;
  restore(state: unknown): void;
}
