/** Compares all that two machines hold which their engines must agree on, word by word. */
import { ENGINE_COUNTERS } from '../../lib/machine/counters.js';
import {
  CELL,
  type CellName,
  COUNTER,
  CSR,
  F,
  TLB_AT,
  TLB_ENTRY,
  TRAPS_BY_CAUSE,
  X,
} from '../../lib/machine/layout.js';
import type { Machine } from '../../lib/machine/machine.js';

/** Scratch cells of an engine at work, and what the caller asked of it: they mean nothing between two instructions. */
const SCRATCH: readonly CellName[] = ['writable', 'leafLevel1', 'leafLevel2', 'limit', 'hardLimit'];
const ignored = new Set([...SCRATCH.map((cell) => CELL[cell]), ...ENGINE_COUNTERS.map((counter) => COUNTER[counter])]);

const names = new Map<number, string>([
  ...Array.from({ length: 32 }, (_, i) => [X + i * 8, `x${i}`] as const),
  ...Array.from({ length: 32 }, (_, i) => [F + i * 8, `f${i}`] as const),
  ...Object.entries(CELL).map(([name, at]) => [at, name] as const),
  ...Object.entries(COUNTER).map(([name, at]) => [at, name] as const),
  ...Object.entries(CSR).map(([name, at]) => [at, name] as const),
  ...Array.from({ length: 128 }, (_, i) => [TRAPS_BY_CAUSE + i * 8, `traps by cause ${i}`] as const),
]);
const nameOf = (offset: number): string => names.get(offset) ?? `word at ${offset}`;

/** Bytes of a machine's memory, which Buffer compares fast. */
const bytesOf = (machine: Machine, at: number, length: number): Buffer =>
  Buffer.from(machine.memory.u8.buffer, at, length);

/** What differs in the harts' registers, cells, CSRs and counters; at most the first ten. */
export const stateDifferences = (a: Machine, b: Machine): string[] => {
  const found: string[] = [];
  for (const [i, { address }] of a.harts.entries()) {
    if (bytesOf(a, address, TLB_AT).equals(bytesOf(b, address, TLB_AT))) continue;
    for (let offset = 0; offset < TLB_AT && found.length < 10; offset += 8) {
      const [left, right] = [a, b].map(({ memory }) => memory.u64[(address + offset) >>> 3] as bigint);
      if (left !== right && !ignored.has(offset))
        found.push(`hart ${i} ${nameOf(offset)}: 0x${left?.toString(16)} and 0x${right?.toString(16)}`);
    }
  }
  return found;
};

/** What differs in the TLBs' tags: which pages they hold. The rest of an entry is the engine's own business. */
export const tlbDifferences = (a: Machine, b: Machine): string[] => {
  const { dataEntries, fetchEntries, fetchTlbAt } = a.memory.layout;
  const found: string[] = [];
  for (const { address, id } of a.harts)
    for (const [name, at, entries] of [
      ['data', TLB_AT, dataEntries],
      ['fetch', fetchTlbAt, fetchEntries],
    ] as const)
      for (let i = 0; i < entries; i++) {
        const [left, right] = [a, b].map(({ memory }) => memory.u64[(address + at + i * TLB_ENTRY) >>> 3] as bigint);
        if (left !== right)
          found.push(`hart ${id} ${name} TLB ${i}: 0x${left?.toString(16)} and 0x${right?.toString(16)}`);
      }
  return found.slice(0, 10);
};

/** The first byte of RAM that differs. */
export const ramDifferences = (a: Machine, b: Machine): string[] => {
  const { ram, ramSize } = a.memory.layout;
  if (bytesOf(a, ram, ramSize).equals(bytesOf(b, ram, ramSize))) return [];
  const at = a.memory.u8.subarray(ram, ram + ramSize).findIndex((byte, i) => byte !== b.memory.u8[ram + i]);
  return [`RAM + 0x${at.toString(16)}: ${a.memory.u8[ram + at]} and ${b.memory.u8[ram + at]}`];
};

/** All of the above. */
export const differences = (a: Machine, b: Machine): string[] => [
  ...stateDifferences(a, b),
  ...tlbDifferences(a, b),
  ...ramDifferences(a, b),
];
