/** Pseudo-instructions that become several instructions: constants, addresses, far calls and accesses, extensions. */
import type { Operands } from '../format.js';
import { lookup } from '../table.js';
import { Mistake, type Position } from './errors.js';
import type { Place } from './expression.js';
import { emit, emitSymbolic } from './instruction.js';
import { expressionOf, type Operand, readOperand } from './operands.js';
import type { Program } from './program.js';

export interface MacroInstruction {
  readonly syntax: string;
  /** For the reference page. */
  readonly expansion: string;
  readonly emit: (program: Program, operands: readonly Operand[], position: Position) => void;
}

const RA = 1;
const T1 = 6;

const one = (program: Program, name: string, operands: Partial<Operands>, position: Position): void =>
  emit(program, lookup(name)!.row, operands, position);

const register = (program: Program, operand: Operand | undefined, at: Position, kind: 'x' | 'f' = 'x'): number => {
  const value = operand && readOperand(operand, { kind, pieces: [], value: 0, width: 0 }, program);
  if (value?.kind === 'known') return value.value;
  const what = kind === 'x' ? 'an integer register' : 'a floating-point register';
  throw new Mistake(operand?.position ?? at, `expected ${what} here`);
};
const expression = (program: Program, operand: Operand | undefined, at: Position) => {
  if (operand === undefined) throw new Mistake(at, 'expected a symbol or an address here');
  return expressionOf(operand, program);
};
const requireCount = (operands: readonly Operand[], least: number, most: number, at: Position): void => {
  if (operands.length >= least && operands.length <= most) return;
  const count = least === most ? `${least}` : `${least} to ${most}`;
  throw new Mistake(operands[most]?.position ?? at, `expected ${count} operands, found ${operands.length}`);
};

/**
 * Loads any 64-bit constant: lui and addiw for what they reach, otherwise the constant without its low 12 bits
 * and trailing zeros, shifted into place, and the low bits added.
 */
const loadConstant = (program: Program, rd: number, value: bigint, position: Position): void => {
  const low = BigInt.asIntN(12, value);
  const high = BigInt.asIntN(64, value - low);
  if (BigInt.asIntN(32, value) === value) {
    if (high !== 0n) one(program, 'lui', { rd, imm: Number(BigInt.asIntN(32, high)) }, position);
    if (low !== 0n || high === 0n) one(program, 'addiw', { rd, rs1: high === 0n ? 0 : rd, imm: Number(low) }, position);
    return;
  }
  let shift = 12n;
  while (((high >> shift) & 1n) === 0n) shift++;
  loadConstant(program, rd, high >> shift, position);
  one(program, 'slli', { rd, rs1: rd, imm: Number(shift) }, position);
  if (low !== 0n) one(program, 'addi', { rd, rs1: rd, imm: Number(low) }, position);
};

/** `auipc` towards a symbol, then an instruction that adds the low part of the distance. */
const viaPc = (
  program: Program,
  scratch: number,
  operand: Operand | undefined,
  [name, operands]: readonly [string, Partial<Operands>],
  position: Position,
): void => {
  const target = expression(program, operand, position);
  program.requireContents(position, 'an instruction');
  const place: Place = program.currentPlace();
  emitSymbolic(program, 'auipc', { rd: scratch }, ['pcrel_hi', target], position);
  emitSymbolic(program, name, { ...operands, rs1: scratch }, ['pcrel_lo', { kind: 'place', place }], position);
};

const loadAddress: MacroInstruction = {
  syntax: 'rd, symbol',
  expansion: 'auipc; addi',
  emit: (program, operands, at) => {
    requireCount(operands, 2, 2, at);
    const rd = register(program, operands[0], at);
    viaPc(program, rd, operands[1], ['addi', { rd }], at);
  },
};

/** `call symbol` links in ra, `call rd, symbol` in rd. */
const call: MacroInstruction = {
  syntax: '[rd,] symbol',
  expansion: 'auipc; jalr',
  emit: (program, operands, at) => {
    requireCount(operands, 1, 2, at);
    const named = operands.length === 2;
    const rd = named ? register(program, operands[0], at) : RA;
    viaPc(program, named ? T1 : RA, operands.at(-1), ['jalr', { rd }], at);
  },
};
const tail: MacroInstruction = {
  syntax: 'symbol',
  expansion: 'auipc; jalr',
  emit: (program, operands, at) => {
    requireCount(operands, 1, 1, at);
    viaPc(program, T1, operands[0], ['jalr', { rd: 0 }], at);
  },
};
const jump: MacroInstruction = {
  syntax: 'symbol, scratch',
  expansion: 'auipc; jalr',
  emit: (program, operands, at) => {
    requireCount(operands, 2, 2, at);
    viaPc(program, register(program, operands[1], at), operands[0], ['jalr', { rd: 0 }], at);
  },
};

const farLoad = (name: string): MacroInstruction => ({
  syntax: 'rd, symbol',
  expansion: `auipc; ${name}`,
  emit: (program, operands, at) => {
    requireCount(operands, 2, 2, at);
    const rd = register(program, operands[0], at);
    viaPc(program, rd, operands[1], [name, { rd }], at);
  },
});
const farFloatLoad = (name: string): MacroInstruction => ({
  syntax: 'rd, symbol, scratch',
  expansion: `auipc; ${name}`,
  emit: (program, operands, at) => {
    requireCount(operands, 3, 3, at);
    const rd = register(program, operands[0], at, 'f');
    viaPc(program, register(program, operands[2], at), operands[1], [name, { rd }], at);
  },
});
const farStore = (name: string, kind: 'x' | 'f' = 'x'): MacroInstruction => ({
  syntax: 'rs2, symbol, scratch',
  expansion: `auipc; ${name}`,
  emit: (program, operands, at) => {
    requireCount(operands, 3, 3, at);
    const rs2 = register(program, operands[0], at, kind);
    viaPc(program, register(program, operands[2], at), operands[1], [name, { rs2 }], at);
  },
});

/** Shifts up, then down with or without sign, which leaves `bits` bits. */
const extension = (bits: number, down: 'srli' | 'srai'): MacroInstruction => ({
  syntax: 'rd, rs1',
  expansion: `slli; ${down}`,
  emit: (program, operands, at) => {
    requireCount(operands, 2, 2, at);
    const rd = register(program, operands[0], at);
    program.requireContents(at, 'an instruction');
    one(program, 'slli', { rd, rs1: register(program, operands[1], at), imm: 64 - bits }, at);
    one(program, down, { rd, rs1: rd, imm: 64 - bits }, at);
  },
});

/** Tried before the one-instruction forms of the same name. */
export const macroInstructions: ReadonlyMap<string, MacroInstruction> = new Map([
  [
    'li',
    {
      syntax: 'rd, number',
      expansion: 'addi, or lui, addiw, slli and addi as the number needs',
      emit: (program, operands, at) => {
        requireCount(operands, 2, 2, at);
        const rd = register(program, operands[0], at);
        const position = operands[1]!.position;
        const value = program.constant(expression(program, operands[1], at), position, 'the operand of li');
        program.requireContents(at, 'an instruction');
        if (BigInt.asIntN(12, value) === value) one(program, 'addi', { rd, rs1: 0, imm: Number(value) }, at);
        else loadConstant(program, rd, value, at);
      },
    },
  ],
  ['la', loadAddress],
  ['lla', loadAddress],
  ['call', call],
  ['tail', tail],
  ['jump', jump],
  ['zext.h', extension(16, 'srli')],
  ['zext.w', extension(32, 'srli')],
  ['sext.b', extension(8, 'srai')],
  ['sext.h', extension(16, 'srai')],
]);

/** Loads and stores of a symbol, tried when no one-instruction form matches. */
export const farAccesses: ReadonlyMap<string, MacroInstruction> = new Map([
  ...['lb', 'lh', 'lw', 'ld', 'lbu', 'lhu', 'lwu'].map((name) => [name, farLoad(name)] as const),
  ...['sb', 'sh', 'sw', 'sd'].map((name) => [name, farStore(name)] as const),
  ...['flw', 'fld'].map((name) => [name, farFloatLoad(name)] as const),
  ...['fsw', 'fsd'].map((name) => [name, farStore(name, 'f')] as const),
]);
