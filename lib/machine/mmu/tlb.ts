/** The software TLBs of a hart: direct-mapped, indexed by virtual page number, folded, and tagged with page and context. */
import type { Hart } from '../hart.js';
import { TLB_AT, TLB_ENTRY, tlbIndex } from '../layout.js';

/** Where the data TLB entry for a virtual address lies in the machine's memory. */
export const dataEntryAt = (hart: Hart, address: bigint): number =>
  hart.address + TLB_AT + tlbIndex(address, hart.memory.layout.dataEntries) * TLB_ENTRY;

/** Where the fetch TLB entry for a virtual address lies in the machine's memory. */
export const fetchEntryAt = (hart: Hart, address: bigint): number =>
  hart.address + hart.memory.layout.fetchTlbAt + tlbIndex(address, hart.memory.layout.fetchEntries) * TLB_ENTRY;

/** The tag of an entry for this address under a context, given as a regime's `context` holds it. */
export const tagOf = (address: bigint, context: number): bigint => (address & ~0xfffn) | BigInt(context);

/** Drops whatever both TLBs hold at the index of an address, under any context. */
export const clearAt = (hart: Hart, address: bigint): void => {
  hart.memory.u64[dataEntryAt(hart, address) >>> 3] = 0n;
  hart.memory.u64[fetchEntryAt(hart, address) >>> 3] = 0n;
};

/** Empties both TLBs. */
export const wipe = (hart: Hart): void => {
  const { dataEntries, fetchEntries, fetchTlbAt } = hart.memory.layout;
  const data = hart.address + TLB_AT;
  const fetch = hart.address + fetchTlbAt;
  hart.memory.u8.fill(0, data, data + dataEntries * TLB_ENTRY);
  hart.memory.u8.fill(0, fetch, fetch + fetchEntries * TLB_ENTRY);
  // Contexts are numbered anew after this, so a fetch page remembered under an old number must not match.
  hart.setCell('fetchPage', 0n);
  hart.setCell32('superpages', 0);
};
