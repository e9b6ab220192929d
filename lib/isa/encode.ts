/** Encoding: from a row and operands to the bits of an instruction. */
import { operandsOf } from './decode.js';
import { insert, type OperandField, type Operands } from './format.js';
import type { Row } from './row.js';

/**
 * The encoding of `row` with the given operands; fields without an operand stay 0. Undefined if an operand does not
 * fit its field, contradicts a fixed one or one that shares its bits, or if the specification reserves the result.
 */
export const encode = (row: Row, operands: Partial<Operands>): number | undefined => {
  let encoding = row.match;
  for (const key in operands) {
    const field = row.fields[key as OperandField];
    const value = operands[key as OperandField];
    if (field === undefined || value === undefined) continue;
    const bits = insert(field, value);
    if (bits === undefined) return undefined;
    encoding |= bits;
  }
  const result = operandsOf(row, encoding);
  for (const key in operands) {
    const name = key as OperandField;
    if (row.fields[name] !== undefined && operands[name] !== result[name]) return undefined;
  }
  return row.where === undefined || row.where(result) ? encoding >>> 0 : undefined;
};
