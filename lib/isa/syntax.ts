/** Assembly syntax of rows and pseudo-instructions, taken apart once for disassembler and assembler. */
import type { OperandField } from './format.js';

/** One operand as written between commas: a field, `field(base)`, or `(base)`. */
export interface Slot {
  readonly field?: OperandField;
  /** The address register in parentheses. */
  readonly base?: OperandField;
}

const parsed = new Map<string, readonly Slot[]>();

const parseSlot = (text: string): Slot => {
  const [, field, base] = /^(\w*)(?:\((\w+)\))?$/.exec(text) ?? [];
  return {
    ...(field ? { field: field as OperandField } : {}),
    ...(base ? { base: base as OperandField } : {}),
  };
};

/** The operands that a syntax such as `rd, imm(rs1)` asks for, in order. */
export const slotsOf = (syntax: string): readonly Slot[] => {
  let slots = parsed.get(syntax);
  if (slots === undefined) {
    slots = syntax === '' ? [] : syntax.split(/,\s*/).map(parseSlot);
    parsed.set(syntax, slots);
  }
  return slots;
};

/** The fields that a syntax names. */
export const fieldsNamed = (syntax: string): OperandField[] =>
  slotsOf(syntax).flatMap(({ field, base }) => [field, base].filter((name) => name !== undefined));
