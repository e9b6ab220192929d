/** M: integer multiplication and division (unprivileged specification, chapter 13). */
import {
  and,
  divS,
  divU,
  eq,
  eqz,
  extendS,
  extendU,
  type I64,
  i64,
  mul,
  mulhS,
  mulhSU,
  mulhU,
  or,
  remS,
  remU,
  select,
  sext32,
  wrap,
} from '../expr.js';
import { type Row, rowOf } from '../row.js';

const M = rowOf('M');
type Operation = (a: I64, b: I64) => I64;

const MIN = i64(-(2n ** 63n));
/** WebAssembly traps on x / 0 and MIN / -1; dividing by 1 instead gives the overflow results that RISC-V defines (table 11). */
const safe = (a: I64, b: I64): I64 => select(or(eqz(b), and(eq(a, MIN), eq(b, i64(-1)))), i64(1), b);
const div: Operation = (a, b) => select(eqz(b), i64(-1), divS(a, safe(a, b)));
const rem: Operation = (a, b) => remS(a, safe(a, b));
const orOne = (b: I64): I64 => select(eqz(b), i64(1), b);
const divu: Operation = (a, b) => select(eqz(b), i64(-1), divU(a, orOne(b)));
const remu: Operation = (a, b) => select(eqz(b), a, remU(a, orOne(b)));
/** x rem 0 is x, but x rem -1 is 0 even for MIN. */
const remSigned: Operation = (a, b) => select(eqz(b), a, rem(a, b));

const signed = (a: I64): I64 => sext32(a);
const unsigned = (a: I64): I64 => extendU(wrap(a));
/** Word forms: operands extended to 64 bits, where MIN / -1 cannot overflow, and the result truncated and sign-extended. */
const inWord =
  (extend: (a: I64) => I64, operation: Operation): Operation =>
  (a, b) =>
    extendS(wrap(operation(extend(a), extend(b))));

const row = (name: string, opcode: number, funct3: number, operation: Operation): Row =>
  M(name, 'R', 'rd, rs1, rs2', { opcode, funct7: 1, funct3 }, (c) => c.write(operation(c.rs1, c.rs2)));
const OP = 0x33;
const OP_32 = 0x3b;

export const rowsM: readonly Row[] = [
  row('mul', OP, 0, mul),
  row('mulh', OP, 1, mulhS),
  row('mulhsu', OP, 2, mulhSU),
  row('mulhu', OP, 3, mulhU),
  row('div', OP, 4, div),
  row('divu', OP, 5, divu),
  row('rem', OP, 6, remSigned),
  row('remu', OP, 7, remu),
  row('mulw', OP_32, 0, (a, b) => sext32(mul(a, b))),
  row('divw', OP_32, 4, inWord(signed, div)),
  row('divuw', OP_32, 5, inWord(unsigned, divu)),
  row('remw', OP_32, 6, inWord(signed, remSigned)),
  row('remuw', OP_32, 7, inWord(unsigned, remu)),
];
