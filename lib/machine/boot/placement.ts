/** Where the parts of a boot go in RAM. Nothing is written until all of them are known to fit. */
import { PAGE_SIZE, RAM_BASE } from '../layout.js';
import type { MachineMemory } from '../memory.js';
import { BootError } from './errors.js';

/** A range of RAM with its first bytes; the rest of it is zero. */
export interface Piece {
  readonly what: string;
  /** Physical address. */
  readonly address: number;
  /** Bytes, at least as many as `data` has. */
  readonly size: number;
  readonly data: Uint8Array;
}

const hex = (value: number): string => `0x${value.toString(16)}`;
const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
const rangeOf = ({ what, address, size }: Piece): string => `${what} (${hex(address)} to ${hex(address + size - 1)})`;

/**
 * Places `data`, and behind it as many zero bytes as there shall be room, at the highest page below `end` that holds it.
 * @throws BootError if that is below RAM.
 */
export const placeBelow = (end: number, what: string, data: Uint8Array, room = 0): Piece => {
  const size = data.length + room;
  const address = Math.floor((end - size) / PAGE_SIZE) * PAGE_SIZE;
  if (address < RAM_BASE)
    throw new BootError(
      'BOOT_RAM',
      'loadKernel',
      `${what} of ${data.length} bytes is larger than RAM`,
      'give more RAM',
    );
  return { what, address, size, data };
};

/**
 * Checks that every piece is in RAM and that no two overlap.
 * @throws BootError otherwise.
 */
export const checkPieces = (pieces: readonly Piece[], ramSize: number): void => {
  const sorted = pieces.filter(({ size }) => size > 0).sort((a, b) => a.address - b.address);
  const ramEnd = RAM_BASE + ramSize;
  for (const piece of sorted) {
    const { address, size } = piece;
    if (address < RAM_BASE)
      throw new BootError(
        'BOOT_ADDRESS',
        'loadKernel',
        `${rangeOf(piece)} begins below RAM`,
        `link it above ${hex(RAM_BASE)}`,
      );
    if (address + size > ramEnd)
      throw new BootError(
        'BOOT_RAM',
        'loadKernel',
        `${rangeOf(piece)} goes past the end of RAM at ${hex(ramEnd)}`,
        `give at least ${mebibytes(address + size - RAM_BASE)} of RAM`,
      );
  }
  const used = sorted.reduce((sum, { size }) => sum + size, 0);
  for (const [i, piece] of sorted.entries()) {
    const previous = sorted[i - 1];
    if (previous !== undefined && previous.address + previous.size > piece.address)
      throw new BootError(
        'BOOT_OVERLAP',
        'loadKernel',
        `${rangeOf(previous)} and ${rangeOf(piece)} overlap in ${mebibytes(ramSize)} of RAM`,
        `link them apart, or give more RAM (they need ${mebibytes(used)} in all)`,
      );
  }
};

/** Preconditions: `checkPieces` has accepted them. */
export const writePieces = (pieces: readonly Piece[], memory: MachineMemory): void => {
  for (const { address, size, data } of pieces) {
    memory.write(address, data);
    memory.fill(address + data.length, size - data.length, 0);
  }
};
