/** What a kind of virtio device is to its transport, and the other way round. */
import type { Virtqueue } from './queue.js';

/** Feature bits of the transport (Virtio 1.2, clause 6). */
export const VIRTIO_F_INDIRECT_DESC = 1n << 28n;
export const VIRTIO_F_EVENT_IDX = 1n << 29n;
export const VIRTIO_F_VERSION_1 = 1n << 32n;

/** What a function may ask of its transport. */
export interface VirtioPort {
  /** A queue that the driver has set up; undefined while the driver is not ready, or when the device needs a reset. */
  queue(index: number): Virtqueue | undefined;
  /** Tells the driver that the configuration has changed. */
  configurationChanged(): void;
  /** The driver broke a rule that leaves nothing to answer with: sets DEVICE_NEEDS_RESET (clause 2.1.2). */
  fail(reason: string): void;
  /** Calls what the host has injected: what it throws comes out of the machine's run, and false here. */
  hosted(action: () => void): boolean;
}

/** A kind of device behind the transport: block, console, network, entropy. */
export interface VirtioFunction {
  readonly name: string;
  /** Device type, clause 5. */
  readonly id: number;
  /** Feature bits of its own, 0 to 23. */
  readonly features: bigint;
  readonly queues: number;
  /** Called once, before anything else. */
  attach(port: VirtioPort): void;
  /** The configuration space as the driver reads it, little-endian. */
  configuration(): Uint8Array;
  /** The driver wrote `bytes` bytes into the configuration space. */
  configure?(offset: number, bytes: 1 | 2 | 4, value: number): void;
  /** The driver made buffers available in a queue. */
  notify(queue: number): void;
  /** The driver reset the device. What the host has not delivered yet stays. */
  reset(): void;
  save(): unknown;
  restore(state: unknown): void;
}
