/** Ends a run in which a hart only traps: its trap vector raises the exception that it should handle. */
import type { Machine } from '../machine/machine.js';

/** More than any sound program takes without an instruction in between, at one address. */
const MOST_TRAPS = 100;

/** From now on such a run ends with the trap, instead of going on for ever without reaching a limit of instructions. */
export const stopTrapLoops = (machine: Machine): void => {
  const last = machine.harts.map(() => ({ pc: -1n, retired: -1n, traps: 0 }));
  machine.trapHandler = ({ hart }) => {
    const seen = last[hart.id] as (typeof last)[number];
    const { pc, retired } = hart;
    seen.traps = pc === seen.pc && retired === seen.retired ? seen.traps + 1 : 0;
    seen.pc = pc;
    seen.retired = retired;
    return seen.traps < MOST_TRAPS ? 'take' : 'stop';
  };
};
