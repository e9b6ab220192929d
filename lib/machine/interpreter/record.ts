/**
 * The decoded-instruction record: 8 bytes that the interpreter's handlers read instead of the encoding.
 * Byte 0 says what to do; bytes 1 to 3 are rd, rs1 and rs2 times 8, ready to address a register; the last four
 * are the immediate, or rs3 times 8 and the rounding mode. The page of decoded code that holds it tells its address.
 */
import type { Operands } from '../../isa/format.js';
import type { Row } from '../../isa/row.js';
import { lookup, table } from '../../isa/table.js';
import { PAGE_SIZE } from '../layout.js';

/** Byte 0 of a record that was not decoded yet: decoded pages start as zeroes. */
export const UNDECODED = 0;
/** Byte 0 of an instruction is its row's id plus this; the special operations come after the rows. */
export const FIRST_ROW = 1;

const idOf = (name: string): number => {
  const found = lookup(name);
  if (found === undefined) throw new RangeError(`no row is named ${name}`);
  return found.id;
};

/** A direct transfer whose target lies in the same page needs no look-up: it has an operation of its own. */
const nearNames = ['beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu', 'jal', 'c.beqz', 'c.bnez', 'c.j'] as const;
let next = FIRST_ROW + table.length;
export const NEAR: ReadonlyMap<number, number> = new Map(nearNames.map((name) => [idOf(name), next++]));
export const OP = {
  /** Instructions that only write rd, where rd is x0; by length. */
  nop4: next++,
  nop2: next++,
  /** `jal x0` within the page and beyond, `jalr x0`: no link is written. */
  jumpNear: next++,
  jumpFar: next++,
  jumpRegister: next++,
  /** A load to x0 still faults and still touches devices; byte 1 holds the access's bytes. */
  loadToZero: next++,
  illegal: next++,
  /** The record after a page's last parcel. */
  pageEnd: next++,
  /** A 32-bit instruction whose upper half lies in the next page. */
  straddle: next++,
  breakpoint: next++,
} as const;
export const OPERATIONS = next;
if (OPERATIONS > 256) throw new RangeError(`${OPERATIONS} operations do not fit a record's byte`);

/** Near operations and their rows, for the engine's handlers. */
export const nearRows: readonly { op: number; id: number }[] = [...NEAR].map(([id, op]) => ({ op, id }));

const loadBytes: ReadonlyMap<string, number> = new Map([
  ['lb', 1],
  ['lbu', 1],
  ['lh', 2],
  ['lhu', 2],
  ['lw', 4],
  ['lwu', 4],
  ['ld', 8],
]);
/** Rows that do nothing but compute rd from registers, the immediate and pc. */
const isPure = ({ extension, format, name, expands }: Row): boolean => {
  const base = expands === undefined ? undefined : lookup(expands)?.row;
  if (base !== undefined) return isPure(base);
  if (extension === 'M') return true;
  return (
    extension === 'I' &&
    ['R', 'I', 'U', 'Shift64', 'Shift32'].includes(format) &&
    name !== 'jalr' &&
    !loadBytes.has(name)
  );
};
const pureRows: readonly boolean[] = table.map(isPure);

/** Fields of one decoded record. */
export interface RecordFields {
  op: number;
  rd: number;
  rs1: number;
  rs2: number;
  imm: number;
}

/** The record of an instruction at `offset` in its page; without one its transfers are never near. */
export const recordOf = (id: number, row: Row, o: Operands, offset?: number): RecordFields => {
  const registers = { rd: o.rd * 8, rs1: o.rs1 * 8, rs2: o.rs2 * 8 };
  const imm = row.fields.rs3 !== undefined || row.fields.rm !== undefined ? (o.rs3 * 8) | (o.rm << 8) : o.imm;
  const plain = { op: id + FIRST_ROW, ...registers, imm };
  const target = offset === undefined ? -1 : offset + o.imm;
  const near = target >= 0 && target < PAGE_SIZE;
  const toZero = o.rd === 0 && row.fields.rd !== undefined;
  if (toZero && row.name === 'jal') return { ...plain, op: near ? OP.jumpNear : OP.jumpFar };
  if (toZero && row.name === 'jalr') return { ...plain, op: OP.jumpRegister };
  if (toZero && pureRows[id]) return { ...plain, op: row.length === 4 ? OP.nop4 : OP.nop2 };
  const bytes = loadBytes.get(row.name);
  if (toZero && bytes !== undefined) return { ...plain, op: OP.loadToZero, rd: bytes };
  const nearOp = near ? NEAR.get(id) : undefined;
  return nearOp === undefined ? plain : { ...plain, op: nearOp };
};
