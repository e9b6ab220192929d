/** Programs as the command line takes them: assembly source or an ELF executable. */
import { fileURLToPath } from 'node:url';
import { ELF_MAGIC, type ElfFile, parseElf } from '../abi/elf.js';
import { AssemblyError, toElf } from '../isa/asm.js';
import { type Symbolizer, symbolizer } from '../isa/disassemble.js';
import { RAM_BASE } from '../machine/layout.js';
import { CliError } from './errors.js';
import { readFile } from './files.js';

/** What runs when no file is given. */
export const DEMO = fileURLToPath(new URL('../../../fixtures/demo/hello.s', import.meta.url));

export interface SourceOptions {
  /** Address of the first byte; the start of RAM unless given. */
  readonly base?: bigint;
  readonly compressed?: boolean;
}

/** The mistakes of a source under the name of its file. */
export class SourceError extends CliError {
  constructor(path: string, { diagnostics, code }: AssemblyError) {
    const [first, ...others] = diagnostics.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
    super(code, 'assemble', [first, ...others].join('\n'));
  }
}

/** @throws CliError with every mistake */
export const assembleFile = (path: string, { base = BigInt(RAM_BASE), compressed = false }: SourceOptions = {}) => {
  const source = new TextDecoder().decode(readFile(path));
  try {
    return toElf(source, { base, compressed });
  } catch (error) {
    if (error instanceof AssemblyError) throw new SourceError(path, error);
    throw error;
  }
};

export const isElf = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === ELF_MAGIC;

/** An ELF file as it is, a `.s` file assembled. @throws CliError */
export const programOf = (path: string, options?: SourceOptions): Uint8Array => {
  if (/\.(s|S|asm)$/.test(path)) return assembleFile(path, options);
  const bytes = readFile(path);
  if (isElf(bytes)) return bytes;
  throw new CliError('CLI_FORMAT', 'read', `${path} is no program`, 'give an ELF executable, or assembly named *.s');
};

/** Names addresses by the labels of a file. */
export const symbolsOf = ({ symbols }: ElfFile): Symbolizer =>
  symbolizer(symbols.filter(({ name }) => name !== '').map(({ name, value }) => [name, value] as const));

/** As `symbolsOf`, for a file that may be something else, such as a kernel `Image`. */
export const symbolsIn = (bytes: Uint8Array): Symbolizer =>
  isElf(bytes) ? symbolsOf(parseElf(bytes)) : () => undefined;
