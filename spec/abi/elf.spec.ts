import { expect } from 'chai';
import {
  ElfError,
  PF_R,
  PF_W,
  PF_X,
  parseElf,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHT_PROGBITS,
  STB_GLOBAL,
  STB_LOCAL,
  STT_NOTYPE,
  writeElf,
} from '../../lib/abi/elf.js';
import { Random } from '../support/random.js';

const text = Uint8Array.from([0x93, 0x08, 0xd0, 0x05, 0x73, 0, 0, 0]);
const data = Uint8Array.from([1, 2, 3]);
const example = (): Uint8Array =>
  writeElf({
    entry: 0x10000n,
    segments: [
      { flags: PF_R | PF_X, vaddr: 0x10000n, data: text },
      { flags: PF_R | PF_W, vaddr: 0x20010n, data, memsz: 64n },
    ],
    sections: [
      { name: '.text', type: SHT_PROGBITS, flags: BigInt(SHF_ALLOC | SHF_EXECINSTR), addr: 0x10000n, size: 8n },
    ],
    symbols: [
      { name: '_start', value: 0x10000n, size: 0n, binding: STB_GLOBAL, type: STT_NOTYPE, section: 1 },
      { name: 'local', value: 0x10004n, size: 0n, binding: STB_LOCAL, type: STT_NOTYPE, section: 1 },
    ],
  });

const failure = (bytes: Uint8Array): ElfError => {
  try {
    parseElf(bytes);
  } catch (error) {
    expect(error).to.be.instanceOf(ElfError);
    return error as ElfError;
  }
  throw new Error('parseElf accepted the file');
};

/** The example with `value` stored in `size` bytes at `at`. */
const altered = (at: number, size: number, value: number): Uint8Array => {
  const bytes = example();
  for (let i = 0; i < size; i++) bytes[at + i] = Math.floor(value / 256 ** i) & 255;
  return bytes;
};

describe('ELF files', () => {
  it('read back as they were written', () => {
    const elf = parseElf(example());
    expect(elf.entry).to.equal(0x10000n);
    expect(elf.segments.map(({ vaddr, memsz, flags }) => [vaddr, memsz, flags])).to.deep.equal([
      [0x10000n, 8n, 5],
      [0x20010n, 64n, 6],
    ]);
    expect([...elf.segments[0]!.data]).to.deep.equal([...text]);
    expect([...elf.segments[1]!.data]).to.deep.equal([...data]);
    for (const { offset, vaddr } of elf.segments) expect(BigInt(offset) % 4096n).to.equal(vaddr % 4096n);
    expect(elf.sections.map(({ name }) => name)).to.deep.equal(['', '.text', '.symtab', '.strtab', '.shstrtab']);
    expect([...elf.sections[1]!.data]).to.deep.equal([...text]);
    expect(elf.symbols.map(({ name, value }) => [name, value])).to.deep.equal([
      ['local', 0x10004n],
      ['_start', 0x10000n],
    ]);
  });

  const segment = (index: number, member: number): number => 64 + 56 * index + member;
  const cases: readonly [string, Uint8Array, number][] = [
    ['ELF_TRUNCATED', example().subarray(0, 63), 0],
    ['ELF_TRUNCATED', new Uint8Array(), 0],
    ['ELF_TRUNCATED', example().subarray(0, 150), 54],
    ['ELF_MAGIC', altered(0, 1, 0x7e), 0],
    ['ELF_CLASS', altered(4, 1, 1), 4],
    ['ELF_DATA', altered(5, 1, 2), 5],
    ['ELF_TYPE', altered(16, 2, 4), 16],
    ['ELF_MACHINE', altered(18, 2, 62), 18],
    ['ELF_HEADER_SIZE', altered(54, 2, 32), 54],
    ['ELF_TRUNCATED', altered(segment(0, 8), 4, 0xffffff), segment(0, 0)],
    ['ELF_SEGMENT_SIZE', altered(segment(0, 40), 8, 1), segment(0, 32)],
    ['ELF_SEGMENT_ADDRESS', altered(segment(1, 40), 8, 2 ** 64 - 2 ** 11), segment(1, 16)],
    ['ELF_SEGMENT_OVERLAP', altered(segment(1, 16), 8, 0x10007), segment(1, 16)],
    ['ELF_ENTRY', altered(24, 8, 0x10008), 24],
  ];
  for (const [code, bytes, offset] of cases)
    it(`are refused with ${code} at byte ${offset}`, () => {
      expect(failure(bytes)).to.include({ code, offset });
    });

  it('throw nothing but ElfError, whatever the bytes', () => {
    const random = new Random(1);
    const whole = example();
    for (let i = 0; i < 20_000; i++) {
      const bytes = whole.slice(0, random.below(4) === 0 ? random.below(whole.length) : whole.length);
      for (let change = random.below(6); change >= 0; change--) {
        // Headers are where lies can be told: the first 176 bytes and the section headers at the end.
        const at = random.below(2) === 0 ? random.below(176) : whole.length - 1 - random.below(480);
        if (at >= 6 || random.below(20) === 0) bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
      }
      try {
        parseElf(bytes);
      } catch (error) {
        expect(error).to.be.instanceOf(ElfError);
      }
    }
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: random.below(300) }, () => random.below(256));
      expect(failure(bytes)).to.be.instanceOf(ElfError);
    }
  });
});
