import { expect } from 'chai';
import { PF_R, PF_X, writeElf } from '../../../lib/abi/elf.js';
import { VivariumError } from '../../../lib/abi/errors.js';
import { buildDeviceTree, parseDeviceTree } from '../../../lib/machine/boot/device-tree.js';
import { BootError } from '../../../lib/machine/boot/errors.js';
import { parseImageHeader } from '../../../lib/machine/boot/image.js';
import { type BootFiles, type BootPlan, loadKernel, type Range } from '../../../lib/machine/boot/load.js';
import { RAM_BASE } from '../../../lib/machine/layout.js';
import type { MachineMemory } from '../../../lib/machine/memory.js';
import { sampleTree } from '../../support/board.js';
import { smallMemory } from '../../support/devices.js';
import { Random } from '../../support/random.js';

const MEBIBYTE = 1 << 20;
const code = Uint8Array.of(0x13, 0, 0, 0, 0x6f, 0, 0, 0);
const elfAt = (vaddr: bigint, memsz = 64n): Uint8Array =>
  writeElf({ entry: vaddr + 4n, segments: [{ flags: PF_R | PF_X, vaddr, memsz, data: code }] });
/** The only program header begins at byte 64 of the file, its p_paddr at 64 + 24. */
const withPhysical = (elf: Uint8Array, paddr: bigint): Uint8Array => {
  const copy = elf.slice();
  new DataView(copy.buffer).setBigUint64(88, paddr, true);
  return copy;
};
const image = (textOffset = 0x200000n, imageSize = 0x3000n, version = 2, flags = 0n): Uint8Array => {
  const bytes = new Uint8Array(4096).fill(0xab);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, textOffset, true);
  view.setBigUint64(16, imageSize, true);
  view.setBigUint64(24, flags, true);
  view.setUint32(32, version, true);
  bytes.set([0x52, 0x53, 0x43, 5], 56);
  return bytes;
};

describe('boot/load', () => {
  let memory: MachineMemory;
  beforeEach(() => {
    memory = smallMemory(4 * MEBIBYTE);
    memory.fill(RAM_BASE, 4 * MEBIBYTE, 0x5a);
  });
  const load = (files: Partial<BootFiles>): BootPlan =>
    loadKernel(memory, { kernel: elfAt(BigInt(RAM_BASE)), tree: (initrd) => sampleTree({ initrd }), ...files });
  const refusal = (files: Partial<BootFiles>): string => {
    const before = memory.read(RAM_BASE, 4 * MEBIBYTE);
    try {
      load(files);
    } catch (error) {
      expect(error).to.be.instanceOf(VivariumError);
      expect(Buffer.compare(memory.read(RAM_BASE, 4 * MEBIBYTE), before), 'RAM is unchanged').to.equal(0);
      return (error as VivariumError).code;
    }
    return 'accepted';
  };

  it('loads ELF segments by physical address and clears what the file does not hold', () => {
    const plan = load({ kernel: withPhysical(elfAt(0xffffffff80000000n), BigInt(RAM_BASE) + 0x1000n) });
    expect(plan.entry).to.equal(RAM_BASE + 0x1004);
    expect([...memory.read(RAM_BASE + 0x1000, 8)]).to.deep.equal([...code]);
    expect(memory.read(RAM_BASE + 0x1008, 56).every((byte) => byte === 0)).to.equal(true);
    expect(memory.read(RAM_BASE + 0x1040, 1)[0]).to.equal(0x5a);
  });

  it('loads a Linux Image at RAM + text_offset and clears up to image_size', () => {
    const plan = load({ kernel: image() });
    expect(plan.entry).to.equal(RAM_BASE + 0x200000);
    expect(memory.read(plan.entry, 4096)).to.deep.equal(image());
    expect(memory.read(plan.entry + 4096, 0x2000).every((byte) => byte === 0)).to.equal(true);
    expect(memory.read(plan.entry + 0x3000, 1)[0]).to.equal(0x5a);
  });

  it('puts the initrd at the top, the device tree below it, and tells the tree where it is', () => {
    const initrd = new Uint8Array(5000).fill(7);
    let told: Range | undefined;
    const plan = load({
      kernel: image(),
      initrd,
      tree: (range) => {
        told = range;
        return sampleTree({ initrd: range });
      },
    });
    const start = RAM_BASE + 4 * MEBIBYTE - 8192;
    expect(plan.initrd).to.deep.equal({ start, end: start + 5000 });
    expect(told).to.deep.equal(plan.initrd);
    expect(memory.read(start, 5000)).to.deep.equal(initrd);
    expect([plan.deviceTree % 4096, plan.deviceTree < start]).to.deep.equal([0, true]);
    const blob = memory.read(plan.deviceTree, start - plan.deviceTree);
    expect(parseDeviceTree(blob)).to.deep.equal(sampleTree({ initrd: plan.initrd }));
  });

  it('starts in the firmware if there is one, and still knows where the kernel is', () => {
    const plan = load({ firmware: elfAt(BigInt(RAM_BASE)), kernel: image() });
    expect([plan.entry, plan.kernelEntry]).to.deep.equal([RAM_BASE + 4, RAM_BASE + 0x200000]);
    expect([...memory.read(RAM_BASE, 8)]).to.deep.equal([...code]);
  });

  it('moves position-independent firmware that was linked at 0 to the start of RAM', () => {
    const firmware = elfAt(0n).slice();
    firmware[16] = 3; // ET_DYN
    const plan = load({ firmware, kernel: image() });
    expect([plan.entry, plan.kernelEntry]).to.deep.equal([RAM_BASE + 4, RAM_BASE + 0x200000]);
    expect([...memory.read(RAM_BASE, 8)]).to.deep.equal([...code]);
  });

  it('leaves firmware room behind the device tree to add to it', () => {
    const initrd = new Uint8Array(16).fill(7);
    const plan = load({ firmware: elfAt(BigInt(RAM_BASE)), kernel: image(), initrd });
    const used = memory.read(plan.deviceTree, 8);
    const total = new DataView(used.buffer, used.byteOffset).getUint32(4);
    expect((plan.initrd as Range).start - plan.deviceTree - total).to.be.at.least(64 * 1024);
  });

  it('refuses what cannot be booted and leaves RAM as it was', () => {
    const base = BigInt(RAM_BASE);
    const gzip = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0);
    const objectFile = elfAt(base).slice();
    objectFile[16] = 1;
    const otherMachine = elfAt(base).slice();
    otherMachine[18] = 62;
    const cases: readonly [string, Partial<BootFiles>, string][] = [
      ['nothing', { kernel: new Uint8Array() }, 'BOOT_FORMAT'],
      ['text', { kernel: new TextEncoder().encode('#!/bin/sh\n'.repeat(20)) }, 'BOOT_FORMAT'],
      ['a compressed kernel', { kernel: gzip }, 'BOOT_FORMAT'],
      ['a truncated ELF file', { kernel: elfAt(base).slice(0, 100) }, 'ELF_TRUNCATED'],
      ['another machine', { kernel: otherMachine }, 'ELF_MACHINE'],
      ['an object file', { kernel: objectFile }, 'BOOT_ELF_TYPE'],
      ['no entry point', { kernel: writeElf({ entry: 0n, segments: [] }) }, 'BOOT_ELF_ENTRY'],
      ['a segment below RAM', { kernel: elfAt(0x10000n) }, 'BOOT_ADDRESS'],
      ['a segment above RAM', { kernel: elfAt(base + 0x400000n) }, 'BOOT_RAM'],
      ['a segment larger than RAM', { kernel: elfAt(base, 1n << 40n) }, 'BOOT_RAM'],
      ['a segment at the end of the address space', { kernel: elfAt((1n << 64n) - 64n) }, 'BOOT_RAM'],
      ['kernel on firmware', { firmware: elfAt(base), kernel: elfAt(base + 32n) }, 'BOOT_OVERLAP'],
      ['a truncated Image', { kernel: image().slice(0, 61) }, 'BOOT_IMAGE_TRUNCATED'],
      ['an Image for more RAM', { kernel: image(0x200000n, 1n << 30n) }, 'BOOT_RAM'],
      ['an absurd image_size', { kernel: image(0x200000n, (1n << 64n) - 1n) }, 'BOOT_RAM'],
      ['an absurd text_offset', { kernel: image((1n << 64n) - 0x200000n) }, 'BOOT_RAM'],
      ['a misaligned Image', { kernel: image(0x80000n) }, 'BOOT_IMAGE_OFFSET'],
      ['a big-endian Image', { kernel: image(0x200000n, 0n, 2, 1n) }, 'BOOT_IMAGE_ENDIAN'],
      ['an Image of another version', { kernel: image(0x200000n, 0n, 0x10000) }, 'BOOT_IMAGE_VERSION'],
      ['an initrd larger than RAM', { initrd: new Uint8Array(5 * MEBIBYTE) }, 'BOOT_RAM'],
      ['an initrd on the kernel', { kernel: image(), initrd: new Uint8Array(2 * MEBIBYTE - 8192) }, 'BOOT_OVERLAP'],
      ['a tree on the kernel', { kernel: image(0x200000n, BigInt(2 * MEBIBYTE - 2048)) }, 'BOOT_OVERLAP'],
      ['a huge tree', { tree: () => sampleTree({ rngSeed: new Uint8Array(2 * MEBIBYTE) }) }, 'BOOT_TREE'],
    ];
    for (const [what, files, expected] of cases) expect(refusal(files), what).to.equal(expected);
  });

  it('reads the Image header, and only from an Image', () => {
    expect(parseImageHeader(image())).to.deep.equal({
      textOffset: 0x200000n,
      imageSize: 0x3000n,
      flags: 0n,
      version: { major: 0, minor: 2 },
    });
    expect(() => parseImageHeader(new Uint8Array(64))).to.throw(BootError, 'RSC');
  });

  it('throws nothing but typed errors, whatever the bytes', () => {
    const random = new Random(11);
    memory = smallMemory(MEBIBYTE);
    const tree = sampleTree();
    buildDeviceTree(tree);
    const originals = [elfAt(BigInt(RAM_BASE)), image(0n)];
    for (let round = 0; round < 1500; round++) {
      const kernel = random.pick(originals).slice(0, random.below(4) === 0 ? random.below(200) : undefined);
      for (let i = random.below(5); i > 0 && kernel.length > 0; i--)
        kernel[random.below(Math.min(kernel.length, 128))] = random.below(256);
      try {
        loadKernel(memory, { kernel, tree: () => tree });
      } catch (error) {
        expect(error).to.be.instanceOf(VivariumError);
      }
    }
  });
});
