/** Makes the streams of this process the console of a machine. */
import type { Machine } from '../machine/machine.js';
import type { Streams } from './streams.js';

/** Control-A, then x, ends the run, as in QEMU. */
const ESCAPE = 1;
const QUIT = 'x'.charCodeAt(0);

export class Terminal {
  /** Whether the user has asked to end the run. */
  quit = false;
  /** Whether no more input will come. */
  ended = false;
  #escaped = false;
  #wake: (() => void) | undefined;
  readonly #receive = (bytes: Uint8Array): void => this.#received(bytes);
  readonly #end = (): void => {
    this.ended = true;
    this.#wake?.();
  };

  constructor(
    readonly machine: Machine,
    readonly streams: Streams,
  ) {
    const { stdin } = streams;
    if (stdin.isTTY) stdin.setRawMode?.(true);
    stdin.on('data', this.#receive).on('end', this.#end);
  }
  close(): void {
    const { stdin } = this.streams;
    stdin.off('data', this.#receive).off('end', this.#end).pause();
    if (stdin.isTTY) stdin.setRawMode?.(false);
  }

  #received(bytes: Uint8Array): void {
    const passed: number[] = [];
    for (const byte of bytes) {
      if (this.streams.stdin.isTTY && byte === ESCAPE && !this.#escaped) {
        this.#escaped = true;
        continue;
      }
      if (this.#escaped && byte === QUIT) this.quit = true;
      else passed.push(byte);
      this.#escaped = false;
    }
    this.machine.input(Uint8Array.from(passed));
    this.#wake?.();
  }

  /** Waits until input has come or has ended, at most so many milliseconds. */
  async input(atMost: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, atMost);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
