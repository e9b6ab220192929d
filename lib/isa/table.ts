/** THE table of instructions: every row, in decoding order, with its index as a compact id. */
import type { Row } from './row.js';
import { rowsA } from './rows/a.js';
import { rowsC } from './rows/c.js';
import { rowsD, rowsF } from './rows/fd.js';
import { rowsI } from './rows/i.js';
import { rowsM } from './rows/m.js';
import { rowsH, rowsPrivileged, rowsZicsr, rowsZifencei } from './rows/system.js';
import { record, type Statement } from './semantics.js';

const full: readonly Row[] = [
  ...rowsI,
  ...rowsM,
  ...rowsA,
  ...rowsF,
  ...rowsD,
  ...rowsZicsr,
  ...rowsZifencei,
  ...rowsPrivileged,
  ...rowsH,
];
const named = new Map(full.map((row) => [row.name, row]));

const expand = (row: (typeof rowsC)[number]): Row => {
  const base = named.get(row.expands);
  if (base === undefined) throw new RangeError(`${row.name} expands to ${row.expands}, which no row declares`);
  return { ...row, meaning: base.meaning };
};

/** All rows; a row's index here is its id in decoded code. */
export const table: readonly Row[] = [...full, ...rowsC.map(expand)];

const byName = new Map(table.map((row, id) => [row.name, { row, id }]));

/** The row and its id by mnemonic, such as `addi` or `c.addi`. */
export const lookup = (name: string): { row: Row; id: number } | undefined => byName.get(name);

const recorded = new Map<Row['meaning'], readonly Statement[]>();
const meaningOf = ({ meaning }: Row): readonly Statement[] => {
  const known = recorded.get(meaning) ?? record(meaning);
  recorded.set(meaning, known);
  return known;
};

/** The recorded meaning of each row, by id. Compressed rows share their base row's. */
export const meanings: readonly (readonly Statement[])[] = table.map(meaningOf);
