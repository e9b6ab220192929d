/** The events that a hart has counted, as plain numbers for reports. */

import type { Hart } from './hart.js';
import { type CounterName, counterNames, TRAPS_BY_CAUSE } from './layout.js';

export type Counters = Readonly<Record<CounterName, bigint>> & {
  readonly cycles: bigint;
  readonly instructions: bigint;
  /** Cycles spent waiting for an interrupt. */
  readonly idle: bigint;
  /** Loads, stores and atomic operations; each looks up the data TLB. */
  readonly dataAccesses: bigint;
  /** Look-ups of the data TLB and of the fetch TLB that needed no walk. */
  readonly dataHits: bigint;
  readonly fetchHits: bigint;
  /** Traps taken by cause; causes that did not occur are absent. */
  readonly exceptionsByCause: ReadonlyMap<number, bigint>;
  readonly interruptsByCause: ReadonlyMap<number, bigint>;
};

/** Counters that tell how an engine works, not what the guest did: they differ between engines. */
export const ENGINE_COUNTERS: readonly CounterName[] = ['floatSlow'];

const byCause = (hart: Hart, first: number): Map<number, bigint> => {
  const found = new Map<number, bigint>();
  for (let cause = 0; cause < 64; cause++) {
    const count = hart.memory.u64[(hart.address + TRAPS_BY_CAUSE + (first + cause) * 8) >>> 3] as bigint;
    if (count > 0n) found.set(cause, count);
  }
  return found;
};

export const countersOf = (hart: Hart): Counters => {
  const named = Object.fromEntries(counterNames.map((name) => [name, hart.counter(name)])) as Record<
    CounterName,
    bigint
  >;
  const dataAccesses = hart.cells.accesses + (hart.cells.tally >> 32n);
  return {
    ...named,
    cycles: hart.cycles,
    instructions: hart.retired,
    idle: hart.cells.idle,
    dataAccesses,
    dataHits: dataAccesses - named.dataMisses,
    fetchHits: named.fetchLookups - named.fetchMisses,
    exceptionsByCause: byCause(hart, 0),
    interruptsByCause: byCause(hart, 64),
  };
};
