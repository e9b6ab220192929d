/** Zicsr, Zifencei, the privileged instructions and the hypervisor extension (privileged specification, chapters 3, 12 and 18). */
import { extendS, extendU, type I64, i32, ne, sext8, sext16, wrap } from '../expr.js';
import { type Row, rowOf } from '../row.js';
import type { Bits, Semantics } from '../semantics.js';

const SYSTEM = 0x73;
const Zicsr = rowOf('Zicsr');
const Privileged = rowOf('Privileged');
const H = rowOf('H');

const WRITE = 1;
const SET = 2;
const CLEAR = 3;
const YES = i32(1);

/**
 * A CSR instruction. csrrw does not read if rd is x0; csrrs and csrrc do not write if the source is x0 or
 * the immediate 0 (Zicsr, table 8): side effects and permission checks depend on it.
 */
const csr = (name: string, funct3: number, operation: number, source: 'register' | 'immediate'): Row =>
  Zicsr(name, source === 'register' ? 'Csr' : 'CsrI', 'rd, imm, rs1', { opcode: SYSTEM, funct3 }, (c) => {
    const reads = operation === WRITE ? ne(c.rdIndex, i32(0)) : YES;
    const writes = operation === WRITE ? YES : ne(c.rs1Index, i32(0));
    const value = source === 'register' ? c.rs1 : extendU(c.rs1Index);
    c.write(c.call('i64', 'csr', wrap(c.imm), value, i32(operation), reads, writes));
  });

export const rowsZicsr: readonly Row[] = [
  csr('csrrw', 1, WRITE, 'register'),
  csr('csrrs', 2, SET, 'register'),
  csr('csrrc', 3, CLEAR, 'register'),
  csr('csrrwi', 5, WRITE, 'immediate'),
  csr('csrrsi', 6, SET, 'immediate'),
  csr('csrrci', 7, CLEAR, 'immediate'),
];

export const rowsZifencei: readonly Row[] = [
  rowOf('Zifencei')('fence.i', 'FenceI', '', { opcode: 0x0f, funct3: 1 }, (c) => c.effect('fence.i')),
];

const bare = { opcode: SYSTEM, funct3: 0, rd: 0, rs1: 0 };
const fence = (row: typeof H, name: 'sfence.vma' | 'hfence.vvma' | 'hfence.gvma', funct7: number): Row =>
  row(name, 'Fence2', 'rs1, rs2', { opcode: SYSTEM, funct3: 0, rd: 0, funct7 }, (c) =>
    c.effect(name, c.rs1, c.rs2, ne(c.rs1Index, i32(0)), ne(c.rs2Index, i32(0))),
  );

export const rowsPrivileged: readonly Row[] = [
  Privileged('sret', 'None', '', { ...bare, funct12: 0x102 }, (c) => c.effect('sret')),
  Privileged('mret', 'None', '', { ...bare, funct12: 0x302 }, (c) => c.effect('mret')),
  Privileged('wfi', 'None', '', { ...bare, funct12: 0x105 }, (c) => c.effect('wfi')),
  fence(Privileged, 'sfence.vma', 0x09),
];

const extend =
  (bits: Bits, signed: boolean) =>
  (value: I64): I64 => {
    if (!signed) return value;
    return bits === 8 ? sext8(value) : bits === 16 ? sext16(value) : extendS(wrap(value));
  };
const load = (name: string, funct7: number, rs2: number, bits: Bits, signed: boolean, execute = false): Row =>
  H(name, 'HLoad', 'rd, (rs1)', { opcode: SYSTEM, funct3: 4, funct7, rs2 }, (c: Semantics) =>
    c.write(extend(bits, signed)(c.call('i64', 'hlv', c.rs1, i32(bits), i32(execute ? 1 : 0)))),
  );
const store = (name: string, funct7: number, bits: Bits): Row =>
  H(name, 'HStore', 'rs2, (rs1)', { opcode: SYSTEM, funct3: 4, funct7, rd: 0 }, (c: Semantics) =>
    c.effect('hsv', c.rs1, i32(bits), c.rs2),
  );

export const rowsH: readonly Row[] = [
  fence(H, 'hfence.vvma', 0x11),
  fence(H, 'hfence.gvma', 0x31),
  load('hlv.b', 0x30, 0, 8, true),
  load('hlv.bu', 0x30, 1, 8, false),
  load('hlv.h', 0x32, 0, 16, true),
  load('hlv.hu', 0x32, 1, 16, false),
  load('hlvx.hu', 0x32, 3, 16, false, true),
  load('hlv.w', 0x34, 0, 32, true),
  load('hlv.wu', 0x34, 1, 32, false),
  load('hlvx.wu', 0x34, 3, 32, false, true),
  load('hlv.d', 0x36, 0, 64, false),
  store('hsv.b', 0x31, 8),
  store('hsv.h', 0x33, 16),
  store('hsv.w', 0x35, 32),
  store('hsv.d', 0x37, 64),
];
