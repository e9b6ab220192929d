/** The TLBs and the code map as generated code addresses them (see layout.ts for the entries). */
import {
  add,
  and,
  extendU,
  type I32,
  type I64,
  i32,
  i64,
  ne,
  or,
  peek,
  shl,
  shrU,
  sub,
  wrap,
  xor,
} from '../../isa/expr.js';
import { PAGE_SHIFT, PAGE_SIZE, REGIME, REGIME_FIELD, TLB_ENTRY, TLB_ENTRY_SHIFT, TLB_FOLD_SHIFT } from '../layout.js';
import { type HartCode, regimeField } from './state.js';

/** Offset of an address's TLB entry from the TLB's start: `tlbIndex` of layout.ts times the size of an entry. */
export const entryOffset = (address: I64, entries: number): I32 => {
  const low = wrap(address);
  const folded = xor(shrU(low, i32(PAGE_SHIFT - TLB_ENTRY_SHIFT)), shrU(low, i32(TLB_FOLD_SHIFT - TLB_ENTRY_SHIFT)));
  return and(folded, i32((entries - 1) * TLB_ENTRY));
};

/** The tag of an address's page in the context that the regime has now. */
export const tagOf = (address: I64, regime: I32): I64 =>
  or(and(address, i64(-PAGE_SIZE)), extendU(regimeField('i32', regime, REGIME_FIELD.context)));

/** Whether the regime translates at all. */
export const translates = (regime: I32): I32 =>
  ne(or(regimeField('i64', regime, REGIME_FIELD.stage1), regimeField('i64', regime, REGIME_FIELD.stage2)), i64(0));

/** Whether faults of the regime report guest virtual addresses. */
export const isGuest = (regime: I32): I32 =>
  ne(and(regimeField('i32', regime, REGIME_FIELD.flags), i32(REGIME.VIRTUAL)), i32(0));

/** Address of the decoded page for the page of RAM at a host address, or 0. */
export const codeOf = (hart: HartCode, host: I32): I32 => {
  const page = shrU(sub(host, hart.get32('ramHost')), i32(PAGE_SHIFT));
  return peek('i32', 32, add(hart.get32('codeMap'), shl(page, i32(2))));
};
