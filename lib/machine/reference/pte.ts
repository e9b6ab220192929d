/** Page table entries and the roots of page tables, Sv39 and Sv48 (privileged specification, chapters "Supervisor" and "Hypervisor"). */

/** Bits of a page table entry. */
export const PTE = { V: 1n, R: 2n, W: 4n, X: 8n, U: 16n, G: 32n, A: 64n, D: 128n } as const;

/** Bits 63:54: Svnapot, Svpbmt and the bits reserved for standard use. None is implemented, so all must be 0. */
const RESERVED = 0x3ffn << 54n;
const PPN_MASK = (1n << 44n) - 1n;

/** The physical address that an entry points to: of the next table, or of the page. */
export const addressIn = (pte: bigint): bigint => ((pte >> 10n) & PPN_MASK) << 12n;
export const isLeaf = (pte: bigint): boolean => (pte & (PTE.R | PTE.X)) !== 0n;
/** Not valid, reserved bits set, or writable but not readable (12.3.2, step 3). */
export const isMalformed = (pte: bigint): boolean =>
  (pte & PTE.V) === 0n || (pte & (PTE.R | PTE.W)) === PTE.W || (pte & RESERVED) !== 0n;

/** Address bits below the page number of a leaf at this level: 12, 21, 30 or 39. */
export const shiftOf = (level: number): bigint => BigInt(12 + 9 * level);

export interface Root {
  /** Physical (for VS-stage: guest physical) address of the root table. */
  readonly table: bigint;
  /** 3 for Sv39, 4 for Sv48. */
  readonly levels: number;
  /** Bits that an address to be translated may use; for satp and vsatp the bits above repeat the topmost of them. */
  readonly width: number;
}

/** MODE of satp, vsatp and hgatp: 8 is Sv39(x4), 9 is Sv48(x4). */
const levelsOf = (atp: bigint): number => Number(atp >> 60n) - 5;

/** The root that satp or vsatp names. Precondition: its mode is not bare. */
export const stage1Root = (atp: bigint): Root => {
  const levels = levelsOf(atp);
  return { table: (atp & PPN_MASK) << 12n, levels, width: 12 + 9 * levels };
};
/** The root that hgatp names: guest physical addresses are two bits wider, and the root table is four pages. */
export const stage2Root = (atp: bigint): Root => {
  const levels = levelsOf(atp);
  return { table: (atp & PPN_MASK & ~3n) << 12n, levels, width: 14 + 9 * levels };
};
