/** The machine's source of randomness: seeded, so that the same seed gives the same run. */

/** The splitmix64 generator (Steele, Lea and Flood, OOPSLA 2014). Reproducible, not secret. */
export class SeededRandom {
  /** The whole state, an unsigned 64-bit number. */
  state: bigint;

  constructor(seed: bigint) {
    this.state = BigInt.asUintN(64, seed);
  }

  next64(): bigint {
    this.state = BigInt.asUintN(64, this.state + 0x9e3779b97f4a7c15n);
    let z = this.state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }

  /** `length` random bytes. */
  bytes(length: number): Uint8Array {
    const padded = new Uint8Array(Math.ceil(length / 8) * 8);
    const view = new DataView(padded.buffer);
    for (let at = 0; at < length; at += 8) view.setBigUint64(at, this.next64(), true);
    return padded.subarray(0, length);
  }
}
