/** The device's side of a split virtqueue (Virtio 1.2, clause 2.7). */
import type { MachineMemory } from '../../memory.js';
import { type Chain, DESCRIPTOR_BYTES, INDIRECT, readChain } from './chain.js';
import { VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC } from './function.js';

/** The largest queue a driver may set up. */
export const QUEUE_SIZE_MAX = 256;
const AVAIL_NO_INTERRUPT = 1;

export interface QueueState {
  size: number;
  ready: boolean;
  /** Physical addresses of the descriptor table, the available ring and the used ring. */
  descriptors: bigint;
  available: bigint;
  used: bigint;
  /** Free-running 16-bit indices: the next available entry to take, the next used entry to write. */
  nextAvailable: number;
  nextUsed: number;
}
export const queueState = (): QueueState => ({
  size: 0,
  ready: false,
  descriptors: 0n,
  available: 0n,
  used: 0n,
  nextAvailable: 0,
  nextUsed: 0,
});

/** What a queue asks of its transport. */
export interface QueueHost {
  readonly memory: MachineMemory;
  /** The features that driver and device agreed on. */
  negotiated(feature: bigint): boolean;
  /** Raises the used buffer notification. */
  bufferUsed(): void;
  fail(reason: string): void;
}

export class Virtqueue {
  constructor(
    readonly host: QueueHost,
    readonly state: QueueState,
  ) {}

  /** What is wrong with the addresses and the size that the driver gave, if anything (clause 2.7). */
  defect(): string | undefined {
    const { size, descriptors, available, used } = this.state;
    if (size === 0 || size > QUEUE_SIZE_MAX || (size & (size - 1)) !== 0) return `a queue of size ${size}`;
    const parts = [
      ['descriptor table', descriptors, 16n, size * DESCRIPTOR_BYTES],
      ['available ring', available, 2n, 6 + size * 2],
      ['used ring', used, 4n, 6 + size * 8],
    ] as const;
    for (const [what, address, alignment, length] of parts)
      if (address % alignment !== 0n || this.host.memory.host(Number(address), length) < 0)
        return `the ${what} at 0x${address.toString(16)}, ${length} bytes, is misaligned or outside of RAM`;
    return undefined;
  }

  /**
   * Serves the buffers that are available now, while `wanted`. `serve` returns how many bytes it wrote into the
   * buffer, or undefined to stop because the device failed. How many there are is read once: a buffer that overlaps
   * the ring could otherwise feed the loop for ever.
   */
  drain(serve: (chain: Chain) => number | undefined, wanted: () => boolean = () => true): void {
    const { state, host } = this;
    const waiting = (this.#u16(state.available, 2) - state.nextAvailable) & 0xffff;
    if (waiting > state.size) {
      host.fail(`${waiting} buffers are available in a queue of ${state.size}`);
      return;
    }
    for (let left = waiting; left > 0 && wanted(); left--) {
      const chain = this.#take();
      if (typeof chain === 'string') {
        host.fail(chain);
        return;
      }
      const written = serve(chain);
      if (written === undefined) return;
      this.#finish(chain, written);
    }
    // Ask for a notification at the next buffer (clause 2.7.10).
    if (host.negotiated(VIRTIO_F_EVENT_IDX)) this.#setU16(state.used, 4 + state.size * 8, state.nextAvailable);
  }

  /** The next available buffer, or what is wrong with it. */
  #take(): Chain | string {
    const { state, host } = this;
    const head = this.#u16(state.available, 4 + (state.nextAvailable % state.size) * 2);
    if (head >= state.size) return `descriptor ${head} is available in a queue of ${state.size}`;
    const flags = this.#u16(state.descriptors, head * DESCRIPTOR_BYTES + 12);
    if ((flags & INDIRECT) !== 0 && !host.negotiated(VIRTIO_F_INDIRECT_DESC))
      return `descriptor ${head} is indirect, which was not negotiated`;
    state.nextAvailable = (state.nextAvailable + 1) & 0xffff;
    return readChain(host.memory, Number(state.descriptors), state.size, head);
  }

  /** Gives a buffer back with `written` bytes in its writable part, and interrupts unless the driver asked not to. */
  #finish(chain: Chain, written: number): void {
    const { state, host } = this;
    const old = state.nextUsed;
    const entry = Number(state.used) + 4 + (old % state.size) * 8;
    const at = host.memory.host(entry, 8);
    host.memory.view.setUint32(at, chain.head, true);
    host.memory.view.setUint32(at + 4, written, true);
    host.memory.written(entry, 8);
    state.nextUsed = (old + 1) & 0xffff;
    this.#setU16(state.used, 2, state.nextUsed);
    if (this.#wantsInterrupt(old)) host.bufferUsed();
  }

  /** Clause 2.7.7: by the flag, or with event indices when this entry is the one at which the driver asked to be woken. */
  #wantsInterrupt(old: number): boolean {
    const { state, host } = this;
    if (host.negotiated(VIRTIO_F_EVENT_IDX)) return this.#u16(state.available, 4 + state.size * 2) === old;
    return (this.#u16(state.available, 0) & AVAIL_NO_INTERRUPT) === 0;
  }

  /** Preconditions of both: the queue was ready, so that its three parts lie in RAM. */
  #u16(part: bigint, offset: number): number {
    return this.host.memory.view.getUint16(this.host.memory.host(Number(part) + offset, 2), true);
  }
  #setU16(part: bigint, offset: number, value: number): void {
    const { memory } = this.host;
    memory.view.setUint16(memory.host(Number(part) + offset, 2), value, true);
    memory.written(Number(part) + offset, 2);
  }
}
