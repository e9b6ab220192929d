/** The software TLBs of a hart: direct-mapped, indexed by virtual page number, folded, and tagged with page and context. */
import type { Hart } from '../hart.js';
import { PAGE_SIZE, TLB_AT, TLB_ENTRY, tlbIndex } from '../layout.js';

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

/** Bytes of a page at level 1. */
const MEGAPAGE = 2 ** 21;

/** Drops what both TLBs hold of the 2 MiB page around an address, under any context. */
export const clearMegapage = (hart: Hart, address: bigint): void => {
  const { i32, layout } = hart.memory;
  const low = Number(BigInt.asIntN(32, address)) & -MEGAPAGE;
  const high = Number(BigInt.asIntN(32, address >> 32n));
  const clear = (tlb: number, entries: number): void => {
    // Its pages differ in no bit that is folded in, so that their entries are neighbours.
    const count = Math.min(entries, MEGAPAGE / PAGE_SIZE);
    const first = tlbIndex(address, entries) & -count;
    for (let i = first; i < first + count; i++) {
      const at = (hart.address + tlb + i * TLB_ENTRY) >>> 2;
      if (((i32[at] as number) & -MEGAPAGE) !== low || i32[at + 1] !== high) continue;
      i32[at] = 0;
      i32[at + 1] = 0;
    }
  };
  clear(TLB_AT, layout.dataEntries);
  clear(layout.fetchTlbAt, layout.fetchEntries);
};

/** Empties both TLBs. */
export const wipe = (hart: Hart): void => {
  const { dataEntries, fetchEntries, fetchTlbAt } = hart.memory.layout;
  const data = hart.address + TLB_AT;
  const fetch = hart.address + fetchTlbAt;
  hart.memory.u8.fill(0, data, data + dataEntries * TLB_ENTRY);
  hart.memory.u8.fill(0, fetch, fetch + fetchEntries * TLB_ENTRY);
  // Contexts are numbered anew after this, so a fetch page remembered under an old number must not match.
  hart.cells.fetchPage = 0n;
  hart.cells32.superpages = 0;
};
