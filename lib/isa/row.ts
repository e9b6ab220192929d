/** The shape of an instruction's row: the one place where anything about an instruction is declared. */
import { type Fields, type FormatName, formats, type Operands } from './format.js';
import type { Meaning } from './semantics.js';

export type Extension = 'I' | 'M' | 'A' | 'F' | 'D' | 'C' | 'Zicsr' | 'Zifencei' | 'Privileged' | 'H';

export interface Row {
  readonly name: string;
  readonly extension: Extension;
  /** Bytes: 4, or 2 for a compressed encoding. */
  readonly length: 2 | 4;
  /** An encoding is this instruction if `(encoding & mask) === match` and `where` holds. */
  readonly match: number;
  readonly mask: number;
  readonly format: string;
  readonly fields: Fields;
  /** Operands in assembly order; each word names a field, the punctuation stands for itself: `rd, imm(rs1)`. */
  readonly syntax: string;
  readonly meaning: Meaning;
  /** Excludes operands that the specification reserves or gives to another instruction. */
  readonly where?: (operands: Operands) => boolean;
  /** For a compressed instruction, the instruction that it abbreviates. */
  readonly expands?: string;
}

const field = (value: number, at: number): number => (value << at) >>> 0;

/** Fixed bits of a 32-bit encoding, by the manual's field names. */
export interface Fixed {
  opcode: number;
  funct3?: number;
  funct7?: number;
  /** All of bits 31:20, for SYSTEM instructions. */
  funct12?: number;
  /** Bits 31:26 (RV64 shifts) and 31:27 (atomics). */
  funct6?: number;
  funct5?: number;
  /** Bits 26:25 of the fused multiply-adds. */
  funct2?: number;
  rs1?: number;
  rs2?: number;
  rd?: number;
}
const places: readonly [keyof Fixed, number, number][] = [
  ['opcode', 0, 7],
  ['rd', 7, 5],
  ['funct3', 12, 3],
  ['rs1', 15, 5],
  ['rs2', 20, 5],
  ['funct2', 25, 2],
  ['funct7', 25, 7],
  ['funct6', 26, 6],
  ['funct5', 27, 5],
  ['funct12', 20, 12],
];

/** Makes the row constructor of one extension: `I('addi', 'I', 'rd, rs1, imm', { opcode, funct3 }, meaning)`. */
export const rowOf =
  (extension: Extension) =>
  (name: string, format: FormatName, syntax: string, bits: Fixed, meaning: Meaning): Row => {
    let match = 0;
    let mask = 0;
    for (const [key, at, width] of places) {
      const value = bits[key];
      if (value === undefined) continue;
      match |= field(value, at);
      mask |= field(2 ** width - 1, at);
    }
    return {
      name,
      extension,
      length: 4,
      match: match >>> 0,
      mask: mask >>> 0,
      format,
      fields: formats[format],
      syntax,
      meaning,
    };
  };
