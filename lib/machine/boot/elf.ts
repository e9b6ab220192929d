/** Kernels and firmware as ELF executables, loaded by physical address. */
import { ELF_MAGIC, type ElfSegment, ET_DYN, ET_REL, PT_LOAD, parseElf } from '../../abi/elf.js';
import type { HtifWords } from '../devices/htif.js';
import { PAGE_SIZE, RAM_BASE } from '../layout.js';
import { BootError } from './errors.js';
import type { Piece } from './placement.js';

/** What has to be in RAM, and where the first instruction is (physical). */
export interface Program {
  readonly entry: number;
  readonly pieces: readonly Piece[];
}

/** Physical addresses beyond 2**53 are nowhere near RAM, so losing their low bits changes nothing. */
const toPiece =
  (moved: number) =>
  ({ paddr, memsz, data }: ElfSegment, index: number): Piece => ({
    what: `segment ${index}`,
    address: Number(paddr) + moved,
    size: Number(memsz),
    data,
  });

/**
 * The loaded segments of an executable at their p_paddr. The entry point is a virtual address: it is taken to the
 * physical one by the segment that contains it. A position-independent executable (ET_DYN) that was linked below RAM,
 * as OpenSBI is, is moved to the start of RAM and relocates itself there; any other runs where it was linked.
 * @throws ElfError if the file is malformed, BootError if it is nothing to boot.
 */
export const elfProgram = (bytes: Uint8Array): Program => {
  const file = parseElf(bytes);
  if (file.type === ET_REL)
    throw new BootError('BOOT_ELF_TYPE', 'loadKernel', 'the ELF file is an object file', 'link it to an executable');
  const loads = file.segments.filter(({ type, memsz }) => type === PT_LOAD && memsz > 0n);
  const home = loads.find(({ vaddr, memsz }) => file.entry >= vaddr && file.entry < vaddr + memsz);
  if (home === undefined)
    throw new BootError(
      'BOOT_ELF_ENTRY',
      'loadKernel',
      `the entry point 0x${file.entry.toString(16)} is in no loaded segment`,
      'link it with an entry point',
    );
  const lowest = Math.min(...loads.map(({ paddr }) => Number(paddr)));
  const moved = file.type === ET_DYN && lowest < RAM_BASE ? RAM_BASE - (lowest - (lowest % PAGE_SIZE)) : 0;
  return { entry: Number(file.entry - home.vaddr + home.paddr) + moved, pieces: loads.map(toPiece(moved)) };
};

/** The words through which a bare-metal test program reports, if the file is an ELF executable that has them. */
export const htifWords = (bytes: Uint8Array): HtifWords | undefined => {
  const magic = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (magic !== ELF_MAGIC) return undefined;
  const { symbols } = parseElf(bytes);
  const addressOf = (name: string): number | undefined => {
    const symbol = symbols.find((s) => s.name === name);
    return symbol && Number(symbol.value);
  };
  const tohost = addressOf('tohost');
  return tohost === undefined ? undefined : { tohost, fromhost: addressOf('fromhost') };
};
