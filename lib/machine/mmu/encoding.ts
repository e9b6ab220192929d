/** The bits of the instruction that a hart is executing, for trap values. */
import { lengthOf } from '../../isa/decode.js';
import type { Hart } from '../hart.js';
import { PAGE_SIZE } from '../layout.js';
import { fetchEntryAt, tagOf } from './tlb.js';

/** 16 bits at a virtual address whose page the fetch TLB holds, else undefined. */
const parcelAt = (hart: Hart, address: bigint): number | undefined => {
  const { memory } = hart;
  const entry = fetchEntryAt(hart, address);
  if (memory.u64[entry >>> 3] !== tagOf(address, hart.regime('fetch').context)) return undefined;
  const page = (memory.i32[(entry >>> 2) + 3] as number) >>> 0;
  return memory.view.getUint16(page + (Number(address & 0xffffn) & (PAGE_SIZE - 1)), true);
};

/**
 * The encoding of the instruction at pc: 16 or 32 bits. 0 if the fetch TLB no longer holds it, which a trap value
 * may always be (privileged specification, 3.1.16).
 */
export const encodingAtPc = (hart: Hart): number => {
  const low = parcelAt(hart, hart.pc);
  if (low === undefined || lengthOf(low) === 2) return low ?? 0;
  const high = parcelAt(hart, BigInt.asUintN(64, hart.pc + 2n));
  return high === undefined ? 0 : (low | (high << 16)) >>> 0;
};
