/** Puts a kernel, an initrd and the device tree into RAM: all of them, or nothing. */
import { ELF_MAGIC } from '../../abi/elf.js';
import { RAM_BASE } from '../layout.js';
import type { MachineMemory } from '../memory.js';
import { buildDeviceTree, type DeviceTree } from './device-tree.js';
import { elfProgram, type Program } from './elf.js';
import { BootError } from './errors.js';
import { imageProgram, isImage } from './image.js';
import { checkPieces, type Piece, placeBelow, writePieces } from './placement.js';

/** Linux maps two 2 MiB pages from the one in which the tree begins, so this much is always visible to it. */
const DEVICE_TREE_MAX = 2 * 1024 * 1024;

/** Room behind the tree when firmware runs first: it describes itself there, in place (OpenSBI's device tree fix-ups). */
const DEVICE_TREE_ROOM = 64 * 1024;

/** A range of physical addresses, `end` exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface BootFiles {
  /** An ELF executable, or a Linux `Image`. */
  readonly kernel: Uint8Array;
  /** Firmware that runs before the kernel, in M-mode, as an ELF executable. */
  readonly firmware?: Uint8Array;
  readonly initrd?: Uint8Array;
  /** The tree to hand over, given where the initrd is. */
  tree(initrd: Range | undefined): DeviceTree;
}

/** Physical addresses that the boot hart needs: pc, and a1 by convention the tree. */
export interface BootPlan {
  readonly entry: number;
  readonly kernelEntry: number;
  readonly deviceTree: number;
  readonly initrd: Range | undefined;
}

const programOf = (bytes: Uint8Array, what: string): Program => {
  const magic = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (magic === ELF_MAGIC) return elfProgram(bytes);
  if (isImage(bytes)) return imageProgram(bytes);
  const gzipped = (magic & 0xffff) === 0x8b1f;
  throw new BootError(
    'BOOT_FORMAT',
    'loadKernel',
    gzipped ? `the ${what} is compressed with gzip` : `the ${what} is neither an ELF file nor a RISC-V Linux Image`,
    gzipped ? 'decompress it first' : 'give one of these',
  );
};

/**
 * Writes everything into RAM: the programs where they were linked, the initrd at the top of RAM, the device tree
 * below it, both at page boundaries.
 * @throws BootError or ElfError if a file is malformed, or if the parts do not fit; RAM is then unchanged.
 */
export const loadKernel = (memory: MachineMemory, { kernel, firmware, initrd, tree }: BootFiles): BootPlan => {
  const { ramSize } = memory.layout;
  const program = programOf(kernel, 'kernel');
  const first = firmware === undefined ? program : programOf(firmware, 'firmware');
  const pieces: Piece[] = [...program.pieces, ...(first === program ? [] : first.pieces)];

  if (first.entry % 2 !== 0)
    throw new BootError(
      'BOOT_ELF_ENTRY',
      'loadKernel',
      `the entry point 0x${first.entry.toString(16)} is odd`,
      'instructions begin at even addresses',
    );

  let top = RAM_BASE + ramSize;
  let initrdRange: Range | undefined;
  if (initrd !== undefined) {
    const piece = placeBelow(top, 'the initrd', initrd);
    pieces.push(piece);
    top = piece.address;
    initrdRange = { start: piece.address, end: piece.address + piece.size };
  }
  const blob = buildDeviceTree(tree(initrdRange));
  if (blob.length > DEVICE_TREE_MAX)
    throw new BootError(
      'BOOT_TREE',
      'loadKernel',
      `the device tree has ${blob.length} bytes`,
      'Linux takes 2 MiB at most',
    );
  const treePiece = placeBelow(top, 'the device tree', blob, firmware === undefined ? 0 : DEVICE_TREE_ROOM);
  pieces.push(treePiece);

  checkPieces(pieces, ramSize);
  writePieces(pieces, memory);
  return {
    entry: first.entry,
    kernelEntry: program.entry,
    deviceTree: treePiece.address,
    initrd: initrdRange,
  };
};
