/**
 * Host-target interface: how bare-metal test programs report, through a word in RAM that their ELF file names `tohost`
 * (the convention of riscv-tests, as Spike answers it). It has no registers; the machine looks at the word at fixed
 * times, so that it does not matter how a run is cut into calls.
 *
 * A command is device (bits 63:56), command (55:48) and payload. Device 0 command 0: an odd payload ends the run with
 * exit code payload / 2, an even one is the address of a system call of which only write(2) is answered. Device 1
 * command 1 prints a byte.
 */
import type { MachineMemory } from '../memory.js';
import type { Finish } from './finisher.js';

/** Ticks of the timebase between two looks. */
const PERIOD = 100n;
const SYS_WRITE = 64n;
const PAYLOAD = (1n << 48n) - 1n;
/** Errno of Linux for what is not answered, as a result. */
const ENOSYS = -38n;

export interface HtifHost {
  readonly memory: MachineMemory;
  time(): bigint;
  output(byte: number): void;
  finish(finish: Finish): void;
}
/** Physical addresses of the two words. */
export interface HtifWords {
  readonly tohost: number;
  readonly fromhost: number | undefined;
}

export class Htif {
  #words: HtifWords | undefined;
  #next = 0n;

  constructor(readonly host: HtifHost) {}

  /** Watches these words from now on, or none. Words that are not in RAM are ignored. */
  watch(words: HtifWords | undefined): void {
    this.#words = words !== undefined && this.host.memory.host(words.tohost, 8) >= 0 ? words : undefined;
    this.#next = this.host.time() + PERIOD;
  }
  /** The time of the next look, in ticks; undefined if there is nothing to look at. */
  deadline(): bigint | undefined {
    return this.#words === undefined ? undefined : this.#next;
  }
  /** Whether there is nothing to answer, so that with every hart asleep there never will be. */
  get quiet(): boolean {
    return this.#words === undefined || this.#read(this.#words.tohost) === 0n;
  }
  advance(): void {
    if (this.#words === undefined || this.host.time() < this.#next) return;
    this.#next = (this.host.time() / PERIOD + 1n) * PERIOD;
    const { tohost } = this.#words;
    const command = this.#read(tohost);
    if (command === 0n) return;
    const kind = command >> 48n;
    const payload = command & PAYLOAD;
    // The word that ends the run stays for whoever looks at it afterwards; any other is taken out.
    if (kind === 0n && (payload & 1n) !== 0n) {
      this.#exit(Number((payload >> 1n) & 0xffffffffn));
      return;
    }
    this.#write(tohost, 0n);
    if (kind === 0x0101n) this.host.output(Number(payload & 0xffn));
    else if (kind === 0n) this.#call(Number(payload));
    if (this.#words.fromhost !== undefined) this.#write(this.#words.fromhost, kind === 0n ? 1n : kind << 48n);
  }

  #exit(code: number): void {
    this.host.finish(code === 0 ? { kind: 'pass' } : { kind: 'fail', code });
  }
  /** Eight words: number, then arguments; the result replaces the number. */
  #call(at: number): void {
    if (this.host.memory.host(at, 64) < 0) return;
    const [number, , buffer, length] = [0, 8, 16, 24].map((offset) => this.#read(at + offset)) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const inRam = this.host.memory.host(Number(buffer), Number(length)) >= 0;
    if (number !== SYS_WRITE || !inRam) {
      this.#write(at, ENOSYS);
      return;
    }
    for (const byte of this.host.memory.read(Number(buffer), Number(length))) this.host.output(byte);
    this.#write(at, length);
  }

  #read(physical: number): bigint {
    return this.host.memory.view.getBigUint64(this.host.memory.host(physical, 8), true);
  }
  #write(physical: number, value: bigint): void {
    const host = this.host.memory.host(physical, 8);
    if (host < 0) return;
    this.host.memory.view.setBigUint64(host, BigInt.asUintN(64, value), true);
    this.host.memory.written(physical, 8);
  }

  save(): unknown {
    return { words: this.#words, next: this.#next };
  }
  restore(state: unknown): void {
    const saved = state as { words: HtifWords | undefined; next: bigint };
    this.#words = saved.words;
    this.#next = saved.next;
  }
}
