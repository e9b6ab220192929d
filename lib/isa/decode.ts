/** Decoding: from the bits of an instruction to its row and operands. */
import { extract, type OperandField, type Operands } from './format.js';
import type { Row } from './row.js';
import { table } from './table.js';

export interface Decoded {
  /** Index into the table. */
  readonly id: number;
  readonly row: Row;
  readonly operands: Operands;
}

/** Bytes of the instruction whose lowest 16 bits are given: encodings of 48 bits and more are not RV64GC. */
export const lengthOf = (lowHalf: number): 2 | 4 => ((lowHalf & 3) === 3 ? 4 : 2);

/** Candidate ids by the bits that tell most instructions apart: opcode and funct3, or quadrant and funct3. */
const bucketOf = (encoding: number): number =>
  (encoding & 3) === 3
    ? ((encoding >>> 2) & 31) | (((encoding >>> 12) & 7) << 5)
    : 256 | (encoding & 3) | (((encoding >>> 13) & 7) << 2);

const buckets: readonly (readonly number[])[] = (() => {
  const all: number[][] = Array.from({ length: 256 + 32 }, () => []);
  for (const [id, row] of table.entries()) {
    const funct3s = row.length === 2 || (row.mask & 0x7000) !== 0 ? [0] : [0, 1, 2, 3, 4, 5, 6, 7];
    for (const funct3 of funct3s) all[bucketOf(row.match | (funct3 << 12))]?.push(id);
  }
  return all;
})();

const noOperands: Operands = { rd: 0, rs1: 0, rs2: 0, rs3: 0, imm: 0, rm: 0, aqrl: 0 };

/** The operands of an encoding that is known to be `row`. */
export const operandsOf = (row: Row, encoding: number): Operands => {
  const operands = { ...noOperands };
  for (const key in row.fields) {
    const name = key as OperandField;
    operands[name] = extract(row.fields[name] as NonNullable<Row['fields'][OperandField]>, encoding);
  }
  return operands;
};

/**
 * Decodes one instruction. `encoding` holds 32 bits from the instruction's address on; of a compressed
 * instruction only the low 16 count. Returns undefined for what RV64GC reserves or does not define.
 */
export const decode = (encoding: number): Decoded | undefined => {
  const word = lengthOf(encoding) === 2 ? encoding & 0xffff : encoding;
  for (const id of buckets[bucketOf(word)] as readonly number[]) {
    const row = table[id] as Row;
    if ((word & row.mask) >>> 0 !== row.match) continue;
    const operands = operandsOf(row, word);
    if (row.where === undefined || row.where(operands)) return { id, row, operands };
  }
  return undefined;
};
