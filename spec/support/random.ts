/** Seeded pseudo-random numbers for tests: the same seed gives the same test, on every machine. */

const MASK = (1n << 64n) - 1n;

/** The splitmix64 generator (Steele, Lea and Flood, OOPSLA 2014). */
export class Random {
  private state: bigint;

  constructor(seed: bigint | number) {
    this.state = BigInt(seed) & MASK;
  }
  next64(): bigint {
    this.state = (this.state + 0x9e3779b97f4a7c15n) & MASK;
    let z = this.state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return z ^ (z >> 31n);
  }
  next32(): number {
    return Number(this.next64() >> 32n);
  }
  /** An integer from 0 to n - 1; n is at most 2**32. */
  below(n: number): number {
    return Math.floor((this.next32() / 2 ** 32) * n);
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
