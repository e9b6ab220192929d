/** The assembler's public face: source text in, a flat image or an ELF executable out. */
import { VivariumError } from '../../abi/errors.js';
import { contentsOf } from './contents.js';
import { AssemblyError, type Diagnostic, Mistake } from './errors.js';
import { layOut, orderedSections, type Placement } from './layout.js';
import { Program } from './program.js';
import { Reader } from './reader.js';
import type { SectionKind } from './section.js';
import { assembleStatement } from './statements.js';

export interface AssembleOptions {
  /** Address of the first byte; 0x80000000, the start of RAM on the `virt` board, unless given. */
  readonly base?: bigint | number;
  /** Whether to use compressed instructions where they exist, as `.option rvc` does; false unless given. */
  readonly compressed?: boolean;
}

export interface AssembledSection {
  readonly name: string;
  readonly kind: SectionKind;
  readonly address: bigint;
  /** Bytes in memory. */
  readonly size: number;
  /** Empty for `bss`. */
  readonly bytes: Uint8Array;
  readonly alignment: number;
}

/** What one statement became. */
export interface ListingLine {
  /** Line of the source, from 1. */
  readonly line: number;
  readonly source: string;
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

export interface Assembled {
  /** The image from `base` to the last byte that is not in .bss. */
  readonly bytes: Uint8Array;
  readonly base: bigint;
  /** The value of `_start`; without it, the start of the code. */
  readonly entry: bigint;
  /** Bytes from `base` to the end of .bss: what the program occupies. */
  readonly memorySize: number;
  /** Labels and symbols with their values; numeric labels are not among them. */
  readonly symbols: ReadonlyMap<string, bigint>;
  /** Names declared with `.globl`. */
  readonly globals: ReadonlySet<string>;
  readonly sections: readonly AssembledSection[];
  readonly listing: readonly ListingLine[];
  /** Whether the code may contain compressed instructions. */
  readonly usesCompressed: boolean;
}

const byPlace = (a: Diagnostic, b: Diagnostic): number => a.line - b.line || a.column - b.column;

/** Runs `work`, adding a mistake that it throws to the list. */
const collect = (diagnostics: Diagnostic[], work: () => void): void => {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    diagnostics.push({ ...error.position, message: error.message });
  }
};

/** A base as a bigint. @throws VivariumError if it is no 64-bit address */
export const addressOf = (operation: string, base: bigint | number): bigint => {
  const valid = typeof base === 'bigint' ? BigInt.asUintN(64, base) === base : Number.isSafeInteger(base) && base >= 0;
  if (valid) return BigInt(base);
  throw new VivariumError('BAD_ADDRESS', operation, `base is ${base}`, 'give an address from 0 to 2**64 - 1');
};

const readAll = (source: string, compressed: boolean, diagnostics: Diagnostic[]): Program => {
  const program = new Program(compressed);
  collect(diagnostics, () => {
    const reader = new Reader(source);
    for (let statement = reader.next(); statement !== undefined; statement = reader.next()) {
      const current = statement;
      collect(diagnostics, () => assembleStatement(program, reader, current));
    }
    for (const position of reader.open) diagnostics.push({ ...position, message: 'this has no end; expected .endif' });
  });
  return program;
};

const symbolValues = (program: Program, report: (mistake: Mistake) => void): Map<string, bigint> => {
  const values = new Map<string, bigint>();
  for (const { name } of program.symbols.values()) {
    if (/^\d/.test(name)) continue;
    try {
      values.set(name, program.laidOut.symbol(name, { line: 1, column: 1 }, 0).number);
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      report(error);
    }
  }
  return values;
};

const listingOf = (program: Program, sections: readonly AssembledSection[]): ListingLine[] => {
  const ends = new Map(sections.map(({ name, address, bytes }) => [name, address + BigInt(bytes.length)]));
  const lines: ListingLine[] = [];
  // Backwards, the next statement of a section has been seen before the one that ends where it begins.
  for (const { fragment, offset, position, text } of [...program.origins].reverse()) {
    const { name } = fragment.section;
    const section = sections.find((s) => s.name === name)!;
    const address = fragment.address + BigInt(offset);
    const start = Number(address - section.address);
    const bytes = section.bytes.subarray(start, Number(ends.get(name)! - section.address));
    lines.push({ line: position.line, source: text, address, bytes });
    ends.set(name, address);
  }
  return lines.reverse();
};

/** Assembles for a placement; both public functions go through here. @throws AssemblyError naming `operation` */
export const assembleAt = (
  operation: string,
  source: string,
  compressed: boolean,
  placement: Placement,
  requireEntry: boolean,
): Assembled => {
  const diagnostics: Diagnostic[] = [];
  const report = ({ position, message }: Mistake): void => {
    diagnostics.push({ ...position, message });
  };
  const program = readAll(source, compressed, diagnostics);
  const failure = (): AssemblyError => new AssemblyError(operation, diagnostics.sort(byPlace));
  if (!layOut(program, placement, report)) throw failure();
  if (requireEntry && !program.symbols.has('_start'))
    diagnostics.push({ line: 1, column: 1, message: 'no _start; expected this label where the program begins' });
  const sections = orderedSections(program).map(
    (section): AssembledSection => ({
      name: section.name,
      kind: section.kind,
      address: section.address,
      size: section.size,
      bytes: contentsOf(program, section, report),
      alignment: section.alignment,
    }),
  );
  const symbols = symbolValues(program, report);
  if (diagnostics.length > 0) throw failure();

  const { base } = placement;
  const offset = (address: bigint): number => Number(address - base);
  const bytes = new Uint8Array(
    Math.max(0, ...sections.map((section) => (section.bytes.length > 0 ? offset(section.address) + section.size : 0))),
  );
  for (const section of sections) if (section.bytes.length > 0) bytes.set(section.bytes, offset(section.address));
  return {
    bytes,
    base,
    entry: symbols.get('_start') ?? sections[0]!.address,
    memorySize: Math.max(0, ...sections.map(({ address, size }) => offset(address) + size)),
    symbols,
    globals: new Set(program.globals.keys()),
    sections,
    listing: listingOf(program, sections),
    usesCompressed: program.usesCompressed,
  };
};

/**
 * Assembles GNU syntax to a flat image: code, constants, variables, then .bss, each section at its alignment.
 * @throws AssemblyError with every mistake in the source
 */
export const assemble = (source: string, { base = 0x80000000n, compressed = false }: AssembleOptions = {}): Assembled =>
  assembleAt('assemble', source, compressed, { base: addressOf('assemble', base), page: 1n }, false);
