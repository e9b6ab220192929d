/** Encoding: from a row and operands to the bits of an instruction. */
import { insert, type OperandField, type Operands } from './format.js';
import type { Row } from './row.js';

/**
 * The encoding of `row` with the given operands; fields without an operand stay 0. Undefined if an operand does not
 * fit its field, contradicts a fixed one, or makes another instruction.
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
  return encoding >>> 0;
};
