/**
 * Instruction formats: where an encoding keeps each operand. One description serves decoding, encoding and
 * the reference page.
 */

/** The operands of a decoded instruction, the same set for every format and for compressed encodings. */
export interface Operands {
  /** Register numbers, 0 to 31; whether integer or floating point is the format's to say. */
  rd: number;
  rs1: number;
  rs2: number;
  rs3: number;
  /** Immediate, shift amount or CSR number as a signed 32-bit value. */
  imm: number;
  /** Rounding mode field, 0 to 7. */
  rm: number;
  /** Acquire (bit 1) and release (bit 0) of an atomic. */
  aqrl: number;
}
export type OperandField = keyof Operands;

/**
 * What a field holds, which decides how it is written in assembly.
 * - `x`, `f`: register; `xc`, `fc`: the 3-bit register fields of compressed encodings (x8 to x15)
 * - `simm`, `uimm`: number; `shamt`: shift amount; `upper`: bits 31:12 of imm, written as a 20-bit number; `target`: pc-relative address
 * - `csr`: CSR number; `rm`: rounding mode; `aqrl`: ordering suffix; `fence`: predecessor and successor sets
 * - `fixed`: not encoded, always the same
 */
export type FieldKind =
  | 'x'
  | 'f'
  | 'xc'
  | 'fc'
  | 'simm'
  | 'uimm'
  | 'shamt'
  | 'upper'
  | 'target'
  | 'csr'
  | 'rm'
  | 'aqrl'
  | 'fence'
  | 'fixed';

/** `length` bits of the encoding from bit `at` are bits `from` and up of the operand. */
export interface Piece {
  readonly at: number;
  readonly from: number;
  readonly length: number;
  /** As many ones as `length` says, unsigned. */
  readonly mask: number;
}
export interface Field {
  readonly kind: FieldKind;
  readonly pieces: readonly Piece[];
  /** The value of a `fixed` field. */
  readonly value: number;
  /** One past the highest operand bit that the field holds. */
  readonly width: number;
}
export type Fields = Readonly<Partial<Record<OperandField, Field>>>;

/**
 * Parses the manual's notation: `31:25=11:5,11:7=4:0` says that encoding bits 31:25 hold operand bits 11:5 and
 * so on; without `=` the operand bits are those from 0 up.
 */
const parsePieces = (layout: string): Piece[] =>
  layout.split(',').map((piece) => {
    const [encoding = '', operand] = piece.split('=');
    const [high = 0, low = high] = encoding.split(':').map(Number);
    const from = operand === undefined ? 0 : Number(operand.split(':').at(-1));
    const length = high - low + 1;
    return { at: low, from, length, mask: (2 ** length - 1) >>> 0 };
  });

export const field = (kind: FieldKind, layout: string): Field => {
  const pieces = parsePieces(layout);
  return { kind, pieces, value: 0, width: Math.max(0, ...pieces.map((p) => p.from + p.length)) };
};
export const fixed = (value: number): Field => ({ kind: 'fixed', pieces: [], value, width: 0 });

const isSigned = (kind: FieldKind): boolean => kind === 'simm' || kind === 'upper' || kind === 'target';

/** Operand bits below this one are always 0, so the value must be a multiple of 2 to this power. */
export const fieldAlignment = (f: Field): number => Math.min(32, ...f.pieces.map((p) => p.from));

/** The operand's value as this encoding gives it. */
export const extract = (f: Field, encoding: number): number => {
  if (f.kind === 'fixed') return f.value;
  let value = 0;
  for (const { at, from, mask } of f.pieces) value |= ((encoding >>> at) & mask) << from;
  if (f.kind === 'xc' || f.kind === 'fc') return value + 8;
  if (!isSigned(f.kind)) return value;
  const unused = 32 - f.width;
  return (value << unused) >> unused;
};

/** The encoding bits that hold `value`; `undefined` if the field cannot represent it. */
export const insert = (f: Field, value: number): number | undefined => {
  if (extractInserted(f, value) !== value) return undefined;
  return insertUnchecked(f, value);
};
const insertUnchecked = (f: Field, value: number): number => {
  const raw = f.kind === 'xc' || f.kind === 'fc' ? value - 8 : value;
  let encoding = 0;
  for (const { at, from, mask } of f.pieces) encoding |= ((raw >>> from) & mask) << at;
  return encoding >>> 0;
};
const extractInserted = (f: Field, value: number): number => extract(f, insertUnchecked(f, value));

const x = (layout: string): Field => field('x', layout);
const f = (layout: string): Field => field('f', layout);
const RD = '11:7';
const RS1 = '19:15';
const RS2 = '24:20';
const IMM_I = field('simm', '31:20');
const IMM_S = field('simm', '31:25=11:5,11:7=4:0');
const RM = field('rm', '14:12');

/** The formats of 32-bit instructions (unprivileged specification, chapter 2.2 and the chapters of F, A and Zicsr). */
export const formats = {
  R: { rd: x(RD), rs1: x(RS1), rs2: x(RS2) },
  I: { rd: x(RD), rs1: x(RS1), imm: IMM_I },
  S: { rs1: x(RS1), rs2: x(RS2), imm: IMM_S },
  B: { rs1: x(RS1), rs2: x(RS2), imm: field('target', '31=12,30:25=10:5,11:8=4:1,7=11') },
  U: { rd: x(RD), imm: field('upper', '31:12=31:12') },
  J: { rd: x(RD), imm: field('target', '31=20,30:21=10:1,20=11,19:12=19:12') },
  Shift64: { rd: x(RD), rs1: x(RS1), imm: field('shamt', '25:20') },
  Shift32: { rd: x(RD), rs1: x(RS1), imm: field('shamt', '24:20') },
  Fence: { imm: field('fence', '31:20') },
  FenceI: { rd: x(RD), rs1: x(RS1), imm: IMM_I },
  Csr: { rd: x(RD), rs1: x(RS1), imm: field('csr', '31:20') },
  CsrI: { rd: x(RD), rs1: field('uimm', RS1), imm: field('csr', '31:20') },
  Amo: { rd: x(RD), rs1: x(RS1), rs2: x(RS2), aqrl: field('aqrl', '26:25') },
  LoadReserved: { rd: x(RD), rs1: x(RS1), aqrl: field('aqrl', '26:25') },
  None: {},
  Fence2: { rs1: x(RS1), rs2: x(RS2) },
  HLoad: { rd: x(RD), rs1: x(RS1) },
  HStore: { rs1: x(RS1), rs2: x(RS2) },
  FLoad: { rd: f(RD), rs1: x(RS1), imm: IMM_I },
  FStore: { rs1: x(RS1), rs2: f(RS2), imm: IMM_S },
  FR: { rd: f(RD), rs1: f(RS1), rs2: f(RS2) },
  FRm: { rd: f(RD), rs1: f(RS1), rs2: f(RS2), rm: RM },
  FR4: { rd: f(RD), rs1: f(RS1), rs2: f(RS2), rs3: f('31:27'), rm: RM },
  FUnaryRm: { rd: f(RD), rs1: f(RS1), rm: RM },
  FToX: { rd: x(RD), rs1: f(RS1) },
  FToXRm: { rd: x(RD), rs1: f(RS1), rm: RM },
  FCompare: { rd: x(RD), rs1: f(RS1), rs2: f(RS2) },
  XToF: { rd: f(RD), rs1: x(RS1) },
  XToFRm: { rd: f(RD), rs1: x(RS1), rm: RM },
} as const satisfies Record<string, Fields>;
export type FormatName = keyof typeof formats;
