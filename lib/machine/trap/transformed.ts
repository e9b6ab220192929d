/** The transformed instruction that htinst and mtinst report for guest-page faults of loads and stores (privileged specification, 18.6.3). */
import { type Decoded, decode } from '../../isa/decode.js';
import { insert } from '../../isa/format.js';
import type { Row } from '../../isa/row.js';
import { lookup } from '../../isa/table.js';
import type { Hart } from '../hart.js';
import { encodingAtPc } from '../mmu/encoding.js';
import { CAUSE } from './causes.js';

const RS1 = 0x1f << 15;
const RS1_SHIFT = 15;
/** Bit 1 of the encoding: clear in the result if the instruction was compressed. */
const UNCOMPRESSED = 2;

/**
 * The instruction at pc as trap software wants it: rs1 replaced by the distance from the address of the access to the
 * faulting byte, immediates zero. 0, which is always allowed, for other causes or if the encoding is not at hand.
 */
export const transformedInstruction = (hart: Hart, cause: number): bigint => {
  if (cause !== CAUSE.loadGuestPageFault && cause !== CAUSE.storeGuestPageFault) return 0n;
  const encoding = encodingAtPc(hart);
  const decoded = decode(encoding);
  if (decoded === undefined) return 0n;
  const { row, operands } = decoded;
  const address = hart.x(operands.rs1) + BigInt(operands.imm);
  const offset = Number(BigInt.asUintN(5, hart.cells.trapValue - address));
  const base = row.expands === undefined ? transformFull(row, encoding) : transformCompressed(decoded, row.expands);
  return BigInt(((base & ~RS1) | (offset << RS1_SHIFT)) >>> 0);
};

/** Loads and stores lose their immediate; atomics and virtual-machine accesses have none. */
const transformFull = (row: Row, encoding: number): number => {
  const immediate = row.fields.imm;
  return immediate === undefined ? encoding : encoding & ~(insert(immediate, -1) ?? 0);
};

const transformCompressed = ({ operands }: Decoded, expands: string): number => {
  const row = lookup(expands)?.row;
  if (row === undefined) return 0;
  let encoding = row.match & ~UNCOMPRESSED;
  for (const name of ['rd', 'rs2'] as const) {
    const field = row.fields[name];
    if (field !== undefined) encoding |= insert(field, operands[name]) ?? 0;
  }
  return encoding;
};
