/** From source to a static Linux executable. */
import {
  EF_RISCV_FLOAT_ABI_DOUBLE,
  EF_RISCV_RVC,
  type ElfImageSegment,
  type ElfSymbol,
  PF_R,
  PF_W,
  PF_X,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_ABS,
  SHT_NOBITS,
  SHT_PROGBITS,
  STB_GLOBAL,
  STB_LOCAL,
  STT_NOTYPE,
  writeElf,
} from '../../abi/elf.js';
import { type AssembledSection, type AssembleOptions, addressOf, assembleAt } from './assemble.js';
import type { SectionKind } from './section.js';

const PAGE_BYTES = 4096n;

const permissions: readonly (readonly [readonly SectionKind[], number])[] = [
  [['text'], PF_R | PF_X],
  [['rodata'], PF_R],
  [['data', 'bss'], PF_R | PF_W],
];
const sectionFlags: Readonly<Record<SectionKind, number>> = {
  text: SHF_ALLOC | SHF_EXECINSTR,
  rodata: SHF_ALLOC,
  data: SHF_ALLOC | SHF_WRITE,
  bss: SHF_ALLOC | SHF_WRITE,
};

/** One segment for the sections of some kinds, which are adjacent. */
const segmentOf = (sections: readonly AssembledSection[], flags: number): ElfImageSegment[] => {
  const used = sections.filter(({ size }) => size > 0);
  const [first] = used;
  const last = used.at(-1);
  if (first === undefined || last === undefined) return [];
  const vaddr = first.address;
  const filled = used.filter(({ kind }) => kind !== 'bss').at(-1);
  const data = new Uint8Array(filled === undefined ? 0 : Number(filled.address - vaddr) + filled.size);
  for (const { address, bytes } of used) if (bytes.length > 0) data.set(bytes, Number(address - vaddr));
  return [{ flags, vaddr, memsz: last.address - vaddr + BigInt(last.size), align: PAGE_BYTES, data }];
};

/**
 * Assembles a static Linux executable: code readable and executable, constants readable, variables readable and writable,
 * each in its own pages, with a symbol table. `base` is page-aligned, 0x10000 unless given; `_start` is the entry point.
 * @throws AssemblyError with every mistake in the source, also if `_start` is missing
 */
export const toElf = (source: string, { base = 0x10000n, compressed = false }: AssembleOptions = {}): Uint8Array => {
  const placement = { base: addressOf('toElf', base), page: PAGE_BYTES };
  const program = assembleAt('toElf', source, compressed, placement, true);
  const sections = program.sections.filter(({ size }) => size > 0);
  const indexOf = (value: bigint): number =>
    1 + sections.findIndex(({ address, size }) => value >= address && value <= address + BigInt(size));
  return writeElf({
    entry: program.entry,
    flags: EF_RISCV_FLOAT_ABI_DOUBLE | (program.usesCompressed ? EF_RISCV_RVC : 0),
    segments: permissions.flatMap(([kinds, flags]) =>
      segmentOf(
        sections.filter(({ kind }) => kinds.includes(kind)),
        flags,
      ),
    ),
    sections: sections.map(({ name, kind, address, size, alignment }) => ({
      name,
      type: kind === 'bss' ? SHT_NOBITS : SHT_PROGBITS,
      flags: BigInt(sectionFlags[kind]),
      addr: address,
      size: BigInt(size),
      align: BigInt(alignment),
    })),
    symbols: [...program.symbols].map(
      ([name, value]): ElfSymbol => ({
        name,
        value,
        size: 0n,
        binding: name === '_start' || program.globals.has(name) ? STB_GLOBAL : STB_LOCAL,
        type: STT_NOTYPE,
        section: indexOf(value) || SHN_ABS,
      }),
    ),
  });
};
