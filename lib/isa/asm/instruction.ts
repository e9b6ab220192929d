/** Emitting instructions: at once if all operands are known, otherwise with a fixup or a branch that layout sizes. */
import { encode } from '../encode.js';
import type { Operands } from '../format.js';
import type { Row } from '../row.js';
import { lookup } from '../table.js';
import { compress, compressedRows } from './compress.js';
import { encodeChecked, fieldValue } from './encode-operand.js';
import type { Position } from './errors.js';
import type { Expression } from './expression.js';
import type { Form, Values } from './forms.js';
import type { OperandValue } from './operands.js';
import type { Program } from './program.js';
import type { BranchChoice, Modifier, Pending } from './section.js';

/** Stores `length` bytes of an encoding. */
export const store = (bytes: Uint8Array, encoding: number, length: number): void => {
  for (let i = 0; i < length; i++) bytes[i] = (encoding >>> (8 * i)) & 255;
};

const inverse: Readonly<Record<string, string>> = {
  beq: 'bne',
  bne: 'beq',
  blt: 'bge',
  bge: 'blt',
  bltu: 'bgeu',
  bgeu: 'bltu',
};

/** Bytes of a branch as `choice`. */
export const choiceLength = (choice: BranchChoice): number =>
  typeof choice === 'string' ? (choice === 'far' ? 8 : 6) : choice.length;

/** Whether `choice` reaches a target at `distance` bytes. */
export const reaches = (choice: BranchChoice, operands: Partial<Operands>, distance: bigint): boolean =>
  typeof choice === 'string' ||
  (BigInt.asIntN(32, distance) === distance && encode(choice, { ...operands, imm: Number(distance) }) !== undefined);

/** Writes a branch over `distance` bytes; if far, as the inverted branch over a jump. */
export const storeBranch = (
  bytes: Uint8Array,
  choice: BranchChoice,
  { row, operands, position }: Pending,
  distance: bigint,
): void => {
  if (typeof choice !== 'string') {
    const imm = fieldValue(choice.fields.imm!, distance, position);
    store(bytes, encodeChecked(choice, { ...operands, imm }, position), choice.length);
    return;
  }
  const inverted = lookup(inverse[row.name]!)!.row;
  const skipped = { ...operands, imm: choiceLength(choice) };
  const before = choice === 'far' ? 4 : 2;
  const branch = choice === 'far' ? encodeChecked(inverted, skipped, position) : compress(inverted, skipped)!;
  store(bytes, branch, before);
  const jump = lookup('jal')!.row;
  const imm = fieldValue(jump.fields.imm!, distance - BigInt(before), position);
  store(bytes.subarray(before), encodeChecked(jump, { rd: 0, imm }, position), 4);
};

/** The encodings that layout may choose between for a branch or jump, short to long. */
const branchChoices = (program: Program, row: Row, operands: Partial<Operands>): BranchChoice[] => {
  const short = program.compressed ? compressedRows(row.name).filter((c) => encode(c, { ...operands, imm: 2 })) : [];
  if (row.format !== 'B') return [...short, row];
  return [...short, row, short.length > 0 ? 'far-short' : 'far'];
};

const emitBranch = (program: Program, pending: Pending): void => {
  const choices = branchChoices(program, pending.row, pending.operands);
  const distance = program.distanceTo(pending.expression);
  const choice =
    distance === undefined ? undefined : choices.find((candidate) => reaches(candidate, pending.operands, distance));
  if (distance !== undefined && choice !== undefined)
    storeBranch(program.grow(choiceLength(choice), pending.position), choice, pending, distance);
  else program.section.close({ kind: 'branch', pending, choices, choice: 0 });
};

/** Emits a known encoding, compressed if that is on and possible. */
export const emit = (
  program: Program,
  row: Row,
  operands: Partial<Operands>,
  position: Position,
  mayCompress = true,
): void => {
  const full = encodeChecked(row, operands, position);
  const short = program.compressed && mayCompress && row.length === 4 ? compress(row, operands) : undefined;
  if (short === undefined) store(program.grow(row.length, position), full, row.length);
  else store(program.grow(2, position), short, 2);
};

/** Emits an instruction one of whose operands awaits layout. */
export const emitPending = (program: Program, pending: Pending, isPlainJump = false): void => {
  const { row, operands, modifier, field, position } = pending;
  const isTarget = row.fields[field]!.kind === 'target' && modifier === 'none';
  if (isTarget && (row.format === 'B' || isPlainJump)) {
    emitBranch(program, pending);
    return;
  }
  encodeChecked(row, operands, position);
  program.addFixup({ kind: 'instruction', offset: program.section.last.length, pending });
  program.grow(row.length, position);
};

/** Emits row `name` with operand `imm` awaiting an expression. */
export const emitSymbolic = (
  program: Program,
  name: string,
  operands: Partial<Operands>,
  [modifier, expression]: readonly [Modifier, Expression],
  position: Position,
): void => emitPending(program, { row: lookup(name)!.row, operands, field: 'imm', modifier, expression, position });

/** The number of an operand if layout cannot change it. */
const numberOf = (program: Program, row: Row, name: keyof Operands, value: OperandValue) => {
  if (value.kind === 'known') return value.value;
  const field = row.fields[name]!;
  if (value.modifier !== 'none' || field.kind === 'target') return undefined;
  const constant = program.tryConstant(value.expression);
  return constant === undefined ? undefined : fieldValue(field, constant, value.position);
};

/** Emits a statement's instruction. Position `at` is that of the mnemonic. */
export const emitForm = (program: Program, { row, syntax }: Form, values: Values, at: Position): void => {
  const operands: Partial<Operands> = {};
  let pending: Pending | undefined;
  program.requireContents(at, 'an instruction');
  for (const key in values) {
    const field = key as keyof Operands;
    const value = values[field]!;
    const number = numberOf(program, row, field, value);
    if (number !== undefined) operands[field] = number;
    else if (value.kind === 'expression') {
      const { modifier, expression, position } = value;
      pending = { row, operands, field, modifier, expression, position };
    }
  }
  if (row.length === 2) program.usesCompressed = true;
  if (pending !== undefined) {
    // As in the GNU assembler, j may become compressed, but a jal that names its link register stays.
    emitPending(program, pending, row.name === 'jal' && operands.rd === 0 && !syntax.includes('rd'));
    return;
  }
  // The GNU assembler leaves jalr alone where its offset or link register is written, even if 0 or ra.
  emit(program, row, operands, at, row.name !== 'jalr' || !/imm|rd/.test(syntax));
};
