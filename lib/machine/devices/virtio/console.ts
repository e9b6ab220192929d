/** Virtio console with one port (Virtio 1.2, clause 5.3). */
import { requireBytes } from '../../arguments.js';
import type { VirtioFunction, VirtioPort } from './function.js';

const RECEIVE = 0;
const TRANSMIT = 1;
/** Feature bits (clause 5.3.3). */
const SIZE = 1n << 0n;
const EMERG_WRITE = 1n << 2n;
/** struct virtio_console_config: cols, rows (u16), max_nr_ports, emerg_wr (u32). */
const EMERG_WR = 8;

interface State {
  columns: number;
  rows: number;
  /** Input that the driver has given no buffer for yet. */
  waiting: Uint8Array;
}

export class VirtioConsole implements VirtioFunction {
  readonly name = 'console';
  readonly id = 3;
  readonly queues = 2;
  readonly features = SIZE | EMERG_WRITE;
  #port: VirtioPort | undefined;
  #state: State = { columns: 80, rows: 25, waiting: new Uint8Array() };

  constructor(readonly onOutput: (bytes: Uint8Array) => void) {}
  attach(port: VirtioPort): void {
    this.#port = port;
  }

  /** Input from outside; all of it arrives, as the driver gives buffers. */
  receive(bytes: Uint8Array): void {
    requireBytes('VirtioConsole.receive', 'the input', bytes);
    const waiting = new Uint8Array(this.#state.waiting.length + bytes.length);
    waiting.set(this.#state.waiting);
    waiting.set(bytes, this.#state.waiting.length);
    this.#state.waiting = waiting;
    this.#deliver();
  }
  /** The terminal's new size, in characters. */
  resize(columns: number, rows: number): void {
    this.#state.columns = columns;
    this.#state.rows = rows;
    this.#port?.configurationChanged();
  }

  configuration(): Uint8Array {
    const space = new Uint8Array(12);
    const view = new DataView(space.buffer);
    view.setUint16(0, this.#state.columns, true);
    view.setUint16(2, this.#state.rows, true);
    view.setUint32(4, 1, true);
    return space;
  }
  configure(offset: number, _bytes: 1 | 2 | 4, value: number): void {
    if (offset === EMERG_WR) this.#port?.hosted(() => this.onOutput(Uint8Array.of(value & 0xff)));
  }

  notify(index: number): void {
    if (index === RECEIVE) this.#deliver();
    if (index === TRANSMIT) this.#send();
  }

  #deliver(): void {
    this.#port?.queue(RECEIVE)?.drain(
      (chain) => {
        const written = chain.write(0, this.#state.waiting);
        this.#state.waiting = this.#state.waiting.slice(written);
        return written;
      },
      () => this.#state.waiting.length > 0,
    );
  }

  #send(): void {
    this.#port?.queue(TRANSMIT)?.drain((chain) => {
      this.#port?.hosted(() => this.onOutput(chain.read()));
      return 0;
    });
  }

  reset(): void {}
  save(): unknown {
    return structuredClone(this.#state);
  }
  restore(state: unknown): void {
    this.#state = structuredClone(state as State);
  }
}
