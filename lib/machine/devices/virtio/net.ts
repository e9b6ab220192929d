/** Virtio network device without offloads (Virtio 1.2, clause 5.1). */
import { requireBytes } from '../../arguments.js';
import type { VirtioFunction, VirtioPort } from './function.js';

const RECEIVE = 0;
const TRANSMIT = 1;
/** Feature bits (clause 5.1.3). */
const MAC = 1n << 5n;
const STATUS = 1n << 16n;
const LINK_UP = 1;
/** struct virtio_net_hdr with num_buffers, as VERSION_1 always has it (clause 5.1.6). */
const HEADER_BYTES = 12;
const NUM_BUFFERS = 10;
/** Longer frames are not Ethernet (jumbo frames included) and are dropped. */
const FRAME_MAX = 9018;
const FRAME_MIN = 14;
/** Frames kept while the driver has no buffers; further ones are lost, as on a wire. */
const WAITING_MAX = 256;

/** What the device is plugged into: a switch, a tap, a test. Frames are Ethernet without the checksum. */
export interface NetworkPort {
  send(frame: Uint8Array): void;
  /** Registers who gets the frames that arrive; called once. */
  onReceive(listener: (frame: Uint8Array) => void): void;
}

export class VirtioNet implements VirtioFunction {
  readonly name = 'net';
  readonly id = 1;
  readonly queues = 2;
  readonly features = MAC | STATUS;
  #port: VirtioPort | undefined;
  #waiting: Uint8Array[] = [];

  /** `mac`: 6 bytes. */
  constructor(
    readonly network: NetworkPort,
    readonly mac: Uint8Array,
  ) {
    network.onReceive((frame) => this.#receive(frame));
  }
  attach(port: VirtioPort): void {
    this.#port = port;
  }

  /** struct virtio_net_config: mac, status. */
  configuration(): Uint8Array {
    const space = new Uint8Array(8);
    space.set(this.mac.subarray(0, 6));
    space[6] = LINK_UP;
    return space;
  }

  notify(index: number): void {
    if (index === RECEIVE) this.#deliver();
    if (index === TRANSMIT) this.#send();
  }

  #receive(frame: Uint8Array): void {
    requireBytes('NetworkPort', 'the frame', frame);
    if (frame.length < FRAME_MIN || frame.length > FRAME_MAX || this.#waiting.length >= WAITING_MAX) return;
    // Not slice(): on a Node Buffer that would be a view.
    this.#waiting.push(new Uint8Array(frame));
    this.#deliver();
  }

  #deliver(): void {
    this.#port?.queue(RECEIVE)?.drain(
      (chain) => {
        const frame = this.#waiting.shift() as Uint8Array;
        const packet = new Uint8Array(HEADER_BYTES + frame.length);
        packet[NUM_BUFFERS] = 1;
        packet.set(frame, HEADER_BYTES);
        // A buffer that is too small for the frame loses it; a used length of 0 tells the driver.
        return chain.writableLength >= packet.length ? chain.write(0, packet) : 0;
      },
      () => this.#waiting.length > 0,
    );
  }

  #send(): void {
    this.#port?.queue(TRANSMIT)?.drain((chain) => {
      const length = chain.readableLength - HEADER_BYTES;
      if (length >= FRAME_MIN && length <= FRAME_MAX)
        this.#port?.hosted(() => this.network.send(chain.read(HEADER_BYTES)));
      return 0;
    });
  }

  reset(): void {
    this.#waiting = [];
  }
  save(): unknown {
    return this.#waiting.map((frame) => frame.slice());
  }
  restore(state: unknown): void {
    this.#waiting = (state as Uint8Array[]).map((frame) => frame.slice());
  }
}
