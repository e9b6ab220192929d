/**
 * Context ids: the small numbers in TLB tags that stand for everything a translation depends on besides the
 * address. An id is never given to another context while the TLBs may hold entries under it: a flush retires ids,
 * and only when all are used up are the TLBs wiped and the numbering started over.
 */
import type { Hart } from '../hart.js';
import { CONTEXTS } from '../layout.js';
import { wipe } from './tlb.js';

export interface Context {
  /** Effective privilege and {@link REGIME} flags of the accesses. */
  readonly privilege: number;
  readonly flags: number;
  /** satp or vsatp, and hgatp, or 0 where a stage is bare. */
  readonly stage1: bigint;
  readonly stage2: bigint;
}

/** The table as plain data, for snapshots. */
export interface ContextsState {
  readonly used: number;
  readonly live: readonly (readonly [id: number, context: Context])[];
}

const keyOf = ({ privilege, flags, stage1, stage2 }: Context): string =>
  `${(flags << 2) | privilege} ${stage1} ${stage2}`;

export class Contexts {
  readonly #ids = new Map<string, number>();
  readonly #live = new Map<number, Context>();
  /** Ids 1 to this one were given out since the TLBs were last wiped. */
  #used = 0;

  constructor(private readonly hart: Hart) {}

  /** Whether `count` more contexts can be numbered before {@link restart} is due. */
  hasRoom(count: number): boolean {
    return this.#used + count < CONTEXTS;
  }

  /** The id of a context, 1 to 255; a new one if it has none. Precondition: there is room for one. */
  id(context: Context): number {
    const key = keyOf(context);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = ++this.#used;
    this.#ids.set(key, id);
    this.#live.set(id, { ...context });
    return id;
  }

  /** Makes the TLB entries of all matching contexts unreachable. */
  retire(matches: (context: Context) => boolean): void {
    for (const [id, context] of this.#live) {
      if (!matches(context)) continue;
      this.#live.delete(id);
      this.#ids.delete(keyOf(context));
    }
  }

  /** Empties the TLBs and forgets all contexts. */
  restart(): void {
    wipe(this.hart);
    this.#ids.clear();
    this.#live.clear();
    this.#used = 0;
  }

  save(): ContextsState {
    return { used: this.#used, live: [...this.#live] };
  }

  restore(state: ContextsState): void {
    this.#ids.clear();
    this.#live.clear();
    this.#used = state.used;
    for (const [id, context] of state.live) {
      this.#ids.set(keyOf(context), id);
      this.#live.set(id, { ...context });
    }
  }
}
