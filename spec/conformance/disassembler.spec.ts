/** The disassembler against GNU objdump 2.40. */
import { expect } from 'chai';
import { disassemble } from '../../lib/isa/disassemble.js';
import { table } from '../../lib/isa/table.js';
import { binutils, MARCH, withScratch } from '../support/binutils.js';
import { randomEncoding } from '../support/encodings.js';
import { Random } from '../support/random.js';

const PER_ROW = 60;

const random = new Random(2026);
const words = table.flatMap((row) =>
  Array.from({ length: PER_ROW }, () => ({ row, word: randomEncoding(random, row) })),
);

/** objdump's text of all words, with the address of each. */
const objdump = (options: readonly string[]): { address: bigint; text: string }[] =>
  withScratch((path) => {
    const source = words.map(({ word }) => `.insn 0x${word.toString(16)}\n`).join('');
    binutils('as', [MARCH, '-mno-relax', '-o', path('words.o'), '-'], source);
    const listing = binutils('objdump', ['-d', ...options, path('words.o')]);
    return [...listing.matchAll(/^ +([0-9a-f]+):\t[0-9a-f ]+\t(.*)$/gm)].map(([, address, text]) => ({
      address: BigInt(`0x${address}`),
      // Symbols and the comments that objdump adds from the preceding instructions are not the instruction's text.
      text: text!
        .replace(/ <.*>| +#.*/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    }));
  });

describe('disassembly equals objdump', () => {
  for (const aliases of [true, false])
    it(`for ${words.length} encodings ${aliases ? 'with aliases' : 'with -M no-aliases'}`, () => {
      const expected = objdump(aliases ? [] : ['-M', 'no-aliases']);
      expect(expected).to.have.length(words.length);
      const differences: string[] = [];
      for (const [i, { row, word }] of words.entries()) {
        const { address, text } = expected[i]!;
        const ours = disassemble(word, { pc: address, aliases });
        // objdump has no instruction c.nop; the manual does.
        if (!aliases && row.name === 'c.nop' && text === 'c.addi zero,0') continue;
        if (ours !== text) differences.push(`${row.name} ${word.toString(16)}: ${ours} | ${text}`);
      }
      expect(differences.slice(0, 40)).to.deep.equal([]);
    });
});
