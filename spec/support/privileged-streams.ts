/** Random worlds for engines to disagree in: page tables, privileged state, and instruction streams that change them. */
import { csrNumber } from '../../lib/isa/csrs.js';
import type { Row } from '../../lib/isa/row.js';
import { table } from '../../lib/isa/table.js';
import { RAM_BASE } from '../../lib/machine/layout.js';
import { randomEncoding } from './encodings.js';
import type { Random } from './random.js';

const PAGE = 4096;
const CODE_PAGES = 6;
/** Tables come after the code, on a boundary that the four-page roots of G-stages need; then pages of data. */
const TABLES = 8;
const TABLE_PAGES = 16;
const DATA = TABLES + TABLE_PAGES;
const DATA_PAGES = 8;
/** Entries used of each table, so that random addresses meet them. */
const SLOTS = 6;

const NOWHERE = [0x1800n, 0x2000n, 0xfffffffffffn, 0x10000n];
const ramPage = (page: number): bigint => BigInt(RAM_BASE / PAGE + page);
const chance = (random: Random, percent: number): boolean => random.below(100) < percent;

/** A virtual or guest physical address that the tables have something to say about. */
export const anyAddress = (random: Random): bigint => {
  if (chance(random, 12)) return BigInt(RAM_BASE + random.below((DATA + DATA_PAGES) * PAGE));
  if (chance(random, 5)) return random.next64();
  let address = BigInt(random.below(PAGE));
  // Often just before the end of a page, so that accesses cross it.
  if (chance(random, 25)) address = BigInt(PAGE - 1 - random.below(8));
  for (const shift of [12n, 21n]) address |= BigInt(random.below(SLOTS)) << shift;
  // Slots 2 and 3 of a root mostly lead to RAM at once.
  address |= BigInt(chance(random, 85) ? random.pick([0, 1, 4, 5]) : random.below(SLOTS)) << 30n;
  if (chance(random, 15)) address |= BigInt(random.below(3)) << 39n;
  return address;
};

const leafFlags = (random: Random): bigint => {
  // Mostly a page that serves, else any bits.
  const flags = chance(random, 82) ? 0xcfn : BigInt(random.below(256)) | 1n;
  const user = chance(random, 50) ? 0x10n : 0n;
  const stale = chance(random, 50) ? ~BigInt(random.below(4) << 6) : -1n;
  return ((flags | user) & stale) | (chance(random, 2) ? 1n << BigInt(54 + random.below(10)) : 0n);
};
/**
 * What the table pages are for, by their index: level 2 is a root. The first eight are of first stages, the others of
 * G-stages, whose roots begin every fourth page.
 */
const LEVELS = [2, 2, 1, 1, 1, 0, 0, 0, 2, 1, 1, 0, 2, 1, 0, 0];
const FIRST_GUEST_TABLE = 8;

const pageNumber = (random: Random, level: number): bigint => {
  if (chance(random, 4)) return random.pick(NOWHERE);
  if (chance(random, 15)) return anyAddress(random) >> 12n;
  if (level > 0 && chance(random, 90)) return ramPage(0);
  // Stores into code and tables are welcome, but wear a world out.
  return ramPage(chance(random, 75) ? DATA + random.below(DATA_PAGES) : random.below(DATA));
};
const entry = (random: Random, index: number): bigint => {
  const level = LEVELS[index] as number;
  const isGuest = index >= FIRST_GUEST_TABLE;
  if (chance(random, 4)) return random.next64();
  if (chance(random, level > 0 ? 88 : 3)) {
    const odd = chance(random, 4) ? 1n << BigInt(random.pick([4, 5, 6, 7, 8, 54, 63])) : 0n;
    const next = LEVELS.flatMap((l, i) => (l === level - 1 && i >= FIRST_GUEST_TABLE === isGuest ? [i] : []));
    const table = next.length > 0 && chance(random, 95) ? random.pick(next) : random.below(TABLE_PAGES);
    return (ramPage(TABLES + table) << 10n) | 1n | odd;
  }
  // The G-stage takes every access for a user's.
  const user = isGuest && chance(random, 85) ? 0x10n : 0n;
  return (pageNumber(random, level) << 10n) | leafFlags(random) | user;
};

/** Entries by physical address. */
const randomTables = (random: Random): [address: number, entry: bigint][] => {
  const entries: [number, bigint][] = [];
  for (let index = 0; index < TABLE_PAGES; index++) {
    for (let slot = 0; slot < SLOTS; slot++) {
      // RAM mostly lies where it is for S-mode, and a gigabyte higher for U-mode, so that code runs and tables are found.
      const isCode = (slot === 2 || slot === 3) && LEVELS[index] === 2 && chance(random, 90);
      const user = slot === 3 || index >= FIRST_GUEST_TABLE ? 0x10n : 0n;
      const value = isCode ? (ramPage(0) << 10n) | 0xcfn | user : entry(random, index);
      entries.push([RAM_BASE + (TABLES + index) * PAGE + slot * 8, value]);
    }
  }
  return entries;
};
const protection = (random: Random): [string, bigint][] => {
  const page = ramPage(random.below(DATA + DATA_PAGES));
  const pages = BigInt(1 << random.below(4));
  return [
    ['pmpaddr0', (page << 10n) | (chance(random, 50) ? (pages << 9n) - 1n : 0n)],
    ['pmpcfg0', BigInt(random.below(8) | (random.pick([1, 3]) << 3) | (chance(random, 15) ? 0x80 : 0))],
  ];
};

const atp = (random: Random, guest: boolean): bigint => {
  const roots = guest ? [8, 12] : chance(random, 90) ? [0, 1] : [2, 5];
  const mode = random.pick([0n, 8n, 8n, 8n, 8n, 8n, 8n, 9n]);
  return (mode << 60n) | (BigInt(random.below(3)) << 44n) | ramPage(TABLES + random.pick(roots));
};
const status = (random: Random): bigint => random.next64() & ~(3n << 11n);

/** Writes of CSRs that give a world its state; `mpp` goes with a mode that exists. */
const randomState = (random: Random): [csr: string, value: bigint][] => {
  const handler = (): bigint => anyCode(random, 1) & ~3n;
  return [
    ['pmpaddr15', (1n << 54n) - 1n],
    ['pmpcfg2', 0x1fn << 56n],
    ...(chance(random, 25) ? protection(random) : []),
    ['menvcfg', (BigInt(chance(random, 75) ? 1 : 0) << 61n) | (1n << 63n)],
    ['henvcfg', (BigInt(chance(random, 75) ? 1 : 0) << 61n) | (BigInt(random.below(2)) << 63n)],
    ['mstatus', status(random) | (random.pick([0n, 1n, 3n]) << 11n)],
    ['vsstatus', status(random)],
    ['hstatus', random.next64()],
    ['satp', atp(random, false)],
    ['vsatp', atp(random, false)],
    ['hgatp', atp(random, true)],
    ['medeleg', random.next64()],
    ['hedeleg', random.next64()],
    ['mideleg', random.next64()],
    ['hideleg', random.next64()],
    ['mcounteren', random.next64()],
    ['hcounteren', random.next64()],
    ['mie', chance(random, 40) ? random.next64() : 0n],
    ['mip', random.next64() & random.next64()],
    ['hvip', random.next64() & random.next64()],
    ['mtvec', handler()],
    ['stvec', handler()],
    ['vstvec', handler()],
    ['mepc', handler()],
    ['sepc', anyCode(random, random.below(2))],
    ['vsepc', anyCode(random, random.below(2))],
  ];
};
const rowsOf = (...names: string[]): readonly Row[] => table.filter((row) => names.includes(row.name));
const MEMORY = table.filter(({ extension, name }) => extension === 'A' || /^([ls][bhwd]u?|f[ls][wd])$/.test(name));
const H = table.filter(({ extension }) => extension === 'H');
const SYSTEM = rowsOf('sret', 'mret', 'sret', 'ecall', 'ebreak', 'fence.i', 'sfence.vma', 'sfence.vma');
const PLAIN = table.filter(
  ({ extension, name }) => ['I', 'M'].includes(extension) && /^(add|sub|sll|sr|mul|x?or|and|lui)/.test(name),
);
const COMPRESSED = table.filter(({ extension, name }) => extension === 'C' && !/ebreak|c\.j|c\.unimp/.test(name));
const CSR = rowsOf('csrrw', 'csrrs', 'csrrc', 'csrrwi', 'csrrsi', 'csrrci');
/** Writes of these end a world soon, or close it to M-mode for good; states have them instead. */
const SPARED = /^(pmp|mtvec|stvec|vstvec)/;

/** x8 to x15 keep addresses, x1 to x7 values; results go above. */
const BASE = 8;
const RESULT = 16;
const withField = (encoding: number, shift: number, value: number): number =>
  ((encoding & ~(0x1f << shift)) | (value << shift)) >>> 0;

/** One instruction, as its encoding and its length in bytes. */
const instruction = (random: Random, csrs: readonly number[]): [encoding: number, bytes: 2 | 4] => {
  const kind = random.below(100);
  const rd = RESULT + random.below(16);
  const base = BASE + random.below(8);
  if (kind < 34) {
    const encoding = withField(randomEncoding(random, random.pick(MEMORY)), 15, base);
    const isStore = (encoding & 0x7f) === 0x23 || (encoding & 0x7f) === 0x27;
    // Small immediates stay near the address in the register.
    const near = isStore ? encoding & ~0xfe000000 : (encoding & 0x7f) === 0x2f ? encoding : encoding & ~0xff000000;
    return [isStore ? near >>> 0 : withField(near >>> 0, 7, rd), 4];
  }
  if (kind < 44)
    return [withField(withField(randomEncoding(random, random.pick(H)), 15, base), 7, 0) | loadTarget(random, rd), 4];
  if (kind < 54) return [withField(randomEncoding(random, random.pick(SYSTEM)), 7, 0), 4];
  if (kind < 74) {
    const encoding = withField(randomEncoding(random, random.pick(CSR)), 7, rd) & 0xfffff;
    return [(withField(encoding, 15, chance(random, 30) ? 0 : random.below(32)) | (random.pick(csrs) << 20)) >>> 0, 4];
  }
  if (kind < 84) return [randomEncoding(random, random.pick(COMPRESSED)) & 0xffff, 2];
  if (kind < 88) return [0x00000063 | (base << 15) | (random.below(8) << 8) | (random.below(2) << 12), 4];
  return [withField(randomEncoding(random, random.pick(PLAIN)), 7, rd), 4];
};
/** HLV has a destination where HSV and the fences have zeros; half of them become reserved encodings. */
const loadTarget = (random: Random, rd: number): number => (random.below(2) === 0 ? 0 : rd << 7);

/** Where code is for a mode, mostly; execution begins there. */
export const anyCode = (random: Random, privilege: number): bigint => {
  if (chance(random, 10)) return anyAddress(random) & ~1n;
  const base = privilege === 0 && chance(random, 85) ? RAM_BASE + 2 ** 30 : RAM_BASE;
  return BigInt(base + random.below(CODE_PAGES * PAGE)) & ~1n;
};

/** The code that fills the first pages of RAM; instructions lie across the ends of pages. */
const randomCode = (random: Random, names: readonly { name: string; number: number }[]): Uint8Array => {
  const csrs = names.filter(({ name }) => !SPARED.test(name)).map(({ number }) => number);
  // Those on which translation depends come more often.
  for (const name of ['mstatus', 'sstatus', 'vsstatus', 'hstatus', 'satp', 'vsatp', 'hgatp', 'mepc', 'sepc', 'menvcfg'])
    for (let i = 0; i < 6; i++) csrs.push(csrNumber(name) as number);
  const code = new Uint8Array(CODE_PAGES * PAGE);
  const view = new DataView(code.buffer);
  for (let at = 0; at < code.length - 4; ) {
    const [encoding, bytes] = instruction(random, csrs);
    if (bytes === 4) view.setUint32(at, encoding, true);
    else view.setUint16(at, encoding, true);
    at += bytes;
  }
  return code;
};

/** Values for x1 to x7, addresses for x8 to x15, anything above. */
export const randomRegister = (random: Random, index: number): bigint => {
  if (index >= BASE && index < RESULT) return anyAddress(random) & (chance(random, 60) ? ~7n : -1n);
  if (chance(random, 30)) return atp(random, false);
  if (chance(random, 30)) return anyAddress(random);
  return random.next64() & (chance(random, 50) ? random.next64() & random.next64() : -1n);
};

/** All that makes a world, to be put into each machine. */
export interface World {
  readonly code: Uint8Array;
  readonly tables: readonly (readonly [address: number, entry: bigint])[];
  readonly state: readonly (readonly [csr: string, value: bigint])[];
}
export const randomWorld = (random: Random, csrs: readonly { name: string; number: number }[]): World => ({
  code: randomCode(random, csrs),
  tables: randomTables(random),
  state: randomState(random),
});
