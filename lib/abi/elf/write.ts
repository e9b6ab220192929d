/** Writing ELF64 files. */
import {
  ELF_MAGIC,
  ELFCLASS64,
  ELFDATA2LSB,
  ElfError,
  type ElfSymbol,
  EM_RISCV,
  ET_EXEC,
  EV_CURRENT,
  fileHeader,
  PT_LOAD,
  programHeader,
  SHF_ALLOC,
  SHT_NOBITS,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_LOCAL,
  sectionHeader,
  symbolRecord,
} from './format.js';

export interface ElfImageSegment {
  /** PT_LOAD unless given. */
  readonly type?: number;
  readonly flags: number;
  readonly vaddr: bigint;
  /** Bytes in memory: the length of `data` unless given. */
  readonly memsz?: bigint;
  /** A power of two; the file offset is made congruent to vaddr modulo this. 4096 unless given. */
  readonly align?: bigint;
  readonly data: Uint8Array;
}
/** A section whose contents are part of a segment, found by its address. */
export interface ElfImageSection {
  readonly name: string;
  readonly type: number;
  readonly flags: bigint;
  readonly addr: bigint;
  readonly size: bigint;
  readonly align?: bigint;
}
export interface ElfImage {
  readonly type?: number;
  readonly flags?: number;
  readonly entry: bigint;
  readonly segments: readonly ElfImageSegment[];
  readonly sections?: readonly ElfImageSection[];
  /** `section` counts from 1 in `sections`. Local symbols are written first, as the format demands. */
  readonly symbols?: readonly ElfSymbol[];
}

/** A string table under construction: names are stored once each. */
class Strings {
  private readonly offsets = new Map<string, number>([['', 0]]);
  private readonly encoded: number[] = [0];

  offset(name: string): number {
    let at = this.offsets.get(name);
    if (at === undefined) {
      at = this.encoded.length;
      this.offsets.set(name, at);
      for (const byte of new TextEncoder().encode(name)) this.encoded.push(byte);
      this.encoded.push(0);
    }
    return at;
  }
  get bytes(): Uint8Array {
    return Uint8Array.from(this.encoded);
  }
}

const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment;

interface Placed extends ElfImageSegment {
  readonly offset: number;
}
const placeSegments = (image: ElfImage): { placed: Placed[]; end: number } => {
  let end = fileHeader.bytes + image.segments.length * programHeader.bytes;
  const placed = image.segments.map((segment): Placed => {
    const { align = 4096n, vaddr, data } = segment;
    const offset = end + Number(BigInt.asUintN(64, vaddr - BigInt(end)) % align);
    end = offset + data.length;
    return { ...segment, offset };
  });
  return { placed, end };
};

const encodeSymbols = (symbols: readonly ElfSymbol[], strings: Strings): { data: Uint8Array; locals: number } => {
  const isLocal = ({ binding }: ElfSymbol): boolean => binding === STB_LOCAL;
  const sorted = [...symbols.filter(isLocal), ...symbols.filter((s) => !isLocal(s))];
  const data = new Uint8Array((sorted.length + 1) * symbolRecord.bytes);
  const view = new DataView(data.buffer);
  for (const [i, { name, binding, type, section, value, size }] of sorted.entries())
    symbolRecord.encode(view, (i + 1) * symbolRecord.bytes, {
      name: strings.offset(name),
      info: (binding << 4) | type,
      other: 0,
      shndx: section,
      value: BigInt.asUintN(64, value),
      size,
    });
  return { data, locals: symbols.filter(isLocal).length + 1 };
};

/** The file offset of an address; of one in no segment's file part, the start of the file. */
const offsetOf = (placed: readonly Placed[], addr: bigint): number => {
  const segment = placed.find(({ vaddr, data }) => addr >= vaddr && addr <= vaddr + BigInt(data.length));
  return segment === undefined ? 0 : segment.offset + Number(addr - segment.vaddr);
};

/**
 * Writes an ELF64 little-endian RISC-V file: headers, segments at page-congruent offsets, then the symbol and string
 * tables and the section headers.
 * @throws ElfError if a segment has more bytes than its memory size.
 */
export const writeElf = (image: ElfImage): Uint8Array => {
  const { placed, end } = placeSegments(image);
  const names = new Strings();
  const strings = new Strings();
  const { data: symbols, locals } = encodeSymbols(image.symbols ?? [], strings);

  const sections = image.sections ?? [];
  const appended: { name: string; type: number; data: Uint8Array; link: number; info: number; entsize: number }[] = [
    { name: '.symtab', type: SHT_SYMTAB, data: symbols, link: sections.length + 2, info: locals, entsize: 24 },
    { name: '.strtab', type: SHT_STRTAB, data: strings.bytes, link: 0, info: 0, entsize: 0 },
  ];
  for (const { name } of [...sections, ...appended, { name: '.shstrtab' }]) names.offset(name);
  appended.push({ name: '.shstrtab', type: SHT_STRTAB, data: names.bytes, link: 0, info: 0, entsize: 0 });

  const tables = alignUp(end, 8);
  const shoff = alignUp(
    appended.reduce((sum, { data }) => sum + data.length, tables),
    8,
  );
  const shnum = 1 + sections.length + appended.length;
  const file = new Uint8Array(shoff + shnum * sectionHeader.bytes);
  const view = new DataView(file.buffer);

  fileHeader.encode(view, 0, {
    magic: ELF_MAGIC,
    class: ELFCLASS64,
    data: ELFDATA2LSB,
    identVersion: EV_CURRENT,
    osabi: 0,
    padding: 0n,
    type: image.type ?? ET_EXEC,
    machine: EM_RISCV,
    version: EV_CURRENT,
    entry: image.entry,
    phoff: BigInt(fileHeader.bytes),
    shoff: BigInt(shoff),
    flags: image.flags ?? 0,
    ehsize: fileHeader.bytes,
    phentsize: programHeader.bytes,
    phnum: placed.length,
    shentsize: sectionHeader.bytes,
    shnum,
    shstrndx: shnum - 1,
  });
  for (const [i, { type = PT_LOAD, flags, vaddr, data, align = 4096n, offset, memsz }] of placed.entries()) {
    const filesz = BigInt(data.length);
    if (memsz !== undefined && memsz < filesz)
      throw new ElfError('ELF_SEGMENT_SIZE', offset, `segment ${i} has ${filesz} bytes but memsz ${memsz}`, 'writeElf');
    programHeader.encode(view, fileHeader.bytes + i * programHeader.bytes, {
      type,
      flags,
      offset: BigInt(offset),
      vaddr,
      paddr: vaddr,
      filesz,
      memsz: memsz ?? filesz,
      align,
    });
    file.set(data, offset);
  }

  let header = shoff + sectionHeader.bytes;
  const common = { link: 0, info: 0, entsize: 0n };
  for (const { name, type, flags, addr, size, align = 1n } of sections) {
    const offset = BigInt(type === SHT_NOBITS || (flags & BigInt(SHF_ALLOC)) === 0n ? 0 : offsetOf(placed, addr));
    const record = { ...common, name: names.offset(name), type, flags, addr, offset, size, addralign: align };
    sectionHeader.encode(view, header, record);
    header += sectionHeader.bytes;
  }
  let at = tables;
  for (const { name, type, data, link, info, entsize } of appended) {
    sectionHeader.encode(view, header, {
      name: names.offset(name),
      type,
      flags: 0n,
      addr: 0n,
      offset: BigInt(at),
      size: BigInt(data.length),
      link,
      info,
      addralign: type === SHT_SYMTAB ? 8n : 1n,
      entsize: BigInt(entsize),
    });
    file.set(data, at);
    at += data.length;
    header += sectionHeader.bytes;
  }
  return file;
};
