/** A machine's worth of surroundings for one device: RAM, a clock to turn, and wires to look at. */
import type { Device, DeviceHost } from '../../lib/machine/device.js';
import { layoutOf, RAM_BASE } from '../../lib/machine/layout.js';
import { MachineMemory } from '../../lib/machine/memory.js';

export const smallMemory = (ramSize = 1 << 20, harts = 1): MachineMemory =>
  new MachineMemory(layoutOf({ harts, dataEntries: 16, fetchEntries: 16, ramSize, codePages: 1 }));

export class TestHost implements DeviceHost {
  now = 0n;
  reschedules = 0;
  /** Levels of PLIC sources, and of hart lines as "hart:bit". */
  readonly sources = new Map<number, boolean>();
  readonly lines = new Map<string, boolean>();

  constructor(readonly memory: MachineMemory = smallMemory()) {}
  time(): bigint {
    return this.now;
  }
  interrupt(source: number, level: boolean): void {
    this.sources.set(source, level);
  }
  line(hart: number, bit: number, level: boolean): void {
    this.lines.set(`${hart}:${bit}`, level);
  }
  reschedule(): void {
    this.reschedules++;
  }
  failed(thrown: unknown): void {
    throw thrown;
  }
  source(source: number): boolean {
    return this.sources.get(source) ?? false;
  }
  isUp(hart: number, bit: number): boolean {
    return this.lines.get(`${hart}:${bit}`) ?? false;
  }
}

/** A driver's view of a device: 4-byte registers that must not fault. */
export const read32 = (device: Device, offset: number): number => {
  const value = device.load(offset, 4);
  if (value === undefined) throw new Error(`load fault at 0x${offset.toString(16)}`);
  return value;
};
export const write32 = (device: Device, offset: number, value: number): void => {
  if (!device.store(offset, 4, value >>> 0)) throw new Error(`store fault at 0x${offset.toString(16)}`);
};

/** The driver's half of one split virtqueue, in RAM at fixed places (Virtio 1.2, clause 2.7). */
export class DriverQueue {
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
  availableIndex = 0;
  seenUsed = 0;

  constructor(
    readonly memory: MachineMemory,
    readonly size = 8,
    base = RAM_BASE + 0x1000,
  ) {
    this.descriptors = base;
    this.available = base + 0x1000;
    this.used = base + 0x2000;
  }
  poke(address: number, bytes: 1 | 2 | 4 | 8, value: number | bigint): void {
    const at = this.memory.host(address, bytes);
    if (bytes === 8) this.memory.view.setBigUint64(at, BigInt(value), true);
    else if (bytes === 4) this.memory.view.setUint32(at, Number(value), true);
    else if (bytes === 2) this.memory.view.setUint16(at, Number(value), true);
    else this.memory.view.setUint8(at, Number(value));
  }
  peek(address: number, bytes: 2 | 4): number {
    const at = this.memory.host(address, bytes);
    return bytes === 2 ? this.memory.view.getUint16(at, true) : this.memory.view.getUint32(at, true);
  }
  /** Flags: 1 next, 2 device writes, 4 indirect. */
  describe(
    index: number,
    address: number | bigint,
    length: number,
    flags: number,
    next = 0,
    table = this.descriptors,
  ): void {
    this.poke(table + index * 16, 8, address);
    this.poke(table + index * 16 + 8, 4, length);
    this.poke(table + index * 16 + 12, 2, flags);
    this.poke(table + index * 16 + 14, 2, next);
  }
  /** Makes the chain that begins at `head` available. */
  offer(head: number): void {
    this.poke(this.available + 4 + (this.availableIndex % this.size) * 2, 2, head);
    this.availableIndex = (this.availableIndex + 1) & 0xffff;
    this.poke(this.available + 2, 2, this.availableIndex);
  }
  /** The next used element, if the device has given one back. */
  take(): { id: number; length: number } | undefined {
    if (this.peek(this.used + 2, 2) === this.seenUsed) return undefined;
    const at = this.used + 4 + (this.seenUsed % this.size) * 8;
    this.seenUsed = (this.seenUsed + 1) & 0xffff;
    return { id: this.peek(at, 4), length: this.peek(at + 4, 4) };
  }
  /** Sets queue `index` up in a transport (clause 4.2.3.2). */
  register(device: Device, index: number): void {
    write32(device, 0x030, index);
    write32(device, 0x038, this.size);
    for (const [offset, address] of [
      [0x080, this.descriptors],
      [0x090, this.available],
      [0x0a0, this.used],
    ] as const) {
      write32(device, offset, address);
      write32(device, offset + 4, 0);
    }
    write32(device, 0x044, 1);
  }
}

/** Takes a device through initialization up to FEATURES_OK, accepting `features` (clause 3.1.1). Returns the status read back. */
export const negotiate = (device: Device, features: bigint): number => {
  write32(device, 0x070, 0);
  write32(device, 0x070, 1);
  write32(device, 0x070, 3);
  for (const select of [0, 1]) {
    write32(device, 0x024, select);
    write32(device, 0x020, Number((features >> BigInt(32 * select)) & 0xffffffffn));
  }
  write32(device, 0x070, 11);
  return read32(device, 0x070);
};
export const driverReady = (device: Device): void => write32(device, 0x070, 15);
export const offered = (device: Device): bigint => {
  write32(device, 0x014, 0);
  const low = read32(device, 0x010);
  write32(device, 0x014, 1);
  return BigInt(low) | (BigInt(read32(device, 0x010)) << 32n);
};
