/** Where the bytes of a disk are. */

/** Reads and writes are within `size`: the device has checked them. */
export interface BlockStore {
  /** Bytes, a multiple of 512. */
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
  /** Makes what was written durable, where that means anything. */
  flush(): void;
  /** The contents as plain data, if they belong to the machine's snapshot. */
  save?(): unknown;
  restore?(state: unknown): void;
}

/** A disk in memory; a snapshot of the machine contains it. */
export class MemoryBlockStore implements BlockStore {
  readonly #bytes: Uint8Array;

  /** Takes a copy of `contents`, filled up with zeros to a whole number of sectors. */
  constructor(contents: Uint8Array) {
    this.#bytes = new Uint8Array(Math.ceil(contents.length / 512) * 512);
    this.#bytes.set(contents);
  }
  get size(): number {
    return this.#bytes.length;
  }
  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length);
  }
  write(offset: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, offset);
  }
  flush(): void {}
  save(): unknown {
    return this.#bytes.slice();
  }
  restore(state: unknown): void {
    this.#bytes.set(state as Uint8Array);
  }
}
