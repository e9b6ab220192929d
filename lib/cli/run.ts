/** `run`: a program on the bare machine, without input, the same every time. */
import type { StopReason } from '../machine/scheduler.js';
import { createMachine, finish, type MachineArguments } from './machine.js';
import { DEMO, programOf, symbolsIn } from './program.js';
import type { Streams } from './streams.js';
import { trace } from './trace.js';

export interface RunArguments extends MachineArguments {
  /** `none`: no SBI beneath the program, which then starts in M-mode. */
  readonly bios: 'sbi' | 'none';
  /** How many instructions to print. */
  readonly trace: number;
}

export const run = (file: string | undefined, options: RunArguments, streams: Streams): number => {
  const elf = programOf(file ?? DEMO);
  const machine = createMachine(options, streams, options.bios);
  machine.load(elf);
  const limit = options.maxInstructions ?? Number.MAX_SAFE_INTEGER;
  const print = (line: string): unknown => streams.stdout.write(`${line}\n`);
  const traced = Math.min(options.trace, limit);
  const early = traced > 0 ? trace(machine, traced, symbolsIn(elf), print) : undefined;
  const ending: StopReason = early ?? machine.run({ instructions: limit - traced });
  return finish(machine, ending, streams);
};
