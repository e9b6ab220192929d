/** What is printed after a run: how it ended, and what was counted. */
import type { Counters } from '../machine/counters.js';
import type { Machine } from '../machine/machine.js';
import type { StopReason, Trap } from '../machine/scheduler.js';
import { CAUSE } from '../machine/trap/causes.js';

/** `dataMisses` as `data misses`, `leaves4K` as `leaves 4K`. */
const spaced = (name: string): string =>
  name
    .replace(/([a-z])(?=[A-Z0-9])/g, '$1 ')
    .split(' ')
    .map((word) => (/^\d/.test(word) ? word : word.toLowerCase()))
    .join(' ');

const exceptionNames: ReadonlyMap<number, string> = new Map(
  Object.entries(CAUSE).map(([name, cause]) => [
    cause,
    spaced(name).replace(/^ecall (.+)/, (_, mode) => `ecall from ${mode.toUpperCase()}`),
  ]),
);
/** Interrupt codes (privileged specification, table of mcause values). */
const INTERRUPT_LEVELS = ['', 'supervisor', 'virtual supervisor', 'machine'];
const INTERRUPT_KINDS = ['software', 'timer', 'external'];
const GUEST_EXTERNAL = 12;

export const exceptionName = (cause: number): string => exceptionNames.get(cause) ?? `exception ${cause}`;
export const interruptName = (cause: number): string =>
  cause === GUEST_EXTERNAL
    ? 'supervisor guest external'
    : `${INTERRUPT_LEVELS[cause & 3]} ${INTERRUPT_KINDS[cause >> 2] ?? cause}`;
export const trapName = ({ interrupt, cause }: Trap): string =>
  interrupt ? `${interruptName(cause)} interrupt` : exceptionName(cause);

const hex = (value: bigint): string => `0x${value.toString(16)}`;

export type Ending = StopReason | { readonly kind: 'quit' };

/** One line: how a run ended. */
export const describeEnding = (reason: Ending): string => {
  switch (reason.kind) {
    case 'finished':
      return reason.success ? 'powered off' : `powered off with failure ${reason.code}`;
    case 'quit':
      return 'stopped by the user';
    case 'limit':
      return 'stopped at the limit of instructions';
    case 'idle':
      return 'every hart waits for an interrupt that nothing will raise';
    case 'address':
      return `stopped at ${hex(reason.hart.pc)}`;
    case 'trap':
    case 'unhandled': {
      const { trap } = reason;
      return `nothing handles this trap of hart ${trap.hart.id} at ${hex(trap.hart.pc)}: ${trapName(trap)}, value ${hex(trap.value)}`;
    }
  }
};

const isCount = (entry: [string, unknown]): entry is [string, bigint] => typeof entry[1] === 'bigint';

/** Names and counts of one hart, the traps by cause last. */
const lines = (counters: Counters): Map<string, bigint> => {
  const { exceptionsByCause, interruptsByCause, instructions, cycles, idle, ...others } = counters;
  return new Map([
    ['instructions', instructions],
    ['cycles', cycles],
    ['idle cycles', idle],
    ...Object.entries(others)
      .filter(isCount)
      .map(([name, count]) => [spaced(name), count] as const),
    ...[...exceptionsByCause].map(([cause, count]) => [`trap: ${exceptionName(cause)}`, count] as const),
    ...[...interruptsByCause].map(([cause, count]) => [`interrupt: ${interruptName(cause)}`, count] as const),
  ]);
};

/** A table of everything that was counted: a row for each event that occurred, a column for each hart. */
export const countersTable = (machine: Machine): string => {
  const columns = machine.harts.map(({ id }) => lines(machine.counters(id)));
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  const used = names.filter((name) => columns.some((column) => (column.get(name) ?? 0n) > 0n));
  const rows = [
    ['', ...machine.harts.map(({ id }) => `hart ${id}`)],
    ...used.map((name) => [name, ...columns.map((column) => `${column.get(name) ?? 0n}`)]),
  ];
  const width = (column: number): number => Math.max(...rows.map((row) => (row[column] as string).length));
  const widths = (rows[0] as string[]).map((_, column) => width(column));
  return rows
    .map(([name = '', ...counts]) =>
      [name.padEnd(widths[0] as number), ...counts.map((count, i) => count.padStart(widths[i + 1] as number))].join(
        '  ',
      ),
    )
    .join('\n');
};
