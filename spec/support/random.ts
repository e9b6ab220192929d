/**
 * A seeded source of random bits (SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014), so that every run tests the same cases.
 */
export class Random {
  #state: bigint;

  constructor(seed: bigint | number) {
    this.#state = BigInt(seed);
  }

  /** A uniform unsigned integer of the given width, 1 to 64 bits. */
  bits(width: number): bigint {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let z = this.#state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return (z ^ (z >> 31n)) >> BigInt(64 - width);
  }
  next64(): bigint {
    return this.bits(64);
  }
  next32(): number {
    return Number(this.bits(32));
  }

  /** An integer from 0 to limit - 1; `limit` is at most 2^32, and the bias negligible. */
  below(limit: number): number {
    return Number((this.bits(32) * BigInt(limit)) >> 32n);
  }

  /** One of the items of a list that is not empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
