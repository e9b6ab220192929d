/**
 * Flushing address translations (privileged specification, 12.2.1 and 18.3.2): what SFENCE.VMA, HFENCE.VVMA and
 * HFENCE.GVMA do, and what a remote fence does on their behalf. A flush may always forget more than was asked.
 */
import { ASID_MASK, ASID_SHIFT, ATP_MODE_SHIFT, VMID_MASK } from '../csr/fields.js';
import { REGIME } from '../layout.js';
import type { HartParts } from '../parts.js';
import type { Context } from './contexts.js';
import { clearAt, clearMegapage } from './tlb.js';

/** What a first-stage flush is limited to; a bound that is absent does not limit it. */
export interface FlushScope {
  /** A virtual address: only translations of its page. */
  readonly address?: bigint | undefined;
  /** Only translations of this address space. Global mappings may be flushed too. */
  readonly asid?: bigint | undefined;
}

/** What a flush of a guest's first stage is limited to. */
export interface GuestFlushScope extends FlushScope {
  /** The virtual machine whose translations are meant; if absent, the one that hgatp names on this hart. */
  readonly vmid?: bigint | undefined;
}

const asidOf = (atp: bigint): bigint => (atp >> ASID_SHIFT) & ASID_MASK;
/** The VMID of hgatp, or 0 where the G-stage is bare: then the context does not record one. */
const vmidOf = (hgatp: bigint): bigint => (hgatp >> ATP_MODE_SHIFT === 0n ? 0n : (hgatp >> ASID_SHIFT) & VMID_MASK);
const isVirtual = (context: Context): boolean => (context.flags & REGIME.VIRTUAL) !== 0;

const firstStage = (parts: HartParts, virtual: boolean, { address, asid, vmid }: GuestFlushScope): void => {
  const { hart, options } = parts;
  hart.count(virtual ? 'guestFlushes' : 'flushes');
  hart.charge(options.costs.tlbFlush);
  const largest = hart.cells32.superpages;
  if (address !== undefined && largest === 0) {
    clearAt(hart, address);
    return;
  }
  // Linux always maps itself with 2 MiB pages, and flushes single addresses by the ten thousand when it patches itself.
  if (address !== undefined && largest === 1) {
    clearMegapage(hart, address);
    return;
  }
  // Without an address, or if an entry may be part of a still larger page that the address lies in.
  const machine = vmid === undefined ? vmidOf(hart.csrs.hgatp) : vmid & VMID_MASK;
  const space = asid === undefined ? undefined : asid & ASID_MASK;
  parts.regimes.retire(
    (context) =>
      isVirtual(context) === virtual &&
      context.stage1 !== 0n &&
      (space === undefined || asidOf(context.stage1) === space) &&
      (!virtual || vmidOf(context.stage2) === machine),
  );
};

/** Flushes translations by satp. */
export const flush = (parts: HartParts, scope: FlushScope = {}): void => firstStage(parts, false, scope);

/** Flushes translations by vsatp of one virtual machine. */
export const flushGuest = (parts: HartParts, scope: GuestFlushScope = {}): void => firstStage(parts, true, scope);

/**
 * Flushes G-stage translations, of one virtual machine or of all. TLB entries are not tagged with guest physical
 * addresses, so there is no narrower form (18.3.2 describes this technique).
 */
export const flushGStage = (parts: HartParts, vmid?: bigint): void => {
  const { hart, options } = parts;
  hart.count('guestFlushes');
  hart.charge(options.costs.tlbFlush);
  const machine = vmid === undefined ? undefined : vmid & VMID_MASK;
  parts.regimes.retire(
    (context) => context.stage2 !== 0n && (machine === undefined || vmidOf(context.stage2) === machine),
  );
};
