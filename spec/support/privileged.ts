/** The privileged test programs of fixtures/privileged: assembled here, run here and on QEMU. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toElf } from '../../lib/isa/asm.js';
import type { EngineName } from '../../lib/machine/engine.js';
import { Machine, type MachineEvents } from '../../lib/machine/machine.js';
import { withScratch } from './binutils.js';

const directory = fileURLToPath(new URL('../../../fixtures/privileged/', import.meta.url));
const PRELUDE = 'prelude.s';

/** Names of all programs, without `.s`. */
export const programNames = (): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.s') && file !== PRELUDE)
    .map((file) => file.slice(0, -2))
    .sort();

const sourceOf = (name: string): string => readFileSync(join(directory, name), 'utf8');
export const programElf = (name: string): Uint8Array =>
  toElf(`${sourceOf(PRELUDE)}\n${sourceOf(`${name}.s`)}`, { base: 0x80000000n });

const expectedPath = (name: string): string => join(directory, 'expected', `${name}.txt`);
export const expectedOutput = (name: string): string => readFileSync(expectedPath(name), 'utf8');
export const saveExpected = (name: string, output: string): void => writeFileSync(expectedPath(name), output);

/** More than any program needs: one that runs away is stopped. */
const MAX_INSTRUCTIONS = 20_000_000;

export interface ProgramRun {
  readonly machine: Machine;
  readonly output: string;
}

/** Runs an executable from M-mode to its end. @throws Error if it does not come to one. */
export const runHere = (elf: Uint8Array, engine: EngineName): ProgramRun => {
  const machine = new Machine({ firmware: 'none', engine, memory: '128MiB' });
  let output = '';
  const listener = (bytes: MachineEvents['output'][0]): void => {
    output += new TextDecoder('latin1').decode(bytes);
  };
  machine.on('output', listener);
  machine.load(elf);
  const stop = machine.run({ instructions: MAX_INSTRUCTIONS });
  if (stop.kind !== 'finished')
    throw new Error(`the ${engine} engine stopped: ${stop.kind} at ${machine.harts[0]?.pc.toString(16)}\n${output}`);
  return { machine, output };
};

/** What rv64 of QEMU 7.2 has by default is named, so that a build without it fails; all 29 programmable counters, as here. */
const QEMU = 'qemu-system-riscv64';
const QEMU_CPU = 'rv64,h=true,sstc=true,pmu-num=29';
const QEMU_ARGUMENTS = ['-machine', 'virt', '-m', '128M', '-bios', 'none', '-nographic', '-monitor', 'none'];
/** A program's first line may name further properties of QEMU's hart. */
const cpuOf = (name: string): string => {
  const [, extra] = /^# QEMU: (\S+)\n/.exec(sourceOf(`${name}.s`)) ?? [];
  return extra === undefined ? QEMU_CPU : `${QEMU_CPU},${extra}`;
};
const QEMU_TIMEOUT_MS = 20_000;

/** Runs a program on QEMU. @throws Error if QEMU cannot be run or the program hangs there. */
export const runOnQemu = (name: string): string =>
  withScratch((path) => {
    const file = path('program.elf');
    writeFileSync(file, programElf(name));
    const args = [...QEMU_ARGUMENTS, '-cpu', cpuOf(name), '-serial', 'stdio', '-kernel', file];
    const { error, status, stdout, stderr } = spawnSync(QEMU, args, {
      encoding: 'latin1',
      input: '',
      timeout: QEMU_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 1 << 26,
    });
    if (error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error(`${QEMU} cannot be run (${error.message}); install QEMU 7.2 or later`);
    if (error !== undefined || status !== 0)
      throw new Error(`${QEMU} did not end the program (${error?.message ?? `status ${status}`})\n${stderr}${stdout}`);
    return stdout;
  });
