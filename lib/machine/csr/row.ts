/** The shape of a CSR's row: the one place where its number, contents and rules are declared. */
import type { CsrSlot } from '../hart.js';
import type { HartParts } from '../parts.js';
import { WORD } from './fields.js';

/** The exception an access raises: none, illegal instruction, or virtual instruction. */
export type Verdict = 0 | 2 | 22;

export interface CsrRow {
  readonly name: string;
  /** Bits 11:10 are 3 if it is read-only, bits 9:8 give the lowest privilege (Zicsr, 2.1 of the privileged specification). */
  readonly number: number;
  read(): bigint;
  /** Applies the WARL rules to a 64-bit value and what follows from the new contents; a row without it ignores writes. */
  readonly write?: (value: bigint) => void;
  /** What CSRRS and CSRRC modify, where it differs from what they read. */
  readonly modified?: () => bigint;
  /** Rules beyond those in the number, for a mode (privilege, plus 4 if V = 1) that the number lets pass. */
  readonly guard?: (mode: number) => Verdict;
  /** The VS CSR that replaces this one when V = 1. */
  readonly virtual?: string;
}

/** Makes the rows of one group for a hart. */
export type CsrGroup = (parts: HartParts) => readonly CsrRow[];

/** A row for a word that is kept as written, within a mask, and has no effect of its own. */
export const plain =
  ({ hart }: HartParts) =>
  (name: CsrSlot, number: number, mask = WORD, virtual?: string): CsrRow => ({
    name,
    number,
    read: () => hart.csr(name),
    write: (value) => hart.setCsr(name, value & mask),
    ...(virtual !== undefined && { virtual }),
  });

/** A row that always reads the same and ignores writes. */
export const constant = (name: string, number: number, value = 0n): CsrRow => ({ name, number, read: () => value });
