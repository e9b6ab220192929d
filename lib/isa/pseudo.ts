/**
 * Pseudo-instructions that stand for one instruction (unprivileged specification, tables of pseudoinstructions; GNU
 * assembler). One row serves the assembler, which accepts it, the disassembler, which prints it, and the reference page.
 */
import type { OperandField } from './format.js';

export interface Pseudo {
  readonly name: string;
  /** Operands in assembly order, as fields of the instruction. */
  readonly syntax: string;
  /** The instruction that it stands for. */
  readonly base: string;
  /** What the other operands are: a value, or the field that they repeat. */
  readonly given: Readonly<Partial<Record<OperandField, number | OperandField>>>;
  /**
   * When the disassembler prints it: never, with aliases, or even without, because it has no other name.
   * The first that matches is printed.
   */
  readonly printed: 'never' | 'alias' | 'always';
}

const pseudo =
  (printed: Pseudo['printed']) =>
  (name: string, syntax: string, base: string, given: Pseudo['given'] = {}): Pseudo => ({
    name,
    syntax,
    base,
    given,
    printed,
  });
const shown = pseudo('alias');
const accepted = pseudo('never');
const own = pseudo('always');

const CYCLE = 0xc00;
const FFLAGS = 1;
const FRM = 2;
const FCSR = 3;
const RA = 1;

const integer: readonly Pseudo[] = [
  shown('nop', '', 'addi', { rd: 0, rs1: 0, imm: 0 }),
  shown('li', 'rd, imm', 'addi', { rs1: 0 }),
  shown('mv', 'rd, rs1', 'addi', { imm: 0 }),
  accepted('move', 'rd, rs1', 'addi', { imm: 0 }),
  shown('add', 'rd, rs1, imm', 'addi'),
  shown('sext.w', 'rd, rs1', 'addiw', { imm: 0 }),
  shown('addw', 'rd, rs1, imm', 'addiw'),
  shown('not', 'rd, rs1', 'xori', { imm: -1 }),
  shown('xor', 'rd, rs1, imm', 'xori'),
  shown('or', 'rd, rs1, imm', 'ori'),
  shown('zext.b', 'rd, rs1', 'andi', { imm: 255 }),
  shown('and', 'rd, rs1, imm', 'andi'),
  shown('sll', 'rd, rs1, imm', 'slli'),
  shown('srl', 'rd, rs1, imm', 'srli'),
  shown('sra', 'rd, rs1, imm', 'srai'),
  shown('sllw', 'rd, rs1, imm', 'slliw'),
  shown('srlw', 'rd, rs1, imm', 'srliw'),
  shown('sraw', 'rd, rs1, imm', 'sraiw'),
  accepted('slt', 'rd, rs1, imm', 'slti'),
  accepted('sltu', 'rd, rs1, imm', 'sltiu'),
  shown('neg', 'rd, rs2', 'sub', { rs1: 0 }),
  shown('negw', 'rd, rs2', 'subw', { rs1: 0 }),
  shown('seqz', 'rd, rs1', 'sltiu', { imm: 1 }),
  shown('snez', 'rd, rs2', 'sltu', { rs1: 0 }),
  shown('sltz', 'rd, rs1', 'slt', { rs2: 0 }),
  shown('sgtz', 'rd, rs2', 'slt', { rs1: 0 }),
  accepted('sgt', 'rd, rs2, rs1', 'slt'),
  accepted('sgtu', 'rd, rs2, rs1', 'sltu'),
];

const control: readonly Pseudo[] = [
  shown('beqz', 'rs1, imm', 'beq', { rs2: 0 }),
  shown('bnez', 'rs1, imm', 'bne', { rs2: 0 }),
  shown('bltz', 'rs1, imm', 'blt', { rs2: 0 }),
  shown('bgtz', 'rs2, imm', 'blt', { rs1: 0 }),
  shown('blez', 'rs2, imm', 'bge', { rs1: 0 }),
  shown('bgez', 'rs1, imm', 'bge', { rs2: 0 }),
  accepted('bgt', 'rs2, rs1, imm', 'blt'),
  accepted('ble', 'rs2, rs1, imm', 'bge'),
  accepted('bgtu', 'rs2, rs1, imm', 'bltu'),
  accepted('bleu', 'rs2, rs1, imm', 'bgeu'),
  shown('j', 'imm', 'jal', { rd: 0 }),
  shown('jal', 'imm', 'jal', { rd: RA }),
  shown('ret', '', 'jalr', { rd: 0, rs1: RA, imm: 0 }),
  shown('jr', 'rs1', 'jalr', { rd: 0, imm: 0 }),
  shown('jr', 'imm(rs1)', 'jalr', { rd: 0 }),
  accepted('jr', 'rs1, imm', 'jalr', { rd: 0 }),
  shown('jalr', 'rs1', 'jalr', { rd: RA, imm: 0 }),
  shown('jalr', 'imm(rs1)', 'jalr', { rd: RA }),
  shown('jalr', 'rd, rs1', 'jalr', { imm: 0 }),
  accepted('jalr', 'rs1, imm', 'jalr', { rd: RA }),
  accepted('jalr', 'rd, rs1, imm', 'jalr'),
];

const system: readonly Pseudo[] = [
  accepted('scall', '', 'ecall'),
  accepted('sbreak', '', 'ebreak'),
  own('unimp', '', 'csrrw', { rd: 0, imm: CYCLE, rs1: 0 }),
  shown('fence', '', 'fence', { imm: 0x0ff }),
  own('fence.tso', '', 'fence', { imm: 0x833 }),
  accepted('pause', '', 'fence', { imm: 0x010 }),
  shown('rdcycle', 'rd', 'csrrs', { imm: CYCLE, rs1: 0 }),
  shown('rdtime', 'rd', 'csrrs', { imm: CYCLE + 1, rs1: 0 }),
  shown('rdinstret', 'rd', 'csrrs', { imm: CYCLE + 2, rs1: 0 }),
  shown('frcsr', 'rd', 'csrrs', { imm: FCSR, rs1: 0 }),
  shown('frrm', 'rd', 'csrrs', { imm: FRM, rs1: 0 }),
  shown('frflags', 'rd', 'csrrs', { imm: FFLAGS, rs1: 0 }),
  shown('fscsr', 'rs1', 'csrrw', { rd: 0, imm: FCSR }),
  shown('fscsr', 'rd, rs1', 'csrrw', { imm: FCSR }),
  shown('fsrm', 'rs1', 'csrrw', { rd: 0, imm: FRM }),
  shown('fsrm', 'rd, rs1', 'csrrw', { imm: FRM }),
  shown('fsflags', 'rs1', 'csrrw', { rd: 0, imm: FFLAGS }),
  shown('fsflags', 'rd, rs1', 'csrrw', { imm: FFLAGS }),
  shown('fsrmi', 'rd, rs1', 'csrrwi', { imm: FRM }),
  accepted('fsrmi', 'rs1', 'csrrwi', { rd: 0, imm: FRM }),
  shown('fsflagsi', 'rd, rs1', 'csrrwi', { imm: FFLAGS }),
  accepted('fsflagsi', 'rs1', 'csrrwi', { rd: 0, imm: FFLAGS }),
  shown('csrr', 'rd, imm', 'csrrs', { rs1: 0 }),
  shown('csrw', 'imm, rs1', 'csrrw', { rd: 0 }),
  shown('csrs', 'imm, rs1', 'csrrs', { rd: 0 }),
  shown('csrc', 'imm, rs1', 'csrrc', { rd: 0 }),
  shown('csrw', 'imm, rs1', 'csrrwi', { rd: 0 }),
  shown('csrs', 'imm, rs1', 'csrrsi', { rd: 0 }),
  shown('csrc', 'imm, rs1', 'csrrci', { rd: 0 }),
  accepted('csrwi', 'imm, rs1', 'csrrwi', { rd: 0 }),
  accepted('csrsi', 'imm, rs1', 'csrrsi', { rd: 0 }),
  accepted('csrci', 'imm, rs1', 'csrrci', { rd: 0 }),
  shown('csrrw', 'rd, imm, rs1', 'csrrwi'),
  shown('csrrs', 'rd, imm, rs1', 'csrrsi'),
  shown('csrrc', 'rd, imm, rs1', 'csrrci'),
];
const addressFence = (name: string): readonly Pseudo[] => [
  shown(name, '', name, { rs1: 0, rs2: 0 }),
  shown(name, 'rs1', name, { rs2: 0 }),
];

const float = (p: 's' | 'd'): readonly Pseudo[] => [
  shown(`fmv.${p}`, 'rd, rs1', `fsgnj.${p}`, { rs2: 'rs1' }),
  shown(`fneg.${p}`, 'rd, rs1', `fsgnjn.${p}`, { rs2: 'rs1' }),
  shown(`fabs.${p}`, 'rd, rs1', `fsgnjx.${p}`, { rs2: 'rs1' }),
  accepted(`fgt.${p}`, 'rd, rs2, rs1', `flt.${p}`),
  accepted(`fge.${p}`, 'rd, rs2, rs1', `fle.${p}`),
];

/** Names of compressed encodings that do not read as their expansion, mostly hints (unprivileged specification, 26.5). */
const compressed: readonly Pseudo[] = [
  shown('c.mv', 'rd, rs2', 'c.mv', { rd: 0 }),
  shown('mv', 'rd, rs2', 'c.mv'),
  shown('c.nop', 'imm', 'c.addi', { rd: 0 }),
  shown('add', 'rd, rs1, imm', 'c.addi', { imm: 0 }),
  own('c.slli64', 'rd', 'c.slli', { imm: 0 }),
  own('c.srli64', 'rd', 'c.srli', { imm: 0 }),
  own('c.srai64', 'rd', 'c.srai', { imm: 0 }),
];

export const pseudos: readonly Pseudo[] = [
  ...integer,
  ...control,
  ...system,
  ...addressFence('sfence.vma'),
  ...addressFence('hfence.vvma'),
  ...addressFence('hfence.gvma'),
  ...float('s'),
  ...float('d'),
  accepted('fmv.x.s', 'rd, rs1', 'fmv.x.w'),
  accepted('fmv.s.x', 'rd, rs1', 'fmv.w.x'),
  ...compressed,
];

/** Pseudo-instructions by the instruction that they stand for, in printing order. */
export const pseudosOf: ReadonlyMap<string, readonly Pseudo[]> = (() => {
  const all = new Map<string, Pseudo[]>();
  for (const row of pseudos) all.set(row.base, [...(all.get(row.base) ?? []), row]);
  return all;
})();
