/** Runs a machine in slices, between which its terminal may deliver input. */
import { setImmediate } from 'node:timers/promises';
import { CYCLES_PER_TICK } from '../machine/core.js';
import type { Machine } from '../machine/machine.js';
import type { Ending } from './report.js';
import type { Terminal } from './terminal.js';

/** A slice ends after ten milliseconds of the machine's time, or sooner if that takes many instructions. */
const SLICE_MILLISECONDS = 10;
const SLICE_CYCLES = 100_000n * CYCLES_PER_TICK;
const SLICE_INSTRUCTIONS = 1_000_000;

interface Progress {
  /** Of all harts together. */
  readonly retired: number;
  /** Of the hart that is furthest. */
  readonly cycles: bigint;
}
const progressOf = ({ harts }: Machine): Progress => {
  let retired = 0;
  let cycles = 0n;
  for (const hart of harts) {
    retired += Number(hart.retired);
    if (hart.cycles > cycles) cycles = hart.cycles;
  }
  return { retired, cycles };
};

/**
 * Runs until software ends the run, nothing is left to wait for, the user quits, or all harts together have retired
 * `instructions`.
 */
export const drive = async (machine: Machine, terminal: Terminal, instructions: number): Promise<Ending> => {
  while (!terminal.quit) {
    const { retired, cycles } = progressOf(machine);
    if (retired >= instructions) return { kind: 'limit' };
    const stop = machine.run({
      instructions: Math.min(instructions - retired, SLICE_INSTRUCTIONS),
      // Without input to come there is nothing to stop for: waiting takes no real time.
      ...(!terminal.ended && { cycle: cycles + SLICE_CYCLES }),
    });
    if (stop.kind !== 'limit') return stop;
    const now = progressOf(machine);
    const waited = BigInt(now.retired - retired) * 2n < now.cycles - cycles;
    // A guest that mostly waits is waiting for its user: let real time pass with its own.
    if (waited && !terminal.ended) await terminal.input(SLICE_MILLISECONDS);
    else await setImmediate();
  }
  return { kind: 'quit' };
};
