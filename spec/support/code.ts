/** Random instructions for tests of whole engines: what is chosen freely and which registers keep a purpose. */
import { encode } from '../../lib/isa/encode.js';
import { extract, type Operands } from '../../lib/isa/format.js';
import type { Row } from '../../lib/isa/row.js';
import { table } from '../../lib/isa/table.js';
import { randomEncoding } from './encodings.js';
import type { Random } from './random.js';

/** Registers that hold addresses of data: no instruction here writes them, so that loads and stores find their pages. */
export const POINTERS = [2, 8, 9, 10, 11] as const;
const isPointer = (register: number): boolean => POINTERS.includes(register as (typeof POINTERS)[number]);

const UNPRIVILEGED = ['I', 'M', 'A', 'F', 'D', 'C', 'Zicsr', 'Zifencei'];
/** Rows of RV64GC as user programs know it. */
export const userRows: readonly Row[] = table.filter(({ extension }) => UNPRIVILEGED.includes(extension));

export const isTransfer = ({ name, expands }: Row): boolean =>
  /^(jal|jalr|beq|bne|blt|bge|bltu|bgeu)$/.test(expands ?? name);
export const touchesMemory = ({ syntax }: Row): boolean => syntax.includes('(rs1)');
export const isFloat = ({ extension, expands = '' }: Row): boolean =>
  /^[FD]$/.test(extension) || /^f[ls]/.test(expands);

const fflags = 1;
const frm = 2;
const fcsr = 3;

/** The same encoding with other operands where they fit. */
const withOperands = (row: Row, encoding: number, changes: Partial<Operands>): number | undefined => {
  const operands: Partial<Operands> = {};
  for (const [key, field] of Object.entries(row.fields))
    operands[key as keyof Operands] = changes[key as keyof Operands] ?? extract(field, encoding);
  return encode(row, operands);
};

/**
 * A random encoding of the row that leaves the pointers alone and uses them as addresses, with CSRs that are a user's own.
 * Undefined if this draw cannot be made so: draw again.
 */
export const tameEncoding = (random: Random, row: Row): number | undefined => {
  const changes: Partial<Operands> = {};
  const { fields, format } = row;
  if (fields.imm?.kind === 'csr') changes.imm = random.pick([fflags, frm, fcsr]);
  if (touchesMemory(row) && fields.rs1?.kind !== 'fixed') changes.rs1 = random.pick(POINTERS);
  const encoding = withOperands(row, randomEncoding(random, row), changes);
  if (encoding === undefined) return undefined;
  const writesX = fields.rd !== undefined && !['f', 'fc'].includes(fields.rd.kind) && format !== 'None';
  return writesX && isPointer(extract(fields.rd as NonNullable<typeof fields.rd>, encoding)) ? undefined : encoding;
};

/** The bytes of instructions one after the other. */
export const bytesOf = (encodings: readonly number[]): Uint8Array => {
  const bytes: number[] = [];
  for (const encoding of encodings) {
    const length = (encoding & 3) === 3 ? 4 : 2;
    for (let i = 0; i < length; i++) bytes.push((encoding >>> (8 * i)) & 0xff);
  }
  return Uint8Array.from(bytes);
};

/** A value of an integer register: extremes and powers of two more often than chance would have it. */
export const randomX = (random: Random): bigint => {
  const power = 1n << BigInt(random.below(64));
  return BigInt.asUintN(
    64,
    random.pick([0n, 1n, -1n, power, power - 1n, -power, random.next64(), random.bits(32), -random.bits(32)]),
  );
};

const F32_EDGES = [0, 1, 0x7fffff, 0x800000, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001, 0x5f000000];
const F64_EDGES = [
  0n,
  1n,
  0xfffffffffffffn,
  0x10000000000000n,
  0x3ff0000000000000n,
  0x7fefffffffffffffn,
  0x7ff0000000000000n,
  0x7ff8000000000000n,
  0x7ff0000000000001n,
  0x43e0000000000000n,
  0x36a0000000000000n,
];
const BOX = 0xffffffffn << 32n;
/** A pattern of a floating-point register: either precision, near enough to each other to cancel, edges, badly boxed ones. */
export const randomF = (random: Random): bigint => {
  const sign = random.bits(1);
  switch (random.below(7)) {
    case 0:
      return BOX | (sign << 31n) | BigInt(random.pick(F32_EDGES));
    case 1:
      return (sign << 63n) | random.pick(F64_EDGES);
    case 2:
      return BOX | random.bits(32);
    case 3:
      return BOX | (sign << 31n) | BigInt(0x3e000000 + random.below(0x4000000));
    case 4:
      return (sign << 63n) | (0x3fd0000000000000n + random.bits(58));
    case 5:
      return BigInt(random.pick(F32_EDGES));
    default:
      return random.next64();
  }
};
