/** A: atomic memory operations and load-reserved / store-conditional (unprivileged specification, chapter 14). */
import { add, and, extendU, gtS, gtU, type I64, ltS, ltU, or, select, sext32, wrap, xor } from '../expr.js';
import { type Row, rowOf } from '../row.js';

const A = rowOf('A');
const AMO = 0x2f;
type Operation = (memory: I64, register: I64) => I64;

/** Both widths of an atomic; word operands are sign-extended, or zero-extended for the unsigned comparisons. */
const amo = (name: string, funct5: number, operation: Operation, unsigned = false): readonly Row[] => [
  A(`${name}.w`, 'Amo', 'rd, rs2, (rs1)', { opcode: AMO, funct5, funct3: 2 }, (c) => {
    const address = c.let(c.rs1);
    const old = c.load(address, 32, true, 'amo');
    const word = (a: I64): I64 => (unsigned ? extendU(wrap(a)) : sext32(a));
    c.store(address, operation(word(old), word(c.rs2)), 32);
    c.write(old);
  }),
  A(`${name}.d`, 'Amo', 'rd, rs2, (rs1)', { opcode: AMO, funct5, funct3: 3 }, (c) => {
    const address = c.let(c.rs1);
    const old = c.load(address, 64, true, 'amo');
    c.store(address, operation(old, c.rs2), 64);
    c.write(old);
  }),
];

const reserved = (suffix: 'w' | 'd', funct3: number): readonly Row[] => {
  const bits = suffix === 'w' ? 32 : 64;
  return [
    A(`lr.${suffix}`, 'LoadReserved', 'rd, (rs1)', { opcode: AMO, funct5: 2, funct3, rs2: 0 }, (c) =>
      c.write(c.load(c.rs1, bits, true, 'reserve')),
    ),
    A(`sc.${suffix}`, 'Amo', 'rd, rs2, (rs1)', { opcode: AMO, funct5: 3, funct3 }, (c) =>
      c.write(c.storeConditional(c.rs1, c.rs2, bits)),
    ),
  ];
};

export const rowsA: readonly Row[] = [
  ...reserved('w', 2),
  ...reserved('d', 3),
  ...amo('amoswap', 1, (_, register) => register),
  ...amo('amoadd', 0, add),
  ...amo('amoxor', 4, xor),
  ...amo('amoand', 12, and),
  ...amo('amoor', 8, or),
  ...amo('amomin', 16, (a, b) => select(ltS(a, b), a, b)),
  ...amo('amomax', 20, (a, b) => select(gtS(a, b), a, b)),
  ...amo('amominu', 24, (a, b) => select(ltU(a, b), a, b), true),
  ...amo('amomaxu', 28, (a, b) => select(gtU(a, b), a, b), true),
];
