/** RV64I: the base integer instructions (unprivileged specification, chapters 2 and 4). */
import {
  add,
  and,
  eq,
  extendS,
  extendU,
  geS,
  geU,
  type I32,
  type I64,
  i64,
  ltS,
  ltU,
  ne,
  or,
  sext32,
  shl,
  shrS,
  shrU,
  sub,
  wrap,
  xor,
} from '../expr.js';
import { type Row, rowOf } from '../row.js';
import type { Bits } from '../semantics.js';

const I = rowOf('I');
const LOAD = 0x03;
const MISC_MEM = 0x0f;
const OP_IMM = 0x13;
const AUIPC = 0x17;
const OP_IMM_32 = 0x1b;
const STORE = 0x23;
const OP = 0x33;
const LUI = 0x37;
const OP_32 = 0x3b;
const BRANCH = 0x63;
const JALR = 0x67;
const JAL = 0x6f;
const SYSTEM = 0x73;

type Operation = (a: I64, b: I64) => I64;
const less: Operation = (a, b) => extendU(ltS(a, b));
const lessUnsigned: Operation = (a, b) => extendU(ltU(a, b));
/** Word forms compute on the low 32 bits and sign-extend; WebAssembly's i32 shifts already take the amount modulo 32. */
const addW: Operation = (a, b) => sext32(add(a, b));
const subW: Operation = (a, b) => sext32(sub(a, b));
const sllW: Operation = (a, b) => extendS(shl(wrap(a), wrap(b)));
const srlW: Operation = (a, b) => extendS(shrU(wrap(a), wrap(b)));
const sraW: Operation = (a, b) => extendS(shrS(wrap(a), wrap(b)));

const immediate = (name: string, funct3: number, operation: Operation): Row =>
  I(name, 'I', 'rd, rs1, imm', { opcode: OP_IMM, funct3 }, (c) => c.write(operation(c.rs1, c.imm)));
const register = (name: string, funct7: number, funct3: number, operation: Operation): Row =>
  I(name, 'R', 'rd, rs1, rs2', { opcode: OP, funct7, funct3 }, (c) => c.write(operation(c.rs1, c.rs2)));
const word = (name: string, funct7: number, funct3: number, operation: Operation): Row =>
  I(name, 'R', 'rd, rs1, rs2', { opcode: OP_32, funct7, funct3 }, (c) => c.write(operation(c.rs1, c.rs2)));
const shift = (name: string, funct6: number, funct3: number, operation: Operation): Row =>
  I(name, 'Shift64', 'rd, rs1, imm', { opcode: OP_IMM, funct6, funct3 }, (c) => c.write(operation(c.rs1, c.imm)));
const shiftWord = (name: string, funct7: number, funct3: number, operation: Operation): Row =>
  I(name, 'Shift32', 'rd, rs1, imm', { opcode: OP_IMM_32, funct7, funct3 }, (c) => c.write(operation(c.rs1, c.imm)));
const branch = (name: string, funct3: number, condition: (a: I64, b: I64) => I32): Row =>
  I(name, 'B', 'rs1, rs2, imm', { opcode: BRANCH, funct3 }, (c) => c.branch(condition(c.rs1, c.rs2)));
const load = (name: string, funct3: number, bits: Bits, signed: boolean): Row =>
  I(name, 'I', 'rd, imm(rs1)', { opcode: LOAD, funct3 }, (c) => c.write(c.load(add(c.rs1, c.imm), bits, signed)));
const store = (name: string, funct3: number, bits: Bits): Row =>
  I(name, 'S', 'rs2, imm(rs1)', { opcode: STORE, funct3 }, (c) => c.store(add(c.rs1, c.imm), c.rs2, bits));

export const rowsI: readonly Row[] = [
  I('lui', 'U', 'rd, imm', { opcode: LUI }, (c) => c.write(c.imm)),
  I('auipc', 'U', 'rd, imm', { opcode: AUIPC }, (c) => c.write(add(c.pc, c.imm))),
  I('jal', 'J', 'rd, imm', { opcode: JAL }, (c) => {
    c.write(c.next);
    c.jump(add(c.pc, c.imm));
  }),
  I('jalr', 'I', 'rd, imm(rs1)', { opcode: JALR, funct3: 0 }, (c) => {
    // The target is taken before the link is written: rd may be rs1.
    const target = c.let(and(add(c.rs1, c.imm), i64(-2)));
    c.write(c.next);
    c.jump(target);
  }),
  branch('beq', 0, eq),
  branch('bne', 1, ne),
  branch('blt', 4, ltS),
  branch('bge', 5, geS),
  branch('bltu', 6, ltU),
  branch('bgeu', 7, geU),
  load('lb', 0, 8, true),
  load('lh', 1, 16, true),
  load('lw', 2, 32, true),
  load('ld', 3, 64, true),
  load('lbu', 4, 8, false),
  load('lhu', 5, 16, false),
  load('lwu', 6, 32, false),
  store('sb', 0, 8),
  store('sh', 1, 16),
  store('sw', 2, 32),
  store('sd', 3, 64),
  immediate('addi', 0, add),
  immediate('slti', 2, less),
  immediate('sltiu', 3, lessUnsigned),
  immediate('xori', 4, xor),
  immediate('ori', 6, or),
  immediate('andi', 7, and),
  shift('slli', 0, 1, shl),
  shift('srli', 0, 5, shrU),
  shift('srai', 0x10, 5, shrS),
  register('add', 0, 0, add),
  register('sub', 0x20, 0, sub),
  register('sll', 0, 1, shl),
  register('slt', 0, 2, less),
  register('sltu', 0, 3, lessUnsigned),
  register('xor', 0, 4, xor),
  register('srl', 0, 5, shrU),
  register('sra', 0x20, 5, shrS),
  register('or', 0, 6, or),
  register('and', 0, 7, and),
  I('addiw', 'I', 'rd, rs1, imm', { opcode: OP_IMM_32, funct3: 0 }, (c) => c.write(addW(c.rs1, c.imm))),
  shiftWord('slliw', 0, 1, sllW),
  shiftWord('srliw', 0, 5, srlW),
  shiftWord('sraiw', 0x20, 5, sraW),
  word('addw', 0, 0, addW),
  word('subw', 0x20, 0, subW),
  word('sllw', 0, 1, sllW),
  word('srlw', 0, 5, srlW),
  word('sraw', 0x20, 5, sraW),
  // Memory is sequentially consistent here (harts run in turns), so ordering instructions have nothing to do.
  I('fence', 'Fence', 'imm', { opcode: MISC_MEM, funct3: 0 }, () => {}),
  I('ecall', 'None', '', { opcode: SYSTEM, funct12: 0, rs1: 0, funct3: 0, rd: 0 }, (c) => c.effect('ecall')),
  I('ebreak', 'None', '', { opcode: SYSTEM, funct12: 1, rs1: 0, funct3: 0, rd: 0 }, (c) => c.effect('ebreak')),
];
