/** Random encodings of a given instruction. */
import { csrs } from '../../lib/isa/csrs.js';
import { decode } from '../../lib/isa/decode.js';
import { encode } from '../../lib/isa/encode.js';
import { extract, type Field, type OperandField } from '../../lib/isa/format.js';
import type { Row } from '../../lib/isa/row.js';
import type { Random } from './random.js';

const named = Object.values(csrs).flat();
/** CSR numbers with a name, and some from the ranges for custom use, which have none. */
const randomCsr = (random: Random): number =>
  random.below(4) === 0 ? 0x800 + random.below(256) : random.pick(named)[1];

/** Small registers and extreme values are where aliases and sign bugs are, so they come up often. */
const randomValue = (random: Random, field: Field): number => {
  if (field.kind === 'csr') return randomCsr(random);
  const bits = random.pick([random.next32(), 0, 0xffffffff, field.kind === 'x' ? random.next32() & 0x318c63 : 0]);
  return extract(field, bits);
};

/** A random encoding that decodes as `row`. */
export const randomEncoding = (random: Random, row: Row): number => {
  for (;;) {
    let word = (row.match | (random.next32() & ~row.mask & (row.length === 2 ? 0xffff : 0xffffffff))) >>> 0;
    for (const key in row.fields) {
      const field = row.fields[key as OperandField]!;
      if (random.below(2) === 0 && field.kind !== 'csr') continue;
      const bits = encode(row, { [key]: randomValue(random, field) }) ?? row.match;
      for (const { at, length } of field.pieces) {
        const mask = ((2 ** length - 1) << at) >>> 0;
        word = ((word & ~mask) | (bits & mask)) >>> 0;
      }
    }
    if (decode(word)?.row === row) return word;
  }
};
