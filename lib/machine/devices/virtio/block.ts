/** Virtio block device (Virtio 1.2, clause 5.2). */
import { isBytes, refuseArgument } from '../../arguments.js';
import type { BlockStore } from './block-store.js';
import type { Chain } from './chain.js';
import type { VirtioFunction, VirtioPort } from './function.js';

const SECTOR = 512;
/** Feature bits (clause 5.2.3). */
const SEG_MAX = 1n << 2n;
const RO = 1n << 5n;
const BLK_SIZE = 1n << 6n;
const FLUSH = 1n << 9n;
const DISCARD = 1n << 13n;
const WRITE_ZEROES = 1n << 14n;
/** Request types and statuses (clause 5.2.6). */
const T_IN = 0;
const T_OUT = 1;
const T_FLUSH = 4;
const T_GET_ID = 8;
const T_DISCARD = 11;
const T_WRITE_ZEROES = 13;
const S_OK = 0;
const S_IOERR = 1;
const S_UNSUPP = 2;
const HEADER_BYTES = 16;
const ID_BYTES = 20;
const RANGE_BYTES = 16;
const RANGE_UNMAP = 1;
/** Limits announced to the driver: ranges in a request, sectors in a range, data descriptors in a request. */
const RANGES_MAX = 16;
const RANGE_SECTORS_MAX = 0x3fffff;
const SEGMENTS_MAX = 254;
/** Bytes zeroed at a time. */
const ZERO_BYTES = 65536;

export class VirtioBlock implements VirtioFunction {
  readonly name = 'block';
  readonly id = 2;
  readonly queues = 1;
  readonly features: bigint;
  #port: VirtioPort | undefined;
  /** The driver is told once. */
  readonly #size: number;

  /** `serial`: what GET_ID answers, 20 ASCII characters at most. */
  constructor(
    readonly store: BlockStore,
    readonly options: { readonly readOnly?: boolean; readonly serial?: string } = {},
  ) {
    this.#size = store.size;
    const writable = options.readOnly === true ? RO : DISCARD | WRITE_ZEROES;
    this.features = SEG_MAX | BLK_SIZE | FLUSH | writable;
  }
  attach(port: VirtioPort): void {
    this.#port = port;
  }

  /** struct virtio_blk_config (clause 5.2.4); fields of features that are not offered stay 0. */
  configuration(): Uint8Array {
    const space = new Uint8Array(60);
    const view = new DataView(space.buffer);
    view.setBigUint64(0, BigInt(this.#size / SECTOR), true);
    view.setUint32(12, SEGMENTS_MAX, true);
    view.setUint32(20, SECTOR, true);
    if (this.options.readOnly === true) return space;
    view.setUint32(36, RANGE_SECTORS_MAX, true);
    view.setUint32(40, RANGES_MAX, true);
    view.setUint32(44, 1, true);
    view.setUint32(48, RANGE_SECTORS_MAX, true);
    view.setUint32(52, RANGES_MAX, true);
    view.setUint8(56, 1);
    return space;
  }

  notify(): void {
    this.#port?.queue(0)?.drain((chain) => {
      if (chain.readableLength < HEADER_BYTES || chain.writableLength < 1) {
        this.#port?.fail('a block request without a whole header or without room for the status');
        return undefined;
      }
      // The status is the last byte, so the whole of the writable part counts as used.
      chain.write(chain.writableLength - 1, Uint8Array.of(this.#answer(chain)));
      return chain.writableLength;
    });
  }

  #answer(chain: Chain): number {
    let status = S_IOERR;
    this.#port?.hosted(() => {
      status = this.#serve(chain);
    });
    return status;
  }

  #serve(chain: Chain): number {
    const header = new DataView(chain.read(0, HEADER_BYTES).buffer);
    const type = header.getUint32(0, true);
    const sector = header.getBigUint64(8, true);
    const room = chain.writableLength - 1;
    const data = chain.readableLength - HEADER_BYTES;
    const isWrite = type === T_OUT || type === T_DISCARD || type === T_WRITE_ZEROES;
    if (isWrite && this.options.readOnly === true) return S_IOERR;
    switch (type) {
      case T_IN: {
        const offset = this.#offset(sector, room);
        if (offset === undefined) return S_IOERR;
        const bytes = this.store.read(offset, room);
        if (!isBytes(bytes) || bytes.length !== room)
          refuseArgument('BlockStore.read', 'what it returned', bytes, `return a Uint8Array of ${room} bytes`);
        chain.write(0, bytes);
        return S_OK;
      }
      case T_OUT: {
        const offset = this.#offset(sector, data);
        if (offset === undefined) return S_IOERR;
        this.store.write(offset, chain.read(HEADER_BYTES, data));
        return S_OK;
      }
      case T_FLUSH:
        this.store.flush();
        return S_OK;
      case T_GET_ID: {
        const id = new Uint8Array(Math.min(ID_BYTES, room));
        id.set(new TextEncoder().encode(this.options.serial ?? 'vivarium').subarray(0, id.length));
        chain.write(0, id);
        return S_OK;
      }
      case T_DISCARD:
      case T_WRITE_ZEROES:
        return this.#zero(chain.read(HEADER_BYTES, data), type);
      default:
        return S_UNSUPP;
    }
  }

  /** Byte offset of a sector, if `length` bytes from there are whole sectors of the disk. */
  #offset(sector: bigint, length: number): number | undefined {
    const inside = sector * BigInt(SECTOR) + BigInt(length) <= BigInt(this.#size);
    return inside && length % SECTOR === 0 ? Number(sector) * SECTOR : undefined;
  }

  /** Discards and zeroes alike: a discarded sector may read as anything, so it reads as zeros. All ranges are checked first. */
  #zero(ranges: Uint8Array, type: number): number {
    const count = ranges.length / RANGE_BYTES;
    if (!Number.isInteger(count) || count === 0 || count > RANGES_MAX) return S_IOERR;
    const view = new DataView(ranges.buffer);
    const checked: { offset: number; length: number }[] = [];
    for (let at = 0; at < ranges.length; at += RANGE_BYTES) {
      const sectors = view.getUint32(at + 8, true);
      const flags = view.getUint32(at + 12, true);
      // Other flags are reserved, and a discard must not set unmap (clause 5.2.6.2).
      if ((flags & ~RANGE_UNMAP) !== 0 || (type === T_DISCARD && flags !== 0)) return S_UNSUPP;
      const offset = this.#offset(view.getBigUint64(at, true), sectors * SECTOR);
      if (offset === undefined || sectors > RANGE_SECTORS_MAX) return S_IOERR;
      checked.push({ offset, length: sectors * SECTOR });
    }
    for (const { offset, length } of checked)
      for (let done = 0; done < length; done += ZERO_BYTES)
        this.store.write(offset + done, new Uint8Array(Math.min(ZERO_BYTES, length - done)));
    return S_OK;
  }

  reset(): void {}
  save(): unknown {
    return this.store.save?.();
  }
  restore(state: unknown): void {
    if (state !== undefined) this.store.restore?.(state);
  }
}
