/** QEMU's user-mode emulation, the judge of what a RISC-V program does, and the compiler that makes programs for it. */
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { binutils, read, save, withScratch } from './binutils.js';

const QEMU = 'qemu-riscv64-static';

export interface Outcome {
  readonly stdout: Uint8Array;
  readonly code: number;
}

/** Runs a static executable. A missing tool or a program that a signal ends is an error, never a skipped test. */
export const runQemu = (elf: Uint8Array): Outcome =>
  withScratch((path) => {
    const file = path('program');
    save(file, elf);
    chmodSync(file, 0o755);
    const { error, status, signal, stdout, stderr } = spawnSync(QEMU, [file], { maxBuffer: 1 << 28, timeout: 100_000 });
    if (error !== undefined)
      throw new Error(`${QEMU} cannot be run (${error.message}); install QEMU's user-mode emulation`);
    if (status === null) throw new Error(`the program ended under ${QEMU} with ${signal}:\n${stderr}`);
    return { stdout: Uint8Array.from(stdout), code: status };
  });

/** How freestanding C programs are compiled: no contraction, so that the same operations round everywhere. */
const FLAGS =
  '-march=rv64gc -mabi=lp64d -mcmodel=medany -nostdlib -static -ffreestanding -fno-tree-loop-distribute-patterns -ffp-contract=off -Wall -Werror';

/** Compiles and links a freestanding program from files of the `fixtures` directory. */
export const compile = (sources: readonly string[], options: readonly string[]): Uint8Array =>
  withScratch((path) => {
    binutils('gcc', [
      ...FLAGS.split(' '),
      ...options,
      '-o',
      path('program'),
      ...sources.map((s) => `fixtures/${s}`),
      '-lgcc',
    ]);
    return read(path('program'));
  });
