/** ELF64, little-endian, RISC-V: the public face of the codec. */
export * from './elf/format.js';
export { parseElf } from './elf/parse.js';
export { type ElfImage, type ElfImageSection, type ElfImageSegment, writeElf } from './elf/write.js';
