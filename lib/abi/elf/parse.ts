/** Reading ELF64 files, trusting nothing in them. */
import {
  ELF_MAGIC,
  ELFCLASS64,
  ELFDATA2LSB,
  ElfError,
  type ElfFile,
  type ElfSection,
  type ElfSegment,
  type ElfSymbol,
  EM_RISCV,
  ET_DYN,
  ET_EXEC,
  ET_REL,
  fileHeader,
  PT_LOAD,
  programHeader,
  SHN_LORESERVE,
  SHT_NOBITS,
  SHT_SYMTAB,
  sectionHeader,
  symbolRecord,
} from './format.js';

interface Input {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}
type Header = ReturnType<typeof fileHeader.decode>;
type SectionRecord = ReturnType<typeof sectionHeader.decode>;

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** The `size` bytes of the file from `offset` on; `at` is where the file claims them. */
const range = ({ bytes }: Input, offset: bigint, size: bigint, at: number, what: string): Uint8Array => {
  if (offset + size > BigInt(bytes.length))
    throw new ElfError(
      'ELF_TRUNCATED',
      at,
      `${what} needs bytes ${offset} to ${offset + size}, but the file has ${bytes.length}`,
    );
  return bytes.subarray(Number(offset), Number(offset + size));
};

const parseHeader = (input: Input): Header => {
  range(input, 0n, BigInt(fileHeader.bytes), 0, 'the file header');
  const header = fileHeader.decode(input.view, 0);
  if (header.magic !== ELF_MAGIC) throw new ElfError('ELF_MAGIC', 0, 'the file does not begin with \\x7fELF');
  if (header.class !== ELFCLASS64) throw new ElfError('ELF_CLASS', 4, `class is ${header.class}, not 64-bit (2)`);
  if (header.data !== ELFDATA2LSB)
    throw new ElfError('ELF_DATA', 5, `data encoding is ${header.data}, not little-endian (1)`);
  if (header.type !== ET_REL && header.type !== ET_EXEC && header.type !== ET_DYN)
    throw new ElfError('ELF_TYPE', 16, `type is ${header.type}, not relocatable, executable or shared`);
  if (header.machine !== EM_RISCV)
    throw new ElfError('ELF_MACHINE', 18, `machine is ${header.machine}, not RISC-V (${EM_RISCV})`);
  return header;
};

/** Where the headers of a header table are, after checking that they have the expected size and lie in the file. */
const headerTable = (
  input: Input,
  what: string,
  [offset, count, size]: readonly [bigint, number, number],
  expectedSize: number,
  at: number,
): number[] => {
  if (count === 0) return [];
  if (size !== expectedSize)
    throw new ElfError('ELF_HEADER_SIZE', at, `${what} headers are ${size} bytes, not ${expectedSize}`);
  range(input, offset, BigInt(count) * BigInt(size), at, `the ${what} header table`);
  return Array.from({ length: count }, (_, i) => Number(offset) + i * size);
};

const parseSegment = (input: Input, at: number, index: number): ElfSegment => {
  const { type, flags, offset, vaddr, paddr, filesz, memsz, align } = programHeader.decode(input.view, at);
  const what = `segment ${index}`;
  const data = range(input, offset, filesz, at, what);
  if (type === PT_LOAD && filesz > memsz)
    throw new ElfError('ELF_SEGMENT_SIZE', at + 32, `${what} has ${filesz} bytes in the file but ${memsz} in memory`);
  if (type === PT_LOAD && vaddr + memsz > 1n << 64n)
    throw new ElfError(
      'ELF_SEGMENT_ADDRESS',
      at + 16,
      `${what} at ${hex(vaddr)} goes past the end of the address space`,
    );
  return { type, flags, offset: Number(offset), vaddr, paddr, memsz, align, data };
};

const checkLayout = (segments: readonly ElfSegment[], header: Header): void => {
  const loads = segments.filter(({ type, memsz }) => type === PT_LOAD && memsz > 0n);
  const sorted = [...loads].sort((a, b) => (a.vaddr < b.vaddr ? -1 : a.vaddr > b.vaddr ? 1 : 0));
  for (const [i, segment] of sorted.entries()) {
    const previous = sorted[i - 1];
    if (previous !== undefined && previous.vaddr + previous.memsz > segment.vaddr)
      throw new ElfError(
        'ELF_SEGMENT_OVERLAP',
        Number(header.phoff) + segments.indexOf(segment) * programHeader.bytes + 16,
        `the loaded segments at ${hex(previous.vaddr)} and ${hex(segment.vaddr)} overlap`,
      );
  }
  const { entry } = header;
  const inside = loads.some(({ vaddr, memsz }) => entry >= vaddr && entry < vaddr + memsz);
  if (header.type !== ET_REL && entry !== 0n && !inside)
    throw new ElfError('ELF_ENTRY', 24, `the entry point ${hex(entry)} is in no loaded segment`);
};

/** The string that starts at byte `start` of a string table. */
const stringAt = (strings: Uint8Array, start: number, at: number): string => {
  const end = strings.indexOf(0, start);
  if (start >= strings.length || end < 0)
    throw new ElfError('ELF_STRING', at, `a name starts at byte ${start} of a string table of ${strings.length} bytes`);
  return new TextDecoder().decode(strings.subarray(start, end));
};

const parseSections = (input: Input, places: readonly number[], shstrndx: number) => {
  const records: SectionRecord[] = places.map((at) => sectionHeader.decode(input.view, at));
  const data = records.map(({ type, offset, size }, i) =>
    type === SHT_NOBITS || type === 0 ? new Uint8Array() : range(input, offset, size, places[i]!, `section ${i}`),
  );
  const names = data[shstrndx];
  const sections = records.map(
    (section, i): ElfSection => ({
      // Index 0, or an index out of range, means that sections have no names.
      name: shstrndx === 0 || names === undefined ? '' : stringAt(names, section.name, places[i]!),
      type: section.type,
      flags: section.flags,
      addr: section.addr,
      size: section.size,
      align: section.addralign,
      data: data[i]!,
    }),
  );
  return { records, sections };
};

const parseSymbols = (
  input: Input,
  places: readonly number[],
  { records, sections }: ReturnType<typeof parseSections>,
): ElfSymbol[] => {
  const index = records.findIndex(({ type }) => type === SHT_SYMTAB);
  const table = records[index];
  if (table === undefined) return [];
  const at = places[index]!;
  const strings = sections[table.link];
  if (strings === undefined)
    throw new ElfError('ELF_LINK', at + 40, `the symbol table names string table ${table.link}, which is not there`);
  const symbols: ElfSymbol[] = [];
  const count = Math.floor(Number(table.size) / symbolRecord.bytes);
  for (let i = 1; i < count; i++) {
    const place = Number(table.offset) + i * symbolRecord.bytes;
    const { name, info, shndx, value, size } = symbolRecord.decode(input.view, place);
    if (shndx >= sections.length && shndx < SHN_LORESERVE)
      throw new ElfError('ELF_LINK', place + 6, `symbol ${i} is in section ${shndx} of ${sections.length}`);
    symbols.push({
      name: name === 0 ? '' : stringAt(strings.data, name, place),
      value,
      size,
      binding: info >> 4,
      type: info & 15,
      section: shndx,
    });
  }
  return symbols;
};

/**
 * Parses an ELF64 little-endian RISC-V file: headers, segments, sections and the symbol table, without the null symbol.
 * Segment and section contents are views of `bytes`.
 * @throws ElfError if the file is truncated, of another kind, or contradicts itself; nothing else.
 */
export const parseElf = (bytes: Uint8Array): ElfFile => {
  const input: Input = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  const header = parseHeader(input);
  const { phoff, phnum, phentsize, shoff, shnum, shentsize } = header;
  const segments = headerTable(input, 'program', [phoff, phnum, phentsize], programHeader.bytes, 54).map((at, i) =>
    parseSegment(input, at, i),
  );
  checkLayout(segments, header);
  const places = headerTable(input, 'section', [shoff, shnum, shentsize], sectionHeader.bytes, 58);
  const parsed = parseSections(input, places, header.shstrndx);
  return {
    type: header.type,
    flags: header.flags,
    entry: header.entry,
    phoff: Number(phoff),
    segments,
    sections: parsed.sections,
    symbols: parseSymbols(input, places, parsed),
  };
};
