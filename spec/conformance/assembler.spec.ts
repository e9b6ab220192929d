/** The assembler against GNU as and ld 2.40: the same source must give the same bytes at the same addresses. */
import { expect } from 'chai';
import { parseElf } from '../../lib/abi/elf.js';
import { assembleAt } from '../../lib/isa/asm/assemble.js';
import { toElf } from '../../lib/isa/asm/to-elf.js';
import { disassemble } from '../../lib/isa/disassemble.js';
import { table } from '../../lib/isa/table.js';
import { binutils, MARCH, read, save, withScratch } from '../support/binutils.js';
import { directives, expressions, pseudoInstructions, relaxation } from '../support/directed.js';
import { randomEncoding } from '../support/encodings.js';
import { Random } from '../support/random.js';

/** In pages of their own, for ld refuses sections that overlap what as has padded. */
const placed = (source: string, compressed: boolean) =>
  assembleAt('assemble', source, compressed, { base: 0x10000n, page: 4096n }, false);

/** The sections that GNU as and ld make of a source, placed where ours are. */
const gnuSections = (source: string, compressed: boolean): Map<string, Uint8Array> =>
  withScratch((path) => {
    const { sections } = placed(source, compressed);
    const march = compressed ? MARCH : MARCH.replace('gch_', 'imafdh_');
    save(path('a.s'), `.option norelax\n${source}`);
    binutils('as', [march, '-mno-relax', '-o', path('a.o'), path('a.s')]);
    const places = sections.map(({ name, address }) => `--section-start=${name}=0x${address.toString(16)}`);
    binutils('ld', ['--no-relax', '-e', '0', ...places, '-o', path('a.elf'), path('a.o')]);
    return new Map(parseElf(read(path('a.elf'))).sections.map(({ name, data }) => [name, data]));
  });

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{8})/g, '$1 ');

/** Expects equal sections; GNU as pads the end of a section to its alignment, we do not. */
const expectSame = (source: string, compressed: boolean): void => {
  const ours = placed(source, compressed);
  const theirs = gnuSections(source, compressed);
  for (const { name, bytes, kind } of ours.sections) {
    if (kind === 'bss' || bytes.length === 0) continue;
    const expected = theirs.get(name);
    expect(expected, name).not.to.equal(undefined);
    if (hex(bytes) !== hex(expected!.subarray(0, bytes.length))) {
      const line = ours.listing.find(({ address, bytes: some }) => {
        const at = Number(address - ours.sections.find((s) => s.name === name)!.address);
        return (
          at >= 0 && at < bytes.length && hex(some) !== hex(expected!.subarray(at, at + some.length)) && some.length > 0
        );
      });
      const at = Number((line?.address ?? 0n) - ours.sections.find((s) => s.name === name)!.address);
      const found = expected!.subarray(at, at + (line?.bytes.length ?? 0));
      expect.fail(`${name}: line ${line?.line} \`${line?.source}\`: ${hex(line?.bytes ?? bytes)} | ${hex(found)}`);
    }
    expect(expected!.length - bytes.length, name).to.be.within(0, 31);
  }
};

describe('assembly equals GNU as', () => {
  for (const compressed of [false, true]) {
    const how = compressed ? 'compressed' : 'uncompressed';
    it(`for all directives, ${how}`, () => expectSame(directives, compressed));
    it(`for expressions, ${how}`, () => expectSame(expressions, compressed));
    it(`for pseudo-instructions, ${how}`, () => expectSame(pseudoInstructions, compressed));
    it(`for branches near and far, ${how}`, () => expectSame(relaxation, compressed));

    it(`for random instructions of every row, ${how}`, () => {
      const random = new Random(compressed ? 3 : 4);
      const lines: string[] = [];
      for (const row of table)
        for (let i = 0; i < 40; i++) {
          const text = disassemble(randomEncoding(random, row), { aliases: random.below(2) === 0 });
          const isBranch = Object.values(row.fields).some(({ kind }) => kind === 'target');
          // as gives `add a0,a0,0` back the useless c.addi that objdump prints so; we move.
          const unspelt = /unknown|^add (\w+),\1,0$|^c\.(slli|srli|srai)64|^c\.nop \S/.test(text);
          // as knows no hints by their compressed names, and tells compressed names only where they are on.
          const hint =
            /^c\.(mv|add|li|lui|slli) zero/.test(text) || (text.startsWith('c.addi ') && /,0$| zero/.test(text));
          if (isBranch || unspelt || hint || (text.startsWith('c.') && !compressed)) continue;
          lines.push(text);
        }
      expectSame(lines.join('\n'), compressed);
    });
    it(`for random constants, ${how}`, () => {
      const random = new Random(5);
      const constants = Array.from({ length: 3000 }, () => {
        const bits = BigInt(random.below(65));
        const value = BigInt.asIntN(64, random.next64() >> bits) << BigInt(random.below(20));
        return BigInt.asIntN(64, random.below(2) === 0 ? value : -value);
      });
      expectSame(constants.map((value) => `li a${random.below(8)}, ${value}`).join('\n'), compressed);
    });
  }

  it('and its executables are what readelf takes for well-formed', () => {
    const elf = toElf(
      '_start: la a0, message\n li a7, 93\n ecall\n.rodata\nmessage: .asciz "hi"\n.bss\nbuffer: .skip 100',
    );
    withScratch((path) => {
      save(path('a.elf'), elf);
      const text = binutils('readelf', ['-W', '-a', path('a.elf')]);
      expect(text).not.to.match(/warning|error/i);
      expect(text).to.match(/LOAD +0x[0-9a-f]+ 0x0*10000 .* R E 0x1000/);
      expect(text).to.match(/GLOBAL DEFAULT +1 _start/);
    });
  });
});
