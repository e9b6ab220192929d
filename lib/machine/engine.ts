/** What an engine is: it executes a hart's instructions over the shared state. All engines retire the same stream. */
import type { Hart } from './hart.js';

/** Why an engine returned. */
export const EXIT = {
  /** The limit was reached, and the last instruction transferred control: interrupts may be taken here. */
  transfer: 0,
  /** An exception is pending in the trap cells; pc is the instruction that raised it, which has not retired. */
  trap: 1,
  /** A system instruction retired that may have changed what interrupts are taken, or waits for one. */
  event: 2,
  /** The hard limit was reached, or the steps are done, between two instructions in sequence: not an interrupt point. */
  sequential: 3,
  /** pc has reached a breakpoint; the instruction there has not run. */
  breakpoint: 4,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export type EngineName = 'reference' | 'interpreter';

export interface Engine {
  readonly name: EngineName;
  /**
   * Runs from the hart's pc. Preconditions: tally, event and fault are 0; limit and hardLimit are set. On return the
   * registers, pc and tally are up to date.
   */
  run(hart: Hart): Exit;
  /** Executes exactly `count` instructions, 1 or more, unless one traps, is an event or reaches the limit with a transfer. */
  step(hart: Hart, count: number): Exit;
}
