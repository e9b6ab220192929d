import { expect } from 'chai';
import { assemble } from '../../lib/isa/asm/assemble.js';
import { decode, operandsOf } from '../../lib/isa/decode.js';
import { disassemble } from '../../lib/isa/disassemble.js';
import { encode } from '../../lib/isa/encode.js';
import { table } from '../../lib/isa/table.js';
import { randomEncoding } from '../support/encodings.js';
import { Random } from '../support/random.js';

const random = new Random(7);
const samples = table.map((row) => ({ row, words: Array.from({ length: 40 }, () => randomEncoding(random, row)) }));
const hex = (word: number): string => word.toString(16);

/** Assembly gives branch targets as numbers with a prefix; reserved operands that have no spelling are left out. */
const asSource = (text: string): string => text.replace(/^((?:c\.)?(?:b\w+|jal|j) (?:.*,)?)([0-9a-f]+)$/, '$10x$2');
const isReserved = (text: string): boolean => text.includes('unknown');

describe('every instruction row', () => {
  it('encodes what it decodes', () => {
    for (const { row, words } of samples)
      for (const word of words) {
        const decoded = decode(word);
        expect(decoded?.row, hex(word)).to.equal(row);
        const encoded = encode(row, decoded!.operands);
        // A fence has reserved register fields that are no operands.
        if (row.name === 'fence') expect(operandsOf(row, encoded!)).to.deep.equal(decoded!.operands);
        else expect(encoded, row.name).to.equal(word);
      }
  });

  for (const aliases of [false, true])
    it(`assembles from its ${aliases ? 'pseudo-instruction' : 'plain'} disassembly to the same bits`, () => {
      const base = 0x10000000n;
      for (const { words } of samples) {
        let at = base;
        const kept: number[] = [];
        const lines: string[] = [];
        for (const word of words) {
          const length = (word & 3) === 3 ? 4 : 2;
          const text = disassemble(word, { pc: at, aliases: aliases && length === 4 });
          if (isReserved(text)) continue;
          lines.push(asSource(text));
          for (let i = 0; i < length; i++) kept.push((word >>> (8 * i)) & 255);
          at += BigInt(length);
        }
        const { bytes } = assemble(lines.join('\n'), { base });
        expect(Buffer.from(bytes).toString('hex'), lines.join('\n')).to.equal(Buffer.from(kept).toString('hex'));
      }
    });
});
