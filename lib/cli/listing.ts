/** `disassemble`: the code of a program as objdump lists it. */
import { type ElfFile, type ElfSection, parseElf, SHF_EXECINSTR } from '../abi/elf.js';
import { lengthOf } from '../isa/decode.js';
import { disassemble, type Symbolizer } from '../isa/disassemble.js';
import { programOf, symbolsOf } from './program.js';
import type { Streams } from './streams.js';

/** Reads 16 bits at an offset; past the end there are zeros. */
const parcel = (data: Uint8Array, at: number): number => (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8);

const section = function* (
  { name, addr, data }: ElfSection,
  labels: ReadonlyMap<bigint, readonly string[]>,
  symbols: Symbolizer,
): Generator<string> {
  yield `\nDisassembly of section ${name}:`;
  for (let at = 0; at < data.length; ) {
    const pc = addr + BigInt(at);
    for (const label of labels.get(pc) ?? []) yield `\n${pc.toString(16).padStart(16, '0')} <${label}>:`;
    const length = lengthOf(parcel(data, at));
    const encoding = ((parcel(data, at + 2) << 16) | parcel(data, at)) >>> 0;
    const shown = length === 2 ? encoding & 0xffff : encoding;
    const text = disassemble(encoding, { pc, symbols });
    yield `${pc.toString(16).padStart(8)}:  ${shown
      .toString(16)
      .padStart(length * 2, '0')
      .padEnd(8)}  ${text}`;
    at += length;
  }
};

const labelsOf = ({ symbols }: ElfFile): Map<bigint, string[]> => {
  const labels = new Map<bigint, string[]>();
  for (const { name, value } of symbols) if (name !== '') labels.set(value, [...(labels.get(value) ?? []), name]);
  return labels;
};

/** @throws CliError, ElfError */
export const list = (file: string, { stdout }: Streams): void => {
  const elf = parseElf(programOf(file));
  const labels = labelsOf(elf);
  const symbols = symbolsOf(elf);
  for (const code of elf.sections.filter(({ flags }) => (flags & BigInt(SHF_EXECINSTR)) !== 0n))
    for (const line of section(code, labels, symbols)) stdout.write(`${line}\n`);
};
