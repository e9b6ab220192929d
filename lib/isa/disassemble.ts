/** Disassembly, in the spelling of GNU objdump. */
import { csrName } from './csrs.js';
import { decode, lengthOf, operandsOf } from './decode.js';
import { encode } from './encode.js';
import type { Field, OperandField, Operands } from './format.js';
import { type Pseudo, pseudosOf } from './pseudo.js';
import { fNames, xNames } from './registers.js';
import type { Row } from './row.js';
import { fieldsNamed, slotsOf } from './syntax.js';
import { lookup } from './table.js';
import { accessSet, DYNAMIC_ROUNDING, orderings, roundingModes } from './words.js';

/** Names an address, such as `main+0x8`; undefined if no symbol is near. */
export type Symbolizer = (address: bigint) => string | undefined;

export interface DisassembleOptions {
  /** Address of the instruction, on which branch targets depend; 0 unless given. */
  readonly pc?: bigint;
  readonly symbols?: Symbolizer;
  /** Whether to print pseudo-instructions (`ret`) rather than instructions (`jalr zero,0(ra)`); true unless given. */
  readonly aliases?: boolean;
}

/** Names addresses by the nearest symbol at or below. */
export const symbolizer = (symbols: Iterable<readonly [name: string, address: bigint]>): Symbolizer => {
  const sorted = [...symbols].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0));
  return (address) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]![1] <= address) low = middle + 1;
      else high = middle;
    }
    const nearest = sorted[low - 1];
    if (nearest === undefined) return undefined;
    const offset = address - nearest[1];
    return offset === 0n ? nearest[0] : `${nearest[0]}+0x${offset.toString(16)}`;
  };
};

const target = (imm: number, { pc = 0n, symbols }: DisassembleOptions): string => {
  const address = BigInt.asUintN(64, pc + BigInt(imm));
  const name = symbols?.(address);
  return address.toString(16) + (name === undefined ? '' : ` <${name}>`);
};

const writeOperand = ({ kind }: Field, value: number, options: DisassembleOptions): string => {
  switch (kind) {
    case 'x':
    case 'xc':
    case 'fixed':
      return xNames[value] as string;
    case 'f':
    case 'fc':
      return fNames[value] as string;
    case 'target':
      return target(value, options);
    case 'shamt':
      return `0x${value.toString(16)}`;
    case 'upper':
      return `0x${(value >>> 12).toString(16)}`;
    case 'csr':
      return csrName(value) ?? `0x${value.toString(16)}`;
    case 'rm':
      return roundingModes[value] ?? 'unknown';
    case 'fence':
      return `${accessSet((value >> 4) & 15) ?? 'unknown'},${accessSet(value & 15) ?? 'unknown'}`;
    default:
      return `${value}`;
  }
};

interface Spelling {
  readonly name: string;
  readonly syntax: string;
  readonly row: Row;
}

const write = ({ name, syntax, row }: Spelling, operands: Operands, options: DisassembleOptions): string => {
  const words: string[] = [];
  for (const { field, base } of slotsOf(syntax)) {
    if (field === 'rm' && operands.rm === DYNAMIC_ROUNDING) continue;
    const value = field === undefined ? '' : writeOperand(row.fields[field]!, operands[field], options);
    words.push(base === undefined ? value : `${value}(${writeOperand(row.fields[base]!, operands[base], options)})`);
  }
  const mnemonic = name + (row.fields.aqrl === undefined ? '' : orderings[operands.aqrl]);
  return words.length === 0 ? mnemonic : `${mnemonic} ${words.join(',')}`;
};

const agrees = ({ given }: Pseudo, operands: Operands): boolean => {
  for (const key in given) {
    const expected = given[key as OperandField] as number | OperandField;
    if (operands[key as OperandField] !== (typeof expected === 'number' ? expected : operands[expected])) return false;
  }
  return true;
};

/** The first pseudo-instruction that these operands of `row` may be printed as. */
const pseudoFor = (row: Row, operands: Operands, aliases: boolean): Spelling | undefined => {
  const found = pseudosOf
    .get(row.name)
    ?.find((p) => (p.printed === 'always' || (aliases && p.printed === 'alias')) && agrees(p, operands));
  return found && { name: found.name, syntax: found.syntax, row };
};

/** A compressed encoding without effect, which its expansion would hide: one that writes x0. */
const isHint = (row: Row, { rd }: Operands): boolean => row.length === 2 && row.fields.rd?.kind === 'x' && rd === 0;

/**
 * Whether the syntax says everything that the encoding holds. It does not for a fence with a reserved mode or
 * registers, or for an exact conversion with a rounding mode.
 */
const isComplete = (row: Row, operands: Operands, word: number): boolean => {
  const named: Partial<Operands> = { aqrl: operands.aqrl };
  for (const field of fieldsNamed(row.syntax)) named[field] = operands[field];
  if (row.fields.imm?.kind === 'fence') named.imm = operands.imm & 0xff;
  return encode(row, named) === word;
};

/**
 * Disassembles one instruction, for example `addi sp,sp,-16` or `beqz a0,10078 <loop>`; numbers as objdump writes
 * them. `encoding` holds the 32 bits from the instruction's address on; of a compressed one only the low 16 count.
 * What is not an instruction, or has operands that assembly cannot express, becomes `.4byte` or `.2byte`.
 */
export const disassemble = (encoding: number, options: DisassembleOptions = {}): string => {
  const { aliases = true } = options;
  const length = lengthOf(encoding);
  const word = length === 2 ? encoding & 0xffff : encoding >>> 0;
  if (word === 0) return aliases ? 'unimp' : 'c.unimp';
  const decoded = decode(word);
  const data = `.${length}byte 0x${word.toString(16)}`;
  if (decoded === undefined) return data;
  const { row, operands } = decoded;
  if (encode(row, operands) !== word) return data;
  const pseudo = pseudoFor(row, operands, aliases);
  if (pseudo !== undefined) return write(pseudo, operands, options);
  if (!isComplete(row, operands, word)) return data;
  if (!aliases || row.expands === undefined || isHint(row, operands)) return write({ ...row, row }, operands, options);

  // With aliases, a compressed instruction reads as what it expands to.
  const base = lookup(row.expands)!.row;
  const full = encode(base, operands);
  const expanded = full === undefined ? operands : operandsOf(base, full);
  return write(pseudoFor(base, expanded, true) ?? { ...base, row: base }, expanded, options);
};
