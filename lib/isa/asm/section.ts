/** Sections under construction: bytes whose distances are fixed, between parts whose size depends on layout. */

import type { Operands } from '../format.js';
import type { Row } from '../row.js';
import type { Position } from './errors.js';
import type { Expression } from './expression.js';

/** How the value of a symbolic operand becomes a field's (RISC-V ELF psABI, assembler relocation functions). */
export type Modifier = 'none' | 'hi' | 'lo' | 'pcrel_hi' | 'pcrel_lo';

/** An instruction of which one operand awaits a value. */
export interface Pending {
  readonly row: Row;
  readonly operands: Partial<Operands>;
  readonly field: keyof Operands;
  readonly expression: Expression;
  readonly modifier: Modifier;
  readonly position: Position;
}

/** Bytes to be filled in after layout. */
export type Fixup =
  | { readonly kind: 'instruction'; readonly offset: number; readonly pending: Pending }
  | {
      readonly kind: 'data';
      readonly offset: number;
      readonly size: number;
      readonly expression: Expression;
      readonly position: Position;
    };

/** A branch by itself, or its inverse (compressed if 'far-short') around a jump. */
export type BranchChoice = Row | 'far' | 'far-short';

/** What follows the fixed bytes of a fragment. Sizes are in bytes. */
export type Tail =
  | { kind: 'none' }
  | { kind: 'align'; alignment: number; fill: number | undefined; max: number; position: Position }
  | { kind: 'space'; count: Expression; fill: number; position: Position }
  | { kind: 'org'; target: Expression; fill: number; position: Position }
  /** `choices` from short to long. `choice` only grows, so layout ends. */
  | { kind: 'branch'; pending: Pending; choices: readonly BranchChoice[]; choice: number };

/** The largest program, in bytes: a mistyped count should be an error, not a host out of memory. */
export const MAX_PROGRAM = 1 << 26;

export class Fragment {
  private buffer = new Uint8Array(16);
  length = 0;
  readonly fixups: Fixup[] = [];
  tail: Tail = { kind: 'none' };
  /** Bytes that the tail takes, and the address of the first byte; set by layout. */
  tailSize = 0;
  address = 0n;

  constructor(readonly section: Section) {}

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }
  /** Appends `count` bytes of `fill` and returns them for writing; a section without contents only counts them. */
  grow(count: number, fill: number): Uint8Array {
    const start = this.length;
    this.length += count;
    if (this.section.kind === 'bss') return new Uint8Array();
    if (this.length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.length, this.buffer.length * 2));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    return this.buffer.subarray(start, this.length).fill(fill);
  }
}

/** In the order of the image. `bss` has no bytes in it. */
export const sectionKinds = ['text', 'rodata', 'data', 'bss'] as const;
export type SectionKind = (typeof sectionKinds)[number];

export class Section {
  readonly fragments: Fragment[] = [new Fragment(this)];
  alignment = 1;
  address = 0n;
  /** Bytes, after layout. */
  size = 0;

  constructor(
    readonly name: string,
    readonly kind: SectionKind,
  ) {}

  get last(): Fragment {
    return this.fragments.at(-1)!;
  }
  /** Ends the current fragment with something of unknown size. */
  close(tail: Tail): void {
    this.last.tail = tail;
    this.fragments.push(new Fragment(this));
  }
}
