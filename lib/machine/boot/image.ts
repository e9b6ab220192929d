/** Linux kernels as RISC-V `Image` files (Linux, Documentation/arch/riscv/boot-image-header.rst, header version 0.2). */
import { RAM_BASE } from '../layout.js';
import type { Program } from './elf.js';
import { BootError } from './errors.js';

export const IMAGE_HEADER_BYTES = 64;
/** "RSC\x05", little-endian, at byte 56. */
const MAGIC2 = 0x05435352;
const MAGIC2_AT = 56;
const BIG_ENDIAN = 1n;
const ALIGNMENT = 2 * 1024 * 1024;

export interface ImageHeader {
  /** Where the image goes, in bytes from the start of RAM. */
  readonly textOffset: bigint;
  /** Bytes that it occupies, including what is not in the file. */
  readonly imageSize: bigint;
  readonly flags: bigint;
  readonly version: { readonly major: number; readonly minor: number };
}

const fail = (code: string, problem: string, remedy: string): never => {
  throw new BootError(code, 'loadKernel', problem, remedy);
};

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether the bytes carry the magic of an `Image`. */
export const isImage = (bytes: Uint8Array): boolean =>
  bytes.length >= MAGIC2_AT + 4 && viewOf(bytes).getUint32(MAGIC2_AT, true) === MAGIC2;

/** @throws BootError if there is no header. */
export const parseImageHeader = (bytes: Uint8Array): ImageHeader => {
  if (bytes.length < IMAGE_HEADER_BYTES)
    fail('BOOT_IMAGE_TRUNCATED', `an Image header has 64 bytes, there are ${bytes.length}`, 'give the whole file');
  if (!isImage(bytes)) fail('BOOT_IMAGE_MAGIC', 'byte 56 is not RSC\\x05', 'give a RISC-V Linux Image, uncompressed');
  const view = viewOf(bytes);
  const version = view.getUint32(32, true);
  return {
    textOffset: view.getBigUint64(8, true),
    imageSize: view.getBigUint64(16, true),
    flags: view.getBigUint64(24, true),
    version: { major: version >>> 16, minor: version & 0xffff },
  };
};

/**
 * The image at RAM + text_offset, which is also its entry point.
 * @throws BootError if the header is missing, or asks for what this machine is not.
 */
export const imageProgram = (bytes: Uint8Array): Program => {
  const { textOffset, imageSize, flags, version } = parseImageHeader(bytes);
  if ((flags & BIG_ENDIAN) !== 0n) fail('BOOT_IMAGE_ENDIAN', 'the kernel is big-endian', 'build it little-endian');
  if (version.major !== 0)
    fail('BOOT_IMAGE_VERSION', `the header has version ${version.major}.${version.minor}`, 'give one of version 0.x');
  // The kernel maps itself with 2 MiB pages (Documentation/arch/riscv/boot.rst, "Kernel location").
  if (textOffset % BigInt(ALIGNMENT) !== 0n)
    fail(
      'BOOT_IMAGE_OFFSET',
      `text_offset 0x${textOffset.toString(16)} is not a multiple of 2 MiB`,
      'build it for RV64',
    );
  const address = RAM_BASE + Number(textOffset);
  const size = Math.max(Number(imageSize), bytes.length);
  return { entry: address, pieces: [{ what: 'the kernel', address, size, data: bytes }] };
};
