/** What a memory-mapped device is to the machine. */
import type { DeviceTreeNode } from './boot/fdt/format.js';
import type { MachineMemory } from './memory.js';

/** What a device may ask of the machine it sits in. */
export interface DeviceHost {
  /** Guest RAM, for DMA. */
  readonly memory: MachineMemory;
  /** Ticks of the timebase since power-on; never moves backwards, whatever software writes to mtime. */
  time(): bigint;
  /** Drives an interrupt source of the PLIC. Level-triggered. */
  interrupt(source: number, level: boolean): void;
  /** Drives a hart's own lines in mip's layout: MSIP 3, MTIP 7, SEIP 9, MEIP 11. */
  line(hart: number, bit: number, level: boolean): void;
  /** Tells the machine that the device's `deadline` has changed. */
  reschedule(): void;
  /** A callback of the host threw: the device answers the guest as for any failure, and the run then throws this. */
  failed(thrown: unknown): void;
}

/** The phandles by which nodes of the device tree refer to each other. */
export interface Phandles {
  readonly plic: number;
  readonly finisher: number;
  /** The interrupt controller inside a hart. */
  hart(index: number): number;
}

export interface Device {
  readonly name: string;
  /** Physical address and bytes of its registers. */
  readonly base: number;
  readonly size: number;
  /** Reads a register of 1, 2 or 4 bytes, naturally aligned, as an unsigned number; undefined is an access fault. 8-byte accesses arrive as two, the low half first. */
  load(offset: number, bytes: 1 | 2 | 4): number | undefined;
  /** Writes a register; false is an access fault. */
  store(offset: number, bytes: 1 | 2 | 4, value: number): boolean;
  /** The time, in ticks of `DeviceHost.time`, at which the device next does something by itself, if any. */
  deadline?(): bigint | undefined;
  /** Called when the time has reached the deadline of any device: acts if this one's has come, and does nothing otherwise. */
  advance?(): void;
  /** Returns to the state after power-on and lowers every line it drives. */
  reset(): void;
  /** State as plain data: numbers, bigints, strings, byte arrays, arrays and objects of these. */
  save(): unknown;
  /** Takes over a saved state and drives no line: the levels are part of the PLIC's and the harts' own state. */
  restore(state: unknown): void;
  /** The device's node in the device tree, a child of /soc. */
  node(phandles: Phandles): DeviceTreeNode;
}
