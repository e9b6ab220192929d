/**
 * Random programs that any RV64GC implementation must run alike: every result is defined, every access is to their own data.
 * They write all registers to standard output after each block of random code, and their data after each round.
 */
import { toElf } from '../../lib/isa/asm.js';
import { encode } from '../../lib/isa/encode.js';
import { extract, type Operands } from '../../lib/isa/format.js';
import type { Row } from '../../lib/isa/row.js';
import { lookup } from '../../lib/isa/table.js';
import { isTransfer, POINTERS, randomF, randomX, tameEncoding, userRows } from './code.js';
import type { Random } from './random.js';

/** Counts loops, and holds the target of indirect jumps and the return address of the dump. */
const COUNTER = 7;
const TARGET = 6;
/** Offsets of the pointers in the data. Atomics must be aligned; two of the pointers are not. */
const POINTS: Readonly<Record<(typeof POINTERS)[number], number>> = { 2: 4096, 8: 4160, 9: 4093, 10: 4088, 11: 2051 };
const ALIGNED = [8, 10] as const;
const DATA_BYTES = 8192;
/** 32 integer registers (x0 too), 32 floating-point registers, fcsr. */
export const DUMP_BYTES = 65 * 8;

interface Item {
  readonly encoding: number;
  /** It makes sense only after the item before it, so nothing jumps here. */
  readonly inside?: boolean;
  /** For a transfer: its row, its operands, and the item in its segment that it goes to. */
  readonly transfer?: { readonly row: Row; readonly operands: Partial<Operands>; readonly to: number };
}
const lengthOf = ({ encoding }: Item): number => ((encoding & 3) === 3 ? 4 : 2);
const rowNamed = (name: string): Row => lookup(name)!.row;
const make = (name: string, operands: Partial<Operands>): Item => ({ encoding: encode(rowNamed(name), operands)! });

/** Left out: what ends the program, and SC by itself, which need not fail where QEMU lets it (and the reverse). */
const computing = userRows.filter((row) => !isTransfer(row) && !/^(ecall|c?\.?ebreak|lr\..*|sc\..*)$/.test(row.name));
const direct = userRows.filter((row) => isTransfer(row) && !/(jr|jalr)$/.test(row.name));

const reserves = (register: number): boolean => register === COUNTER || register === TARGET;
const writesReserved = (row: Row, encoding: number): boolean => {
  const { rd } = row.fields;
  return rd !== undefined && !['f', 'fc'].includes(rd.kind) && reserves(extract(rd, encoding));
};

const compute = (random: Random): Item[] => {
  const row = random.pick(computing);
  if (row.extension === 'Zicsr') return [controlFloat(random)];
  const encoding = tameEncoding(random, row);
  if (encoding === undefined || writesReserved(row, encoding)) return compute(random);
  // A reserved rounding mode is an illegal instruction.
  if (row.fields.rm !== undefined && [5, 6].includes(extract(row.fields.rm, encoding))) return compute(random);
  if (row.extension === 'A' && !ALIGNED.includes(extract(row.fields.rs1!, encoding) as 8)) return compute(random);
  return [{ encoding }];
};
/** Sets a valid rounding mode, or reads and changes the flags. */
const controlFloat = (random: Random): Item => {
  const rd = random.pick([0, 5, 12, 28]);
  return random.pick([
    make('csrrwi', { rd, imm: 2, rs1: random.below(5) }),
    make('csrrw', { rd, imm: 1, rs1: random.below(32) }),
    make('csrrc', { rd, imm: 1, rs1: random.below(32) }),
    make('csrrsi', { rd, imm: 1, rs1: random.below(32) }),
    make('csrrs', { rd, imm: 3, rs1: 0 }),
    make('csrrci', { rd, imm: 1, rs1: random.below(32) }),
  ]);
};
/** LR with the SC that it makes succeed, then perhaps one that must fail because the first used the reservation up. */
const reserve = (random: Random): Item[] => {
  const size = random.pick(['w', 'd']);
  const [rs1, aqrl] = [random.pick(ALIGNED), random.below(4)];
  const store = (): Item => make(`sc.${size}`, { rd: random.pick([0, 5, 12, 28]), rs1, rs2: random.below(32), aqrl });
  const load = make(`lr.${size}`, { rd: random.pick([0, 5, 12, 28]), rs1, aqrl });
  return [load, store(), ...(random.below(2) === 0 ? [store()] : [])];
};
/** A jump or branch forward; an indirect one gets its target by pc. */
const transfer = (random: Random, at: number, end: number): Item[] => {
  const distance = 2 + random.below(8);
  const to = Math.min(at + distance, end);
  if (random.below(4) === 0 && to > at + 1) {
    const jump = random.pick(['jalr', 'c.jr', 'c.jalr']);
    const operands = { rs1: TARGET, ...(jump === 'jalr' && { rd: random.pick([0, 1, TARGET, 28]), imm: 0 }) };
    const [auipc, addi] = [make('auipc', { rd: TARGET, imm: 0 }), make('addi', { rd: TARGET, rs1: TARGET, imm: 0 })];
    // The second holds the distance from the first once that is known; bit 0 of a JALR target is ignored.
    return [
      auipc,
      { ...addi, transfer: { row: rowNamed('addi'), operands: { rd: TARGET, rs1: TARGET }, to } },
      make(jump, operands),
    ];
  }
  for (;;) {
    const row = random.pick(direct);
    const encoding = tameEncoding(random, row);
    if (encoding === undefined || writesReserved(row, encoding)) continue;
    const operands: Partial<Operands> = {};
    for (const key of ['rd', 'rs1', 'rs2'] as const)
      if (row.fields[key] !== undefined) operands[key] = extract(row.fields[key]!, encoding);
    return [{ encoding, transfer: { row, operands, to } }];
  }
};

/** Straight code with transfers that stay in it; a loop if it has a count. */
const segment = (random: Random): number[] => {
  const items: Item[] = [];
  const end = 14 + random.below(12);
  while (items.length < end) {
    const kind = random.below(20);
    const unit = kind === 0 ? reserve(random) : kind < 5 ? transfer(random, items.length, end) : compute(random);
    items.push(...unit.map((item, i) => ({ ...item, inside: i > 0 })));
  }
  const body = resolve(items);
  if (random.below(2) === 0) return body;
  const bytes = body.reduce((sum, encoding) => sum + ((encoding & 3) === 3 ? 4 : 2), 0);
  return [
    make('addi', { rd: COUNTER, rs1: 0, imm: 2 + random.below(6) }).encoding,
    ...body,
    make('addi', { rd: COUNTER, rs1: COUNTER, imm: -1 }).encoding,
    make('bne', { rs1: COUNTER, rs2: 0, imm: -bytes - 4 }).encoding,
  ];
};
const resolve = (items: readonly Item[]): number[] => {
  const offsets = [0];
  for (const item of items) offsets.push(offsets.at(-1)! + lengthOf(item));
  return items.map(({ encoding, transfer }, i) => {
    if (transfer === undefined) return encoding;
    const { row, operands, to } = transfer;
    const target = items.findIndex((item, at) => at >= to && at > i && item.inside !== true);
    // The target of an indirect jump counts from the AUIPC before.
    const from = row.name === 'addi' ? i - 1 : i;
    return encode(row, { ...operands, imm: offsets[target < 0 ? items.length : target]! - offsets[from]! })!;
  });
};

const directive = (encoding: number): string =>
  (encoding & 3) === 3
    ? `        .word 0x${(encoding >>> 0).toString(16)}`
    : `        .half 0x${encoding.toString(16)}`;
const loadPointers = POINTERS.map((register) => `        la x${register}, data + ${POINTS[register]}`).join('\n');

/** Fresh values for some registers, from constants of this block. */
const refresh = (random: Random, block: number): { code: string; constants: string } => {
  const code = [`        la x8, constants${block}`];
  const constants = [`constants${block}:`];
  let offset = 0;
  const draw = (count: number, load: string, file: string, value: (random: Random) => bigint): void => {
    for (let i = 0; i < count; i++) {
      const register = random.below(32);
      if (file === 'x' && (register === 8 || register === COUNTER)) continue;
      code.push(`        ${load} ${file}${register}, ${offset}(x8)`);
      constants.push(`        .dword 0x${value(random).toString(16)}`);
      offset += 8;
    }
  };
  draw(8, 'ld', 'x', randomX);
  draw(14, 'fld', 'f', randomF);
  return { code: `${code.join('\n')}\n${loadPointers}`, constants: constants.join('\n') };
};

const each = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');
const write = (what: string, bytes: number): string => `
        li a7, 64
        li a0, 1
        la a1, ${what}
        li a2, ${bytes}
        ecall`;

export interface TameProgram {
  readonly elf: Uint8Array;
  readonly blocks: readonly (readonly number[])[];
}

/** @param rounds - how often all blocks are run, each time on what the last round left */
export const tameProgram = (
  random: Random,
  { blocks: count, rounds }: { blocks: number; rounds: number },
): TameProgram => {
  const blocks = Array.from({ length: count }, () => [...segment(random), ...segment(random), ...segment(random)]);
  const fresh = blocks.map((_, block) => refresh(random, block));
  const source = `
        .text
        .globl _start
_start: la x8, initial
${each(32, (i) => `        fld f${i}, ${i * 8}(x8)`)}
${each(31, (i) => (i + 1 === 8 ? '' : `        ld x${i + 1}, ${i * 8}(x8)`))}
${loadPointers}
round:
${blocks.map((block, i) => `${fresh[i]!.code}\n${block.map(directive).join('\n')}\n        jal x${TARGET}, dump`).join('\n')}
        la x8, dumped
        sd x12, 0(x8)
        sd x17, 8(x8)${write('data', DATA_BYTES)}
        la x8, dumped
        ld x12, 0(x8)
        ld x17, 8(x8)
        la x8, rounds
        ld x9, 0(x8)
        addi x9, x9, -1
        sd x9, 0(x8)
        beqz x9, end
        la x${TARGET}, round
        jr x${TARGET}
end:    li a7, 93
        li a0, 0
        ecall
dump:   la x8, dumped
${each(32, (i) => `        sd x${i}, ${i * 8}(x8)\n        fsd f${i}, ${256 + i * 8}(x8)`)}
        frcsr x9
        sd x9, 512(x8)${write('dumped', DUMP_BYTES)}
        la x8, dumped
        ld x12, ${12 * 8}(x8)
        ld x17, ${17 * 8}(x8)
${loadPointers}
        jr x${TARGET}
        .data
        .balign 8
rounds: .dword ${rounds}
initial:
${each(32, () => `        .dword 0x${randomF(random).toString(16)}`)}
${fresh.map(({ constants }) => constants).join('\n')}
        .balign 4096
data:
${each(DATA_BYTES / 8, () => `        .dword 0x${random.next64().toString(16)}`)}
dumped: .skip ${DUMP_BYTES}
`;
  return { elf: toElf(source), blocks };
};
