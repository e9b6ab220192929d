/** From the value of an expression to what a field holds, and what to say when it does not fit. */
import { encode } from '../encode.js';
import { type Field, fieldAlignment, insert, type Operands } from '../format.js';
import type { Row } from '../row.js';
import { Mistake, type Position } from './errors.js';
import { evaluate } from './expression.js';
import type { Program } from './program.js';
import type { Modifier, Pending } from './section.js';

const signExtend12 = (value: bigint): number => Number(BigInt.asIntN(12, value));

/** Bits 31:12 such that adding the sign-extended low 12 bits gives `value`. */
const highPart = (value: bigint, position: Position): number => {
  const rounded = value + 0x800n;
  if (BigInt.asIntN(32, rounded) !== rounded)
    throw new Mistake(position, `${value} is out of reach: expected a 32-bit signed value or distance`);
  return Number(BigInt.asIntN(32, (rounded >> 12n) << 12n));
};

/** The range of numbers as assembly writes them. */
const describeRange = (field: Field): string => {
  if (field.kind === 'upper') return '-524288 to 1048575';
  const signed = field.kind === 'simm' || field.kind === 'target';
  const alignment = 2 ** fieldAlignment(field);
  const width = field.width;
  const [low, high] = signed ? [-(2 ** (width - 1)), 2 ** (width - 1) - alignment] : [0, 2 ** width - alignment];
  return `${low} to ${high}${alignment > 1 ? `, a multiple of ${alignment}` : ''}`;
};

const misfit = (field: Field, value: bigint, position: Position): Mistake =>
  new Mistake(
    position,
    field.kind === 'target'
      ? `the target is ${value} bytes away; expected ${describeRange(field)}`
      : `${value} does not fit; expected ${describeRange(field)}`,
  );

/** A number for a field, without modifier; for a target, the distance. @throws Mistake if it does not fit. */
export const fieldValue = (field: Field, value: bigint, position: Position): number => {
  if (field.kind === 'upper') {
    if (value < -0x80000n || value > 0xfffffn) throw misfit(field, value, position);
    const operand = Number(BigInt.asIntN(32, value << 12n));
    if (insert(field, operand) === undefined) throw misfit(field, value, position);
    return operand;
  }
  if (BigInt.asIntN(32, value) !== value || insert(field, Number(value)) === undefined)
    throw misfit(field, value, position);
  return Number(value);
};

/** @throws Mistake naming the operand at fault if the instruction cannot have these operands. */
export const encodeChecked = (row: Row, operands: Partial<Operands>, position: Position): number => {
  const encoding = encode(row, operands);
  if (encoding !== undefined) return encoding;
  for (const key in operands) {
    const field = row.fields[key as keyof Operands];
    const value = operands[key as keyof Operands]!;
    if (field === undefined || insert(field, value) !== undefined) continue;
    if (field.kind === 'xc' || field.kind === 'fc')
      throw new Mistake(position, `${row.name} reaches only the eight registers s0, s1 and a0 to a5 (or fs and fa)`);
    throw misfit(field, BigInt(value), position);
  }
  throw new Mistake(position, `the specification reserves ${row.name} with these operands`);
};

/** `%pcrel_lo(label)`: the low part of the distance that the instruction at the label has the high part of. */
const pcrelLow = (program: Program, { expression, position }: Pending): number => {
  const place = expression.kind === 'symbol' ? program.symbols.get(expression.name)?.place : undefined;
  const at = expression.kind === 'place' ? expression.place : place;
  const fixup = at?.fragment.fixups.find(({ offset }) => offset === at.offset);
  if (at === undefined || fixup?.kind !== 'instruction' || fixup.pending.modifier !== 'pcrel_hi')
    throw new Mistake(position, '%pcrel_lo expects the label of an instruction that uses %pcrel_hi');
  const { number } = evaluate(fixup.pending.expression, program.laidOut);
  return signExtend12(number - program.laidOut.place(at).number);
};

const modified = (
  modifier: Exclude<Modifier, 'none' | 'pcrel_lo'>,
  value: bigint,
  pc: bigint,
  at: Position,
): number => {
  if (modifier === 'lo') return signExtend12(value);
  return highPart(BigInt.asIntN(64, modifier === 'hi' ? value : value - pc), at);
};

/** The value of the awaited operand after layout; `pc` is the instruction's address. */
export const pendingValue = (program: Program, pending: Pending, pc: bigint): number => {
  const { row, field: name, modifier, expression, position } = pending;
  const field = row.fields[name]!;
  if (modifier === 'pcrel_lo') return pcrelLow(program, pending);
  const { number } = evaluate(expression, program.laidOut);
  if (modifier !== 'none') return modified(modifier, number, pc, position);
  return fieldValue(field, field.kind === 'target' ? BigInt.asIntN(64, number - pc) : number, position);
};
