/** The TLBs of a hart, in the words that all engines share (see layout.ts for the entries). */
import type { Hart } from '../hart.js';
import { REGIME_AT, REGIME_FIELD, TAG_SLOW, WRITE_CODE, WRITE_SLOW } from '../layout.js';
import { dataEntryAt, fetchEntryAt } from '../mmu/tlb.js';

const PAGE_MASK = 0xfffn;
const PAGE = ~PAGE_MASK;
/** The 44 bits of a physical page number do not all fit in an entry; pages above these are not kept. */
const DEVICE_PAGES = 1n << 32n;

/** Tag of a virtual page in the context that the regime has now. */
export const tagOf = (hart: Hart, address: bigint, regime: 'data' | 'fetch'): bigint => {
  const context = hart.memory.i32[(hart.address + REGIME_AT[regime] + REGIME_FIELD.context) >>> 2] as number;
  return (address & PAGE) | BigInt(context);
};

const low32 = (address: bigint): number => Number(BigInt.asUintN(32, address));

/** A page as an entry of the data TLB gives it: the host address of a byte of RAM, or the physical one of a device. */
export type DataHit = { readonly host: number } | { readonly device: bigint };

/** The translation that the data TLB holds for this access; undefined is a miss. */
export const lookupData = (hart: Hart, address: bigint, access: 'load' | 'store'): DataHit | undefined => {
  const { u64, i32 } = hart.memory;
  const entry = dataEntryAt(hart, address);
  const tag = u64[entry >>> 3] as bigint;
  if ((tag & ~BigInt(TAG_SLOW)) !== tagOf(hart, address, 'data')) return undefined;
  const read = i32[(entry + 8) >>> 2] as number;
  const write = i32[(entry + 12) >>> 2] as number;
  const isDevice = (tag & BigInt(TAG_SLOW)) !== 0n;
  // WRITE_SLOW alone means that stores were not proven; with WRITE_CODE, only that decoded code lies there.
  const flags = write & (WRITE_SLOW | WRITE_CODE);
  if (access === 'store' && (isDevice ? flags !== 0 : flags === WRITE_SLOW)) return undefined;
  if (isDevice) return { device: (BigInt(read >>> 0) << 12n) | (address & PAGE_MASK) };
  const addend = access === 'store' ? write & ~(WRITE_SLOW | WRITE_CODE) : read;
  return { host: (low32(address) + addend) >>> 0 };
};

/** Keeps the translation of a page of RAM at the given host address. */
export const fillRam = (hart: Hart, address: bigint, hostPage: number, writable: boolean, hasCode: boolean): void => {
  const { u64, i32 } = hart.memory;
  const entry = dataEntryAt(hart, address);
  const addend = (hostPage - low32(address & PAGE)) | 0;
  u64[entry >>> 3] = tagOf(hart, address, 'data');
  i32[(entry + 8) >>> 2] = addend;
  i32[(entry + 12) >>> 2] = writable ? addend | (hasCode ? WRITE_SLOW | WRITE_CODE : 0) : WRITE_SLOW;
};

/** Keeps the translation of a page that is not RAM. */
export const fillDevice = (hart: Hart, address: bigint, physical: bigint, writable: boolean): void => {
  const page = physical >> 12n;
  if (page >= DEVICE_PAGES) return;
  const { u64, i32 } = hart.memory;
  const entry = dataEntryAt(hart, address);
  u64[entry >>> 3] = tagOf(hart, address, 'data') | BigInt(TAG_SLOW);
  i32[(entry + 8) >>> 2] = Number(page);
  i32[(entry + 12) >>> 2] = writable ? 0 : WRITE_SLOW;
};

/** Host address of an instruction's byte, or undefined if the fetch TLB does not hold its page. */
export const lookupFetch = (hart: Hart, address: bigint): number | undefined => {
  const { u64, i32 } = hart.memory;
  const entry = fetchEntryAt(hart, address);
  if ((u64[entry >>> 3] as bigint) !== tagOf(hart, address, 'fetch')) return undefined;
  return ((i32[(entry + 12) >>> 2] as number) >>> 0) + Number(address & PAGE_MASK);
};

export const fillFetch = (hart: Hart, address: bigint, hostPage: number, decodedPage: number): void => {
  const { u64, i32 } = hart.memory;
  const entry = fetchEntryAt(hart, address);
  u64[entry >>> 3] = tagOf(hart, address, 'fetch');
  i32[(entry + 8) >>> 2] = decodedPage;
  i32[(entry + 12) >>> 2] = hostPage;
};
