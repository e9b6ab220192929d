/** Machines as the command line describes them. */
import type { EngineName } from '../machine/engine.js';
import { Machine } from '../machine/machine.js';
import { countersTable, describeEnding, type Ending } from './report.js';
import type { Streams } from './streams.js';

export interface MachineArguments {
  readonly memory: string;
  readonly harts: number;
  readonly engine: EngineName;
  readonly seed: bigint;
  /** All harts together; undefined is no limit. */
  readonly maxInstructions?: number;
}

/** A machine whose console output goes to the streams. @throws MachineOptionError */
export const createMachine = (
  { memory, harts, engine, seed }: MachineArguments,
  { stdout }: Streams,
  firmware: 'sbi' | 'none' = 'sbi',
): Machine => {
  const machine = new Machine({ memory, harts, engine, seed, firmware });
  machine.on('output', (bytes) => stdout.write(bytes));
  return machine;
};

/** Prints how a run ended and what was counted; returns the exit code. */
export const finish = (machine: Machine, ending: Ending, { stdout }: Streams): number => {
  stdout.write(`\n${describeEnding(ending)}\n\n${countersTable(machine)}\n`);
  return ending.kind === 'quit' || (ending.kind === 'finished' && ending.success) ? 0 : 1;
};
