/** Choosing compressed encodings. */
import { encode } from '../encode.js';
import type { Operands } from '../format.js';
import type { Row } from '../row.js';
import { lookup, table } from '../table.js';

const candidates = new Map<string, Row[]>();
for (const row of table)
  if (row.expands !== undefined) candidates.set(row.expands, [...(candidates.get(row.expands) ?? []), row]);

/** Compressed encodings of an instruction, in table order. */
export const compressedRows = (name: string): readonly Row[] => candidates.get(name) ?? [];

const COMMUTATIVE = new Set(['add', 'addw', 'and', 'or', 'xor']);

/** Encodings that do nothing or are kept for hints, which are never what a source means. */
const isUseless = (row: Row, { rd, imm }: Partial<Operands>): boolean =>
  (row.fields.rd?.kind === 'x' && rd === 0) ||
  (row.fields.imm?.kind === 'shamt' && imm === 0) ||
  (row.name === 'c.addi' && imm === 0);

const compressExactly = (row: Row, operands: Partial<Operands>): number | undefined => {
  for (const candidate of compressedRows(row.name)) {
    if (isUseless(candidate, operands)) continue;
    const encoding = encode(candidate, operands);
    if (encoding !== undefined) return encoding;
  }
  return undefined;
};

/** A 16-bit encoding that means the same as `row` with these operands, if there is one. */
export const compress = (row: Row, operands: Partial<Operands>): number | undefined => {
  const exact = compressExactly(row, operands);
  if (exact !== undefined) return exact;
  const { rd = 0, rs1 = 0, rs2 = 0, imm } = operands;
  // An add of x0 would become a move; the GNU assembler leaves it alone, and so do its users expect.
  if (COMMUTATIVE.has(row.name) && rs2 !== 0) return compressExactly(row, { ...operands, rs1: rs2, rs2: rs1 });
  // Adding 0 is a move, whose compressed encoding stands for an add to x0.
  if (row.name === 'addi' && imm === 0 && rs1 !== 0)
    return compressExactly(lookup('add')!.row, { rd, rs1: 0, rs2: rs1 });
  return undefined;
};
