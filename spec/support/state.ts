/** Everything of a machine that its engines must agree on, as plain values that can be compared. */

import { type Counters, ENGINE_COUNTERS } from '../../lib/machine/counters.js';
import { csrSlots } from '../../lib/machine/csr/slots.js';
import type { Hart } from '../../lib/machine/hart.js';
import type { CellName } from '../../lib/machine/layout.js';
import type { Machine } from '../../lib/machine/machine.js';

/** Cells that software can observe, now or later. */
const CELLS: readonly CellName[] = [
  'pc',
  'mode',
  'fflags',
  'reservation',
  'waiting',
  'floatState',
  'superpages',
  'stall',
];

export const hartState = (hart: Hart): Record<string, bigint> => {
  const entries: [string, bigint][] = [];
  for (let i = 1; i < 32; i++) entries.push([`x${i}`, hart.x(i)]);
  for (let i = 0; i < 32; i++) entries.push([`f${i}`, hart.f(i)]);
  for (const name of csrSlots) entries.push([name, hart.csr(name)]);
  for (const name of CELLS) entries.push([name, hart.cell(name)]);
  return Object.fromEntries(entries);
};

const sharedCounters = (counters: Counters): Record<string, unknown> => {
  const own: readonly string[] = ENGINE_COUNTERS;
  return Object.fromEntries(Object.entries(counters).filter(([name]) => !own.includes(name)));
};

/** Registers, CSRs, cells and counters of every hart. */
export const machineState = (machine: Machine): unknown =>
  machine.harts.map((hart) => ({ ...hartState(hart), ...sharedCounters(machine.counters(hart.id)) }));

/** Whether two machines hold the same RAM. */
export const sameMemory = (a: Machine, b: Machine): boolean => {
  const ram = ({ memory: { u8, layout } }: Machine): Buffer =>
    Buffer.from(u8.buffer, u8.byteOffset + layout.ram, layout.ramSize);
  return ram(a).equals(ram(b));
};
