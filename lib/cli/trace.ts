/** Executes one instruction at a time and prints each: hart, mode, address, disassembly. */
import { disassemble, type Symbolizer } from '../isa/disassemble.js';
import type { Core } from '../machine/core.js';
import type { Machine } from '../machine/machine.js';
import type { StopReason } from '../machine/scheduler.js';
import { trapName } from './report.js';

const modeOf = ({ hart }: Core): string => `${hart.virtual ? 'V' : ''}${['U', 'S', '', 'M'][hart.privilege]}`;

/** 16 bits at a virtual address, as the hart would load them. */
const parcel = (core: Core, address: bigint): number | undefined => {
  const host = core.peek(BigInt.asUintN(64, address));
  return host === undefined ? undefined : core.hart.memory.view.getUint16(host, true);
};

const describe = (core: Core, symbols: Symbolizer): string => {
  const { pc } = core.hart;
  const low = parcel(core, pc);
  const high = low === undefined || (low & 3) !== 3 ? 0 : (parcel(core, pc + 2n) ?? 0);
  const text = low === undefined ? '(not readable)' : disassemble(((high << 16) | low) >>> 0, { pc, symbols });
  const name = symbols(pc);
  const place = `${pc.toString(16).padStart(16, '0')}${name === undefined ? '' : ` <${name}>`}`;
  return `hart ${core.hart.id} ${modeOf(core).padEnd(2)} ${place}  ${text}`;
};

/**
 * Executes and prints up to `count` instructions, and the traps between them.
 * @returns why the run ended before, or undefined if it did not
 */
export const trace = (
  machine: Machine,
  count: number,
  symbols: Symbolizer,
  print: (line: string) => void,
): StopReason | undefined => {
  for (let done = 0; done < count; ) {
    const before = machine.cores.map((core) => ({ core, retired: core.hart.retired, text: describe(core, symbols) }));
    const stop = machine.run({ instructions: 1, trap: true });
    for (const { core, retired, text } of before) {
      if (core.hart.retired === retired) continue;
      print(text);
      done++;
    }
    if (stop.kind === 'trap') {
      const { trap } = stop;
      print(`hart ${trap.hart.id} traps: ${trapName(trap)}`);
      // Entering the handler costs cycles, so this stops there.
      const entered = machine.run({ cycle: trap.hart.cycles + 1n });
      if (entered.kind !== 'limit') return entered;
    } else if (stop.kind !== 'limit') return stop;
  }
  return undefined;
};
