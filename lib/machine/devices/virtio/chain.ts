/** A buffer of a virtqueue: the descriptor chain as spans of RAM (Virtio 1.2, clauses 2.7.4 and 2.7.5). */
import type { MachineMemory } from '../../memory.js';

export const DESCRIPTOR_BYTES = 16;
/** No chain is longer, as in QEMU: an indirect table could have as many descriptors as fit into RAM. */
const CHAIN_MAX = 1024;
const NEXT = 1;
const WRITE = 2;
export const INDIRECT = 4;

interface Span {
  /** Physical address. */
  readonly address: number;
  readonly length: number;
}

const total = (spans: readonly Span[]): number => spans.reduce((sum, { length }) => sum + length, 0);

/** The parts of the spans that cover bytes `offset` to `offset + length` of them all; less if they are shorter. */
const slices = (spans: readonly Span[], offset: number, length: number): Span[] => {
  const result: Span[] = [];
  let skip = offset;
  let left = length;
  for (const span of spans) {
    const take = Math.min(span.length - skip, left);
    if (take > 0) {
      result.push({ address: span.address + skip, length: take });
      left -= take;
    }
    skip = Math.max(skip - span.length, 0);
  }
  return result;
};

/** A buffer: first the bytes that the driver sends, then room for those that the device answers. */
export class Chain {
  readonly readableLength: number;
  readonly writableLength: number;

  constructor(
    readonly memory: MachineMemory,
    /** Index of the first descriptor, which identifies the buffer to the driver. */
    readonly head: number,
    readonly readable: readonly Span[],
    readonly writable: readonly Span[],
  ) {
    this.readableLength = total(readable);
    this.writableLength = total(writable);
  }

  /** Bytes from the readable part; shorter at its end. */
  read(offset = 0, length = this.readableLength): Uint8Array {
    const parts = slices(this.readable, offset, length);
    const result = new Uint8Array(total(parts));
    let at = 0;
    for (const part of parts) {
      result.set(this.memory.read(part.address, part.length), at);
      at += part.length;
    }
    return result;
  }

  /** Writes into the writable part; returns how many bytes fitted. */
  write(offset: number, bytes: Uint8Array): number {
    let at = 0;
    for (const part of slices(this.writable, offset, bytes.length)) {
      this.memory.write(part.address, bytes.subarray(at, at + part.length));
      at += part.length;
    }
    return at;
  }
}

/**
 * Follows the chain that begins at descriptor `head` of the table at physical address `table`, `entries` long.
 * Returns why, if the chain breaks a rule: it leaves the table or RAM, loops, sends after it has answered, nests
 * tables, or is longer than RAM, which bounds the work that one buffer can cause.
 */
export const readChain = (memory: MachineMemory, table: number, entries: number, head: number): Chain | string => {
  const readable: Span[] = [];
  const writable: Span[] = [];
  let at = { table, entries, index: head, indirect: false };
  let bytes = 0;
  for (let steps = 0; ; steps++) {
    if (at.index >= at.entries) return `descriptor ${at.index} of ${at.entries}`;
    if (steps >= CHAIN_MAX) return `the chain from descriptor ${head} has more than ${CHAIN_MAX} descriptors`;
    if (steps >= at.entries) return `the chain from descriptor ${head} loops`;
    const host = memory.host(at.table + at.index * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES);
    const address = Number(memory.view.getBigUint64(host, true));
    const length = memory.view.getUint32(host + 8, true);
    const flags = memory.view.getUint16(host + 12, true);
    if (length > 0 && memory.host(address, length) < 0)
      return `descriptor ${at.index} is outside of RAM: 0x${address.toString(16)}, ${length} bytes`;
    if ((flags & INDIRECT) !== 0) {
      if (at.indirect || (flags & NEXT) !== 0) return `descriptor ${at.index} is indirect where it must not be`;
      if (length === 0 || length % DESCRIPTOR_BYTES !== 0) return `an indirect table has ${length} bytes`;
      at = { table: address, entries: length / DESCRIPTOR_BYTES, index: 0, indirect: true };
      steps = -1;
      continue;
    }
    const span = { address, length };
    if ((flags & WRITE) !== 0) writable.push(span);
    else if (writable.length > 0) return `descriptor ${at.index} is for reading after one for writing`;
    else readable.push(span);
    bytes += length;
    if (bytes > memory.layout.ramSize) return `the chain from descriptor ${head} is longer than RAM`;
    if ((flags & NEXT) === 0) return new Chain(memory, head, readable, writable);
    at = { ...at, index: memory.view.getUint16(host + 14, true) };
  }
};
