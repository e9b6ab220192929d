/** F and D: single and double precision floating point (unprivileged specification, chapters 20 and 21). */
import { add, and, extendS, extendU, type I32, type I64, i32, i64, or, wrap, xor } from '../expr.js';
import type { FormatName } from '../format.js';
import { type Fixed, type Row, rowOf } from '../row.js';
import type { Semantics } from '../semantics.js';

const OP_FP = 0x53;
type Suffix = 's' | 'd';

/** What differs between the precisions: how a register is read and written, and the fmt field. */
const precision = {
  s: {
    row: rowOf('F'),
    fmt: 0,
    bits: 32,
    width: 2,
    type: 'i32',
    read: (c: Semantics, f: I64): I32 => c.let(c.single(f)),
    write: (c: Semantics, value: I32): void => c.writeS(value),
    sign: i32(0x80000000),
    magnitude: i32(0x7fffffff),
  },
  d: {
    row: rowOf('D'),
    fmt: 1,
    bits: 64,
    width: 3,
    type: 'i64',
    read: (_: Semantics, f: I64): I64 => f,
    write: (c: Semantics, value: I64): void => c.writeF(value),
    sign: i64(1n << 63n),
    magnitude: i64((1n << 63n) - 1n),
  },
} as const;

const rowsOf = (p: Suffix): readonly Row[] => {
  // The two entries have the same shape over different types; the table is written once over either.
  const { row, fmt, bits, width, type, read, write, sign, magnitude } = precision[p] as (typeof precision)['d'];
  type T = I64;

  const arithmetic = (name: 'add' | 'sub' | 'mul' | 'div', funct5: number): Row =>
    row(`f${name}.${p}`, 'FRm', 'rd, rs1, rs2, rm', { opcode: OP_FP, funct7: (funct5 << 2) | fmt }, (c) => {
      c.float();
      const rm = c.rounding();
      write(c, c.call(type, `${name}.${p}`, read(c, c.f1), read(c, c.f2), rm));
    });
  /** rd = ±(rs1 * rs2) ± rs3: the sign of the product is that of its first factor. */
  const fused = (name: string, opcode: number, negateProduct: boolean, negateAddend: boolean): Row =>
    row(`${name}.${p}`, 'FR4', 'rd, rs1, rs2, rs3, rm', { opcode, funct2: fmt }, (c) => {
      c.float();
      const rm = c.rounding();
      const negate = (value: T, doIt: boolean): T => (doIt ? xor(value, sign) : value);
      const product = negate(read(c, c.f1), negateProduct);
      write(c, c.call(type, `fma.${p}`, product, read(c, c.f2), negate(read(c, c.f3), negateAddend), rm));
    });
  const signInjection = (name: string, funct3: number, pick: (a: T, b: T) => T): Row =>
    row(`${name}.${p}`, 'FR', 'rd, rs1, rs2', { opcode: OP_FP, funct7: (4 << 2) | fmt, funct3 }, (c) => {
      c.float();
      const a = read(c, c.f1);
      write(c, or(and(a, magnitude), and(pick(a, read(c, c.f2)), sign)));
    });
  const minmax = (name: 'min' | 'max', funct3: number): Row =>
    row(`f${name}.${p}`, 'FR', 'rd, rs1, rs2', { opcode: OP_FP, funct7: (5 << 2) | fmt, funct3 }, (c) => {
      c.float();
      write(c, c.call(type, `${name}.${p}`, read(c, c.f1), read(c, c.f2)));
    });
  const comparison = (name: 'eq' | 'lt' | 'le', funct3: number): Row =>
    row(`f${name}.${p}`, 'FCompare', 'rd, rs1, rs2', { opcode: OP_FP, funct7: (20 << 2) | fmt, funct3 }, (c) => {
      c.float();
      c.write(extendU(c.call('i32', `${name}.${p}`, read(c, c.f1), read(c, c.f2))));
    });
  const toInteger = (integer: 'w' | 'wu' | 'l' | 'lu', rs2: number): Row =>
    row(`fcvt.${integer}.${p}`, 'FToXRm', 'rd, rs1, rm', { opcode: OP_FP, funct7: (24 << 2) | fmt, rs2 }, (c) => {
      c.float();
      const rm = c.rounding();
      c.write(c.call('i64', `cvt.${integer}.${p}`, read(c, c.f1), rm));
    });
  /** Every 32-bit integer is a double: assembly names no rounding mode and encodes 0. */
  const isExact = (integer: string): boolean => p === 'd' && integer.startsWith('w');
  const fromInteger = (integer: 'w' | 'wu' | 'l' | 'lu', rs2: number): Row =>
    row(
      `fcvt.${p}.${integer}`,
      'XToFRm',
      isExact(integer) ? 'rd, rs1' : 'rd, rs1, rm',
      { opcode: OP_FP, funct7: (26 << 2) | fmt, rs2 },
      (c) => {
        c.float();
        const rm = c.rounding();
        write(c, c.call(type, `cvt.${p}.${integer}`, c.rs1, rm));
      },
    );
  const move = (name: string, format: FormatName, fixed: Fixed, meaning: (c: Semantics) => void): Row =>
    row(name, format, 'rd, rs1', { ...fixed, opcode: OP_FP, rs2: 0 }, (c) => {
      c.float();
      meaning(c);
    });
  const moveName = p === 's' ? 'w' : 'd';

  return [
    row(`fl${p === 's' ? 'w' : 'd'}`, 'FLoad', 'rd, imm(rs1)', { opcode: 0x07, funct3: width }, (c) => {
      c.float();
      const value = c.load(add(c.rs1, c.imm), bits, false);
      if (p === 's') c.writeS(wrap(value));
      else c.writeF(value);
    }),
    row(`fs${p === 's' ? 'w' : 'd'}`, 'FStore', 'rs2, imm(rs1)', { opcode: 0x27, funct3: width }, (c) => {
      c.float();
      c.store(add(c.rs1, c.imm), c.f2, bits);
    }),
    fused('fmadd', 0x43, false, false),
    fused('fmsub', 0x47, false, true),
    fused('fnmsub', 0x4b, true, false),
    fused('fnmadd', 0x4f, true, true),
    arithmetic('add', 0),
    arithmetic('sub', 1),
    arithmetic('mul', 2),
    arithmetic('div', 3),
    row(`fsqrt.${p}`, 'FUnaryRm', 'rd, rs1, rm', { opcode: OP_FP, funct7: (11 << 2) | fmt, rs2: 0 }, (c) => {
      c.float();
      const rm = c.rounding();
      write(c, c.call(type, `sqrt.${p}`, read(c, c.f1), rm));
    }),
    signInjection('fsgnj', 0, (_, b) => b),
    signInjection('fsgnjn', 1, (_, b) => xor(b, sign)),
    signInjection('fsgnjx', 2, (a, b) => xor(a, b)),
    minmax('min', 0),
    minmax('max', 1),
    comparison('eq', 2),
    comparison('lt', 1),
    comparison('le', 0),
    move(`fclass.${p}`, 'FToX', { opcode: OP_FP, funct7: (28 << 2) | fmt, funct3: 1 }, (c) =>
      c.write(extendU(c.call('i32', `class.${p}`, read(c, c.f1)))),
    ),
    toInteger('w', 0),
    toInteger('wu', 1),
    toInteger('l', 2),
    toInteger('lu', 3),
    fromInteger('w', 0),
    fromInteger('wu', 1),
    fromInteger('l', 2),
    fromInteger('lu', 3),
    move(`fmv.x.${moveName}`, 'FToX', { opcode: OP_FP, funct7: (28 << 2) | fmt, funct3: 0 }, (c) =>
      c.write(p === 's' ? extendS(wrap(c.f1)) : c.f1),
    ),
    move(`fmv.${moveName}.x`, 'XToF', { opcode: OP_FP, funct7: (30 << 2) | fmt, funct3: 0 }, (c) =>
      p === 's' ? c.writeS(wrap(c.rs1)) : c.writeF(c.rs1),
    ),
  ];
};

export const rowsF: readonly Row[] = rowsOf('s');
export const rowsD: readonly Row[] = [
  ...rowsOf('d'),
  precision.d.row('fcvt.s.d', 'FUnaryRm', 'rd, rs1, rm', { opcode: OP_FP, funct7: (8 << 2) | 0, rs2: 1 }, (c) => {
    c.float();
    const rm = c.rounding();
    c.writeS(c.call('i32', 'cvt.s.d', c.f1, rm));
  }),
  precision.d.row('fcvt.d.s', 'FUnaryRm', 'rd, rs1', { opcode: OP_FP, funct7: (8 << 2) | 1, rs2: 0 }, (c) => {
    c.float();
    // Widening is exact, but a reserved rm is still an illegal instruction.
    c.rounding();
    c.writeF(c.call('i64', 'cvt.d.s', c.let(c.single(c.f1))));
  }),
];
