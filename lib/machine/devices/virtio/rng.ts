/** Virtio entropy device (Virtio 1.2, clause 5.4), fed by the machine's seed. */
import { SeededRandom } from '../../random.js';
import type { VirtioFunction, VirtioPort } from './function.js';

/** Bytes given for one buffer: a device may give fewer than asked for, but not none (clause 5.4.6). */
const BYTES_MAX = 4096;

export class VirtioRng implements VirtioFunction {
  readonly name = 'rng';
  readonly id = 4;
  readonly queues = 1;
  readonly features = 0n;
  readonly #random: SeededRandom;
  #port: VirtioPort | undefined;

  constructor(seed: bigint) {
    this.#random = new SeededRandom(seed);
  }
  attach(port: VirtioPort): void {
    this.#port = port;
  }
  configuration(): Uint8Array {
    return new Uint8Array();
  }

  notify(): void {
    this.#port
      ?.queue(0)
      ?.drain((chain) => chain.write(0, this.#random.bytes(Math.min(chain.writableLength, BYTES_MAX))));
  }

  reset(): void {}
  save(): unknown {
    return this.#random.state;
  }
  restore(state: unknown): void {
    this.#random.state = state as bigint;
  }
}
