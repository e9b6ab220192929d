/** Constants and record layouts of ELF64 (System V ABI, chapters 4 and 5; RISC-V ELF psABI). */
import { VivariumError } from '../errors.js';

export const ELF_MAGIC = 0x464c457f;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const EV_CURRENT = 1;
export const EM_RISCV = 243;
export const ET_REL = 1;
export const ET_EXEC = 2;
export const ET_DYN = 3;

/** e_flags of RISC-V: compressed instructions are used; floating-point arguments in double registers. */
export const EF_RISCV_RVC = 1;
export const EF_RISCV_FLOAT_ABI_DOUBLE = 4;

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PT_PHDR = 6;
export const PT_TLS = 7;
export const PT_GNU_STACK = 0x6474e551;
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_NOBITS = 8;
export const SHF_WRITE = 1;
export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;
export const SHN_UNDEF = 0;
/** From here on, section indices have special meanings. */
export const SHN_LORESERVE = 0xff00;
export const SHN_ABS = 0xfff1;

export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;

type Layout = Readonly<Record<string, 1 | 2 | 4 | 8>>;
/** A decoded record: 64-bit members are bigints, shorter ones numbers, all unsigned. */
export type RecordOf<L extends Layout> = { [K in keyof L]: L[K] extends 8 ? bigint : number };
export interface Codec<L extends Layout> {
  readonly bytes: number;
  decode(view: DataView, at: number): RecordOf<L>;
  encode(view: DataView, at: number, record: RecordOf<L>): void;
}

/** A codec for members of the given sizes in bytes, in file order, unpadded. */
const record = <const L extends Layout>(layout: L): Codec<L> => {
  const members = Object.entries(layout);
  return {
    bytes: members.reduce((sum, [, size]) => sum + size, 0),
    decode: (view, start) => {
      let at = start;
      const result: Record<string, number | bigint> = {};
      for (const [name, size] of members) {
        if (size === 8) result[name] = view.getBigUint64(at, true);
        else if (size === 4) result[name] = view.getUint32(at, true);
        else if (size === 2) result[name] = view.getUint16(at, true);
        else result[name] = view.getUint8(at);
        at += size;
      }
      return result as RecordOf<L>;
    },
    encode: (view, start, value) => {
      let at = start;
      for (const [name, size] of members) {
        const member = value[name] as number | bigint;
        if (size === 8) view.setBigUint64(at, BigInt(member), true);
        else if (size === 4) view.setUint32(at, Number(member), true);
        else if (size === 2) view.setUint16(at, Number(member), true);
        else view.setUint8(at, Number(member));
        at += size;
      }
    },
  };
};

export const fileHeader = record({
  magic: 4,
  class: 1,
  data: 1,
  identVersion: 1,
  osabi: 1,
  padding: 8,
  type: 2,
  machine: 2,
  version: 4,
  entry: 8,
  phoff: 8,
  shoff: 8,
  flags: 4,
  ehsize: 2,
  phentsize: 2,
  phnum: 2,
  shentsize: 2,
  shnum: 2,
  shstrndx: 2,
});
export const programHeader = record({
  type: 4,
  flags: 4,
  offset: 8,
  vaddr: 8,
  paddr: 8,
  filesz: 8,
  memsz: 8,
  align: 8,
});
export const sectionHeader = record({
  name: 4,
  type: 4,
  flags: 8,
  addr: 8,
  offset: 8,
  size: 8,
  link: 4,
  info: 4,
  addralign: 8,
  entsize: 8,
});
export const symbolRecord = record({ name: 4, info: 1, other: 1, shndx: 2, value: 8, size: 8 });

/** A program header; sizes and addresses are in bytes. `data` is the file's part, `filesz` bytes, not copied. */
export interface ElfSegment {
  readonly type: number;
  /** PF_R, PF_W and PF_X. */
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: bigint;
  readonly paddr: bigint;
  readonly memsz: bigint;
  readonly align: bigint;
  readonly data: Uint8Array;
}
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: bigint;
  readonly addr: bigint;
  readonly size: bigint;
  readonly align: bigint;
  /** Empty for SHT_NOBITS. */
  readonly data: Uint8Array;
}
export interface ElfSymbol {
  readonly name: string;
  readonly value: bigint;
  readonly size: bigint;
  /** STB_ and STT_ constants. */
  readonly binding: number;
  readonly type: number;
  /** Index of its section, SHN_UNDEF or SHN_ABS. */
  readonly section: number;
}
export interface ElfFile {
  /** ET_REL, ET_EXEC or ET_DYN. */
  readonly type: number;
  readonly flags: number;
  /** 0 if the file has no entry point. */
  readonly entry: bigint;
  /** Where the program headers are in the file, which AT_PHDR needs. */
  readonly phoff: number;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
}

/** A file that is not a well-formed RISC-V ELF64; `offset` is the byte of the file that says so. */
export class ElfError extends VivariumError {
  override readonly name = 'ElfError';

  constructor(
    code: string,
    readonly offset: number,
    problem: string,
    operation = 'parseElf',
  ) {
    super(code, operation, `${problem}, at byte ${offset}`, 'give a 64-bit little-endian RISC-V ELF file');
  }
}
