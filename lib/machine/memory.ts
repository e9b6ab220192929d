/** The machine's one block of memory and the access that devices, loaders and kernels have to guest RAM. */
import { CODE_PAGE, type Layout, PAGE_SHIFT, PAGE_SIZE, PARCELS, RAM_BASE, RECORD, STRADDLE_HALF } from './layout.js';
import { type WasmMemory, wasm } from './wasm/platform.js';

export class MachineMemory {
  readonly wasm: WasmMemory;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly u64: BigUint64Array;
  readonly view: DataView;

  constructor(readonly layout: Layout) {
    const pages = layout.size / 65536;
    this.wasm = new wasm.Memory({ initial: pages, maximum: pages });
    this.u8 = new Uint8Array(this.wasm.buffer);
    this.i32 = new Int32Array(this.wasm.buffer);
    this.u64 = new BigUint64Array(this.wasm.buffer);
    this.view = new DataView(this.wasm.buffer);
  }

  /** Host address of a physical address, or -1 if the `length` bytes there are not all RAM. */
  host(physical: number, length = 1): number {
    const offset = physical - RAM_BASE;
    return offset >= 0 && offset + length <= this.layout.ramSize ? this.layout.ram + offset : -1;
  }

  /** A copy of guest memory. Throws RangeError outside RAM. */
  read(physical: number, length: number): Uint8Array {
    const host = this.#inRam(physical, length);
    return this.u8.slice(host, host + length);
  }

  /** Writes guest memory and drops what was decoded there. Throws RangeError outside RAM. */
  write(physical: number, bytes: Uint8Array): void {
    this.u8.set(bytes, this.#inRam(physical, bytes.length));
    this.written(physical, bytes.length);
  }

  fill(physical: number, length: number, value: number): void {
    const host = this.#inRam(physical, length);
    this.u8.fill(value, host, host + length);
    this.written(physical, length);
  }

  /** Must be called after RAM was changed other than by a hart: forgets the instructions decoded from those bytes. */
  written(physical: number, length: number): void {
    if (length === 0) return;
    const first = (physical - RAM_BASE) >>> PAGE_SHIFT;
    const last = (physical - RAM_BASE + length - 1) >>> PAGE_SHIFT;
    const map = this.layout.codeMap >>> 2;
    for (let page = first; page <= last; page++) {
      const code = this.i32[map + page] as number;
      if (code === 0) continue;
      const from = Math.max(physical - RAM_BASE - page * PAGE_SIZE, 0);
      const to = Math.min(physical - RAM_BASE + length - page * PAGE_SIZE, PAGE_SIZE);
      this.#forget(code, from, to);
    }
  }

  /** An instruction that starts a parcel before the bytes may reach into them, so its record goes too. */
  #forget(code: number, from: number, to: number): void {
    const first = Math.max((from >>> 1) - 1, 0);
    const end = Math.min((to + 1) >>> 1, PARCELS);
    this.u8.fill(0, code + first * RECORD, code + end * RECORD);
    this.i32[(code + STRADDLE_HALF) >>> 2] = 0;
  }

  /** Forgets all decoded code. */
  dropCode(): void {
    const { codeMap, ramSize, codePool, codePages } = this.layout;
    this.u8.fill(0, codeMap, codeMap + (ramSize / PAGE_SIZE) * 4);
    this.u8.fill(0, codePool, codePool + codePages * CODE_PAGE);
  }

  #inRam(physical: number, length: number): number {
    const whole = Number.isSafeInteger(physical) && Number.isSafeInteger(length) && length >= 0;
    const host = whole ? this.host(physical, length) : -1;
    if (host < 0) {
      throw new RangeError(
        `0x${physical.toString(16)}, ${length} bytes: not in RAM (0x${RAM_BASE.toString(16)}, ${this.layout.ramSize} bytes)`,
      );
    }
    return host;
  }
}
