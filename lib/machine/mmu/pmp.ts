/**
 * Physical memory protection (privileged specification, 3.7): 16 entries with a granularity of one page, so that a
 * TLB entry needs one answer.
 */
import type { CsrSlot, Hart } from '../hart.js';
import { M } from '../hart.js';
import { PAGE_SIZE } from '../layout.js';

export type PmpAccess = 'load' | 'store' | 'fetch';

export const PMP_ENTRIES = 16;
const R = 1;
const W = 2;
const X = 4;
const A_SHIFT = 3;
const LOCKED = 0x80;
const TOR = 1;
const NA4 = 2;
const NAPOT = 3;
const PERMISSION = { load: R, store: W, fetch: X } as const;
/** G: the granularity is 2 to the power G + 2 bytes. */
const GRAIN = 10n;
const BELOW_GRAIN = (1n << GRAIN) - 1n;
/** Pages of the 56-bit physical address space, without the last, which TOR cannot reach and where nothing lies. */
const ALL_PAGES = 2 ** 44 - 1;
/** pmpaddr holds bits 55:2 of an address. */
const ADDRESS_MASK = (1n << 54n) - 1n;

interface Entry {
  /** Matching pages, `end` exclusive. */
  readonly start: number;
  readonly end: number;
  readonly permissions: number;
  readonly locked: boolean;
}

const modeOf = (config: number): number => (config >> A_SHIFT) & 3;
const addressSlot = (index: number): CsrSlot => `pmpaddr${index}` as CsrSlot;
const configSlot = (index: number): CsrSlot => (index < 8 ? 'pmpcfg0' : 'pmpcfg2');

/**
 * What a byte of pmpcfg becomes when `next` is written over `old`. NA4 cannot be selected with a granularity above 4
 * bytes, so the address-matching mode is kept; W without R is reserved, so both are cleared.
 */
const legalConfig = (old: number, next: number): number => {
  let config = next & 0x9f;
  if (modeOf(config) === NA4) config = (config & ~(3 << A_SHIFT)) | (old & (3 << A_SHIFT));
  if ((config & (R | W)) === W) config &= ~W;
  return config;
};

export class Pmp {
  /** The entries that match anything, in order of priority. */
  #entries: readonly Entry[] = [];

  constructor(private readonly hart: Hart) {}

  /** Whether the PMP lets an access of this privilege at this physical address pass. All addresses of a page share the answer. */
  allows(physical: number, access: PmpAccess, privilege: number): boolean {
    const page = Math.floor(physical / PAGE_SIZE);
    for (const { start, end, permissions, locked } of this.#entries) {
      if (page < start || page >= end) continue;
      return (privilege === M && !locked) || (permissions & PERMISSION[access]) !== 0;
    }
    return privilege === M;
  }

  config(index: number): number {
    return Number((this.hart.csr(configSlot(index)) >> BigInt((index & 7) * 8)) & 0xffn);
  }

  /** Writes pmpcfg0 or pmpcfg2, byte by byte; locked bytes keep their value. Returns whether anything changed. */
  writeConfig(slot: 'pmpcfg0' | 'pmpcfg2', value: bigint): boolean {
    const old = this.hart.csr(slot);
    let result = 0n;
    for (let shift = 0n; shift < 64n; shift += 8n) {
      const before = Number((old >> shift) & 0xffn);
      const written = Number((value >> shift) & 0xffn);
      result |= BigInt((before & LOCKED) !== 0 ? before : legalConfig(before, written)) << shift;
    }
    this.hart.setCsr(slot, result);
    return result !== old;
  }

  /** pmpaddr as it reads: the bits below the granularity depend on the entry's mode (3.7.1). */
  readAddress(index: number): bigint {
    const address = this.hart.csr(addressSlot(index));
    return modeOf(this.config(index)) === NAPOT ? address | (BELOW_GRAIN >> 1n) : address & ~BELOW_GRAIN;
  }

  /** Writes pmpaddr unless its entry is locked, or is the base of a locked TOR entry. Returns whether it did. */
  writeAddress(index: number, value: bigint): boolean {
    if ((this.config(index) & LOCKED) !== 0) return false;
    const next = index + 1 < PMP_ENTRIES ? this.config(index + 1) : 0;
    if ((next & LOCKED) !== 0 && modeOf(next) === TOR) return false;
    this.hart.setCsr(addressSlot(index), value & ADDRESS_MASK);
    return true;
  }

  /** Rereads the CSRs: decodes the entries and sets the `pmpActive` cell. */
  refresh(): void {
    const entries: Entry[] = [];
    for (let index = 0; index < PMP_ENTRIES; index++) {
      const config = this.config(index);
      const range = this.#range(index, modeOf(config));
      if (range !== undefined && range.start < range.end) {
        entries.push({ ...range, permissions: config & (R | W | X), locked: (config & LOCKED) !== 0 });
      }
    }
    this.#entries = entries;
    const first = entries[0];
    const open =
      first !== undefined && first.start === 0 && first.end >= ALL_PAGES && first.permissions === (R | W | X);
    this.hart.cells32.pmpActive = open ? 0 : 1;
  }

  #range(index: number, mode: number): { start: number; end: number } | undefined {
    const address = this.hart.csr(addressSlot(index));
    if (mode === TOR) {
      const base = index === 0 ? 0n : this.hart.csr(addressSlot(index - 1));
      return { start: Number(base >> GRAIN), end: Number(address >> GRAIN) };
    }
    if (mode !== NAPOT) return undefined;
    // With n trailing ones the region has 2 to the power n + 3 bytes; the ones below the granularity are implied.
    const ones = address | (BELOW_GRAIN >> 1n);
    const size = (ones ^ (ones + 1n)) + 1n;
    const start = ones & ~(size - 1n);
    return { start: Number(start >> GRAIN), end: Number((start + size) >> GRAIN) };
  }
}
