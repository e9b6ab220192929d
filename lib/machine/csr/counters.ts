/** Counters, their enables, and the timers of Sstc (privileged specification, 3.1.10 to 3.1.12, 12.1.4, 18.2.6 and 17). */
import type { CsrSlot } from '../hart.js';
import { M, S, U, VIRTUAL } from '../hart.js';
import type { HartParts } from '../parts.js';
import { guestTime } from '../trap/pending.js';
import { COUNTER_BIT, ENVCFG, WORD } from './fields.js';
import { type CsrGroup, type CsrRow, constant, plain, type Verdict } from './row.js';

const ILLEGAL = 2;
const VIRTUAL_INSTRUCTION = 22;
const ENABLES = 0xffffffffn;

/** A counter that runs with the hart, as an offset to what the hart counts, or as its value while it is inhibited. */
interface Running {
  readonly slot: 'cycleOffset' | 'instretOffset';
  readonly bit: number;
  count(): bigint;
}

export const counterCsrs: CsrGroup = (parts) => {
  const { hart } = parts;
  const cycle: Running = { slot: 'cycleOffset', bit: COUNTER_BIT.CY, count: () => hart.cycles };
  const instret: Running = { slot: 'instretOffset', bit: COUNTER_BIT.IR, count: () => hart.retired };
  const inhibited = (counter: Running): boolean => ((hart.csrs.mcountinhibit >> BigInt(counter.bit)) & 1n) !== 0n;
  /** The writing instruction retires before its write takes effect, and costs one cycle (3.1.11). */
  const own = (): bigint => (parts.byInstruction ? 1n : 0n);
  const read = (counter: Running): bigint =>
    inhibited(counter) ? hart.csr(counter.slot) : BigInt.asUintN(64, counter.count() + hart.csr(counter.slot));
  const write = (counter: Running, value: bigint): void =>
    hart.setCsr(counter.slot, inhibited(counter) ? value : BigInt.asUintN(64, value - counter.count() - own()));
  const guard = (bit: number) => counterGuard(parts, bit);
  return [
    { name: 'cycle', number: 0xc00, read: () => read(cycle), guard: guard(COUNTER_BIT.CY) },
    { name: 'instret', number: 0xc02, read: () => read(instret), guard: guard(COUNTER_BIT.IR) },
    { name: 'mcycle', number: 0xb00, read: () => read(cycle), write: (value) => write(cycle, value) },
    { name: 'minstret', number: 0xb02, read: () => read(instret), write: (value) => write(instret, value) },
    {
      name: 'time',
      number: 0xc01,
      read: () => (hart.virtual && parts.byInstruction ? guestTime(parts) : parts.host.time()),
      guard: guard(COUNTER_BIT.TM),
    },
    {
      name: 'mcountinhibit',
      number: 0x320,
      read: () => hart.csrs.mcountinhibit,
      write: (value) => {
        const values = [cycle, instret].map((counter) => [counter, read(counter), inhibited(counter)] as const);
        hart.csrs.mcountinhibit = value & 5n;
        for (const [counter, current, before] of values) {
          // The instruction that stops a counter is still counted; the one that starts it is not.
          if (before !== inhibited(counter)) write(counter, before ? current : current + own());
        }
      },
    },
    ...enables(parts),
    ...eventCounters(guard),
    ...timers(parts),
  ];
};

/** Which modes may read a counter, by mcounteren, hcounteren and scounteren. */
const counterGuard =
  ({ hart }: HartParts, bit: number) =>
  (mode: number): Verdict => {
    if (mode === M) return 0;
    const enabled = (name: CsrSlot): boolean => ((hart.csr(name) >> BigInt(bit)) & 1n) !== 0n;
    if (!enabled('mcounteren')) return ILLEGAL;
    if (mode === U) return enabled('scounteren') ? 0 : ILLEGAL;
    if (mode < VIRTUAL) return 0;
    if (!enabled('hcounteren')) return VIRTUAL_INSTRUCTION;
    return mode === S + VIRTUAL || enabled('scounteren') ? 0 : VIRTUAL_INSTRUCTION;
  };

const enables = (parts: HartParts): readonly CsrRow[] => {
  const word = plain(parts);
  const rows = [word('mcounteren', 0x306, ENABLES), word('scounteren', 0x106, ENABLES)];
  return parts.options.hypervisor ? [...rows, word('hcounteren', 0x606, ENABLES)] : rows;
};

/** The 29 programmable counters exist and count nothing. */
const eventCounters = (guard: (bit: number) => (mode: number) => Verdict): readonly CsrRow[] =>
  Array.from({ length: 29 }, (_, i) => i + 3).flatMap((n) => [
    { ...constant(`hpmcounter${n}`, 0xc00 + n), guard: guard(n) },
    constant(`mhpmcounter${n}`, 0xb00 + n),
    constant(`mhpmevent${n}`, 0x320 + n),
  ]);

const timers = (parts: HartParts): readonly CsrRow[] => {
  const { hart, host, options } = parts;
  const word = (name: 'stimecmp' | 'vstimecmp' | 'htimedelta', number: number): CsrRow => ({
    name,
    number,
    read: () => hart.csr(name),
    write: (value) => {
      hart.setCsr(name, value & WORD);
      host.timerChanged(hart);
      hart.cells32.event = 1;
    },
  });
  const has = (name: CsrSlot, bit: bigint): boolean => (hart.csr(name) & bit) !== 0n;
  const time = 1n << BigInt(COUNTER_BIT.TM);
  /** menvcfg.STCE and mcounteren.TM open the timers to S-mode, henvcfg.STCE and hcounteren.TM to the guest (Sstc, 17.2 and 17.3). */
  const guard = (mode: number): Verdict => {
    if (mode === M) return 0;
    if (!has('mcounteren', time) || !has('menvcfg', ENVCFG.STCE)) return ILLEGAL;
    if (mode < VIRTUAL) return 0;
    return has('hcounteren', time) && has('henvcfg', ENVCFG.STCE) ? 0 : VIRTUAL_INSTRUCTION;
  };
  const stimecmp: CsrRow = { ...word('stimecmp', 0x14d), guard, virtual: 'vstimecmp' };
  if (!options.hypervisor) return [stimecmp];
  return [stimecmp, { ...word('vstimecmp', 0x24d), guard }, word('htimedelta', 0x605)];
};
