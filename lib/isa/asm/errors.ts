/** What can be wrong with a source, and how it is reported: every mistake at once, each with its place. */
import { VivariumError } from '../../abi/errors.js';

/** A place in the source; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
  /** The macro or repetition that the line was expanded from, with the line that used it. */
  readonly within?: string;
}

export interface Diagnostic extends Position {
  readonly message: string;
}

/** One mistake, on its way to the list. Never leaves the assembler. */
export class Mistake extends Error {
  constructor(
    readonly position: Position,
    message: string,
  ) {
    super(message);
  }
}

const describe = ({ line, column, within, message }: Diagnostic): string =>
  `${line}:${column}: ${message}${within === undefined ? '' : ` (in ${within})`}`;

/** A source that cannot be assembled; `diagnostics` lists all mistakes in the order of their lines. */
export class AssemblyError extends VivariumError {
  override readonly name = 'AssemblyError';

  constructor(
    operation: string,
    readonly diagnostics: readonly Diagnostic[],
  ) {
    const count = diagnostics.length === 1 ? '1 mistake' : `${diagnostics.length} mistakes`;
    super('ASSEMBLY', operation, `${count} in the source\n${diagnostics.map(describe).join('\n')}`);
  }
}

/** The number of single-character insertions, deletions and replacements that turn `a` into `b`. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
};

/** `; did you mean X?` for the known word nearest to `word`, if one is near; otherwise nothing. */
export const suggestion = (word: string, known: Iterable<string>): string => {
  let best = '';
  let least = Math.min(3, Math.ceil(word.length / 2));
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const d = distance(word, candidate);
    if (d < least) [best, least] = [candidate, d];
  }
  return best === '' ? '' : `; did you mean ${best}?`;
};
