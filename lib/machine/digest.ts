/**
 * A digest of a machine's state: equal for two machines that will behave alike from here on. It covers registers, CSRs,
 * counters, translations, RAM and devices, and leaves out what only tells how an engine works.
 */
import { ENGINE_COUNTERS } from './counters.js';
import type { Hart } from './hart.js';
import {
  CELL,
  type CellName,
  COUNTER,
  CSR_END,
  type Layout,
  TLB_AT,
  TLB_ENTRY,
  WRITE_CODE,
  WRITE_SLOW,
  X,
} from './layout.js';
import type { Machine } from './machine.js';

/** Cells that only mean something while an instruction executes. */
const TRANSIENT: readonly CellName[] = [
  'next',
  'tally',
  'limit',
  'hardLimit',
  'event',
  'fault',
  'trapCause',
  'trapValue',
  'trapValue2',
  'trapInstruction',
  'trapGuest',
  'physical',
  'writable',
  'leafLevel1',
  'leafLevel2',
  'ramHost',
  'ramPages',
  'codeMap',
];

/** Two multiplicative 32-bit lanes (constants of MurmurHash3, Appleby 2011): quick, and not meant to withstand an adversary. */
class Hash {
  #a = 0x9747b28c | 0;
  #b = 0x3c6ef372 | 0;

  word(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x85ebca6b);
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul((this.#b + value) | 0, 0xc2b2ae35) ^ (this.#b >>> 13);
  }
  words(words: Int32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) this.word(words[i] as number);
  }
  text(value: string): void {
    for (let i = 0; i < value.length; i++) this.word(value.charCodeAt(i));
  }
  get hex(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

const skipped: ReadonlySet<number> = new Set([
  ...TRANSIENT.map((name) => CELL[name]),
  ...ENGINE_COUNTERS.map((name) => COUNTER[name]),
]);

const hashHart = (hash: Hash, hart: Hart, layout: Layout): void => {
  const { i32 } = hart.memory;
  const at = (offset: number): number => (hart.address + offset) >>> 2;
  hash.words(i32, at(X), at(CELL.pc));
  for (let offset = CELL.pc; offset < CSR_END; offset += 8)
    if (!skipped.has(offset)) hash.words(i32, at(offset), at(offset + 8));
  for (let i = 0; i < layout.dataEntries; i++) {
    const entry = at(TLB_AT + i * TLB_ENTRY);
    const write = i32[entry + 3] as number;
    hash.words(i32, entry, entry + 2);
    // Whether the page holds decoded code is the engine's affair.
    hash.word((write & (WRITE_SLOW | WRITE_CODE)) === WRITE_SLOW ? 0 : 1);
  }
  for (let i = 0; i < layout.fetchEntries; i++) {
    const entry = at(layout.fetchTlbAt + i * TLB_ENTRY);
    hash.words(i32, entry, entry + 2);
  }
};

/** Plain data without its byte arrays, which may be whole disks, as text that is equal for equal data, whatever the order of keys. */
const canonical = (value: unknown): string => {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) {
    const hash = new Hash();
    for (let i = 0; i < value.length; i++) hash.word(value[i] as number);
    return `[${value.length}:${hash.hex}]`;
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${key}:${canonical(item)}`).join()}}`;
};

/** Of plain data: equal for equal data. 16 hexadecimal digits. */
export const checksumOf = (value: unknown): string => {
  const hash = new Hash();
  hash.text(canonical(value));
  return hash.hex;
};

/** 16 hexadecimal digits. */
export const digestOf = (machine: Machine): string => {
  const hash = new Hash();
  const { layout, i32 } = machine.memory;
  for (const hart of machine.harts) hashHart(hash, hart, layout);
  for (const device of machine.bus.devices) hash.text(`${device.name}${canonical(device.save())}`);
  hash.text(canonical([machine.htif.save(), machine.hartStates.save(), machine.scheduler.save()]));
  hash.words(i32, layout.ram >>> 2, (layout.ram + layout.ramSize) >>> 2);
  return hash.hex;
};
