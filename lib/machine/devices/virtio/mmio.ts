/** Virtio over MMIO, version 2 (Virtio 1.2, clause 4.2): the registers through which a driver sets up a function. */
import { cells, type DeviceTreeNode, node, text, wideCells } from '../../boot/device-tree.js';
import type { Device, DeviceHost, Phandles } from '../../device.js';
import {
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_VERSION_1,
  type VirtioFunction,
  type VirtioPort,
} from './function.js';
import { QUEUE_SIZE_MAX, type QueueHost, type QueueState, queueState, Virtqueue } from './queue.js';

/** Transports of QEMU's `virt`: slot n is at 0x10001000 + n * 0x1000 with interrupt source 1 + n. */
export const VIRTIO_SLOTS = 8;
const MAGIC = 0x74726976;
const VERSION = 2;
const VENDOR = 0x41564956;
const CONFIGURATION = 0x100;
/** Device status bits (clause 2.1). */
const FEATURES_OK = 8;
const DRIVER_OK = 4;
const NEEDS_RESET = 0x40;
/** InterruptStatus bits. */
const USED_BUFFER = 1;
const CONFIGURATION_CHANGE = 2;
const TRANSPORT_FEATURES = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX;

interface State {
  status: number;
  interrupts: number;
  generation: number;
  deviceFeaturesSelect: number;
  driverFeaturesSelect: number;
  driverFeatures: bigint;
  queueSelect: number;
  readonly queues: QueueState[];
}
const initial = (queues: number): State => ({
  status: 0,
  interrupts: 0,
  generation: 0,
  deviceFeaturesSelect: 0,
  driverFeaturesSelect: 0,
  driverFeatures: 0n,
  queueSelect: 0,
  queues: Array.from({ length: queues }, queueState),
});

const half = (value: bigint, select: number): number =>
  select < 2 ? Number(BigInt.asUintN(32, value >> BigInt(select * 32))) : 0;
const withHalf = (value: bigint, select: number, word: number): bigint =>
  select === 0 ? (value & ~0xffffffffn) | BigInt(word) : (value & 0xffffffffn) | (BigInt(word) << 32n);

export class VirtioMmio implements Device, VirtioPort, QueueHost {
  readonly name: string;
  readonly base: number;
  readonly size = 0x1000;
  readonly memory: DeviceHost['memory'];
  readonly #source: number;
  #state: State;
  /** Why the device needs a reset, for whoever debugs the driver. */
  failure: string | undefined;

  /** Without a function the slot answers as empty: device type 0. */
  constructor(
    readonly host: DeviceHost,
    readonly slot: number,
    readonly inner?: VirtioFunction,
  ) {
    this.name = `virtio${slot}${inner === undefined ? '' : `-${inner.name}`}`;
    this.base = 0x10001000 + slot * 0x1000;
    this.#source = 1 + slot;
    this.memory = host.memory;
    this.#state = initial(inner?.queues ?? 0);
    inner?.attach(this);
  }

  get #features(): bigint {
    return this.inner === undefined ? 0n : this.inner.features | TRANSPORT_FEATURES;
  }
  get #queue(): QueueState | undefined {
    return this.#state.queues[this.#state.queueSelect];
  }

  queue(index: number): Virtqueue | undefined {
    const { status, queues } = this.#state;
    const state = queues[index];
    const live = (status & (DRIVER_OK | NEEDS_RESET)) === DRIVER_OK;
    return live && state?.ready === true ? new Virtqueue(this, state) : undefined;
  }
  negotiated(feature: bigint): boolean {
    return (this.#state.driverFeatures & feature) !== 0n;
  }
  bufferUsed(): void {
    this.#interrupt(USED_BUFFER);
  }
  configurationChanged(): void {
    this.#state.generation = (this.#state.generation + 1) >>> 0;
    if ((this.#state.status & DRIVER_OK) !== 0) this.#interrupt(CONFIGURATION_CHANGE);
  }
  fail(reason: string): void {
    this.failure = reason;
    this.#state.status |= NEEDS_RESET;
    if ((this.#state.status & DRIVER_OK) !== 0) this.#interrupt(CONFIGURATION_CHANGE);
  }
  hosted(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.host.failed(error);
      return false;
    }
  }
  #interrupt(bits: number): void {
    this.#state.interrupts |= bits;
    this.host.interrupt(this.#source, true);
  }

  load(offset: number, bytes: 1 | 2 | 4): number | undefined {
    if (offset >= CONFIGURATION) return this.#loadConfiguration(offset - CONFIGURATION, bytes);
    return bytes === 4 ? this.#loadRegister(offset) : undefined;
  }

  #loadConfiguration(offset: number, bytes: number): number {
    const space = this.inner?.configuration() ?? new Uint8Array();
    let value = 0;
    for (let i = 0; i < bytes; i++) value += (space[offset + i] ?? 0) * 2 ** (8 * i);
    return value;
  }

  /** Table 4.1 of clause 4.2.2; registers that are for writing, or are not there, read 0. */
  #loadRegister(offset: number): number {
    const { status, interrupts, generation, deviceFeaturesSelect } = this.#state;
    switch (offset) {
      case 0x000:
        return MAGIC;
      case 0x004:
        return VERSION;
      case 0x008:
        return this.inner?.id ?? 0;
      case 0x00c:
        return VENDOR;
      case 0x010:
        return half(this.#features, deviceFeaturesSelect);
      case 0x034:
        return this.#queue === undefined ? 0 : QUEUE_SIZE_MAX;
      case 0x044:
        return this.#queue?.ready === true ? 1 : 0;
      case 0x060:
        return interrupts;
      case 0x070:
        return status;
      // There is no shared memory region: its length and base read as all ones.
      case 0x0b0:
      case 0x0b4:
      case 0x0b8:
      case 0x0bc:
        return 0xffffffff;
      case 0x0fc:
        return generation;
      default:
        return 0;
    }
  }

  store(offset: number, bytes: 1 | 2 | 4, value: number): boolean {
    if (offset >= CONFIGURATION) this.inner?.configure?.(offset - CONFIGURATION, bytes, value);
    else if (bytes !== 4) return false;
    else if (this.inner !== undefined) this.#storeRegister(this.inner, offset, value);
    return true;
  }

  #storeRegister(inner: VirtioFunction, offset: number, value: number): void {
    const state = this.#state;
    switch (offset) {
      case 0x014:
        state.deviceFeaturesSelect = value;
        break;
      case 0x020:
        // Features are settled once FEATURES_OK is set (clause 3.1.1).
        if (state.driverFeaturesSelect < 2 && (state.status & FEATURES_OK) === 0)
          state.driverFeatures = withHalf(state.driverFeatures, state.driverFeaturesSelect, value);
        break;
      case 0x024:
        state.driverFeaturesSelect = value;
        break;
      case 0x030:
        state.queueSelect = value;
        break;
      case 0x050:
        if (this.queue(value) !== undefined) inner.notify(value);
        break;
      case 0x064:
        state.interrupts &= ~value;
        this.host.interrupt(this.#source, state.interrupts !== 0);
        break;
      case 0x070:
        this.#setStatus(inner, value);
        break;
      default:
        if (this.#queue !== undefined) this.#storeQueue(this.#queue, offset, value);
    }
  }

  /** Registers of the selected queue; all but QueueReady only count while it is not ready (clause 4.2.2.2). */
  #storeQueue(queue: QueueState, offset: number, value: number): void {
    if (offset === 0x044) {
      this.#setReady(queue, (value & 1) !== 0);
      return;
    }
    if (queue.ready) return;
    const select = (offset >> 2) & 1;
    if (offset === 0x038) queue.size = value;
    else if (offset === 0x080 || offset === 0x084) queue.descriptors = withHalf(queue.descriptors, select, value);
    else if (offset === 0x090 || offset === 0x094) queue.available = withHalf(queue.available, select, value);
    else if (offset === 0x0a0 || offset === 0x0a4) queue.used = withHalf(queue.used, select, value);
  }

  #setReady(queue: QueueState, ready: boolean): void {
    if (!ready) {
      Object.assign(queue, queueState());
      return;
    }
    const defect = new Virtqueue(this, queue).defect();
    if (defect === undefined) queue.ready = true;
    else this.fail(defect);
  }

  #setStatus(inner: VirtioFunction, value: number): void {
    const state = this.#state;
    if (value === 0) {
      this.reset();
      return;
    }
    const before = state.status;
    // The driver cannot clear NEEDS_RESET other than by a reset.
    state.status = (value & 0xff) | (before & NEEDS_RESET);
    // Clause 2.2.2: only what was offered, and never without VERSION_1; the driver sees it by FEATURES_OK staying 0.
    const acceptable = (state.driverFeatures & ~this.#features) === 0n && this.negotiated(VIRTIO_F_VERSION_1);
    if (!acceptable) state.status &= ~FEATURES_OK;
    if ((before & DRIVER_OK) === 0 && (state.status & DRIVER_OK) !== 0)
      for (const index of state.queues.keys()) if (this.queue(index) !== undefined) inner.notify(index);
  }

  reset(): void {
    this.#state = initial(this.inner?.queues ?? 0);
    this.failure = undefined;
    this.inner?.reset();
    this.host.interrupt(this.#source, false);
  }
  save(): unknown {
    return { transport: structuredClone(this.#state), failure: this.failure, inner: this.inner?.save() };
  }
  restore(state: unknown): void {
    const saved = state as { transport: State; failure: string | undefined; inner: unknown };
    this.#state = structuredClone(saved.transport);
    this.failure = saved.failure;
    this.inner?.restore(saved.inner);
  }
  node(phandles: Phandles): DeviceTreeNode {
    return node(`virtio_mmio@${this.base.toString(16)}`, {
      interrupts: cells(this.#source),
      'interrupt-parent': cells(phandles.plic),
      reg: wideCells(this.base, this.size),
      compatible: text('virtio,mmio'),
    });
  }
}
