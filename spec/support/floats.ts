/** Floating-point operands for tests: bit patterns chosen to reach the corners that uniform bits almost never reach. */

import type { FloatFormat } from '../../lib/machine/softfloat/index.js';
import type { Random } from './random.js';

/** The boundary data of a format, both signs: zeros, subnormals, normals, infinities, NaNs, and limits of integers. */
export function specialData(fmt: FloatFormat): bigint[] {
  const one = BigInt(fmt.bias) << fmt.fractionShift;
  const powerOfTwo = (exponent: number) => BigInt(fmt.bias + exponent) << fmt.fractionShift;
  const magnitudes = [
    0n,
    1n,
    2n,
    fmt.quietBit,
    fmt.fractionMask - 1n,
    fmt.fractionMask,
    fmt.implicitBit,
    fmt.implicitBit + 1n,
    fmt.implicitBit << 1n,
    powerOfTwo(-1) - 1n,
    powerOfTwo(-1),
    powerOfTwo(-1) + 1n,
    one - 1n,
    one,
    one + 1n,
    one | fmt.quietBit,
    powerOfTwo(1),
    powerOfTwo(1) | (fmt.quietBit >> 1n),
    ...[31, 32, 63, 64].flatMap((exponent) => [
      powerOfTwo(exponent) - 1n,
      powerOfTwo(exponent),
      powerOfTwo(exponent) + 1n,
    ]),
    fmt.maxFinite - 1n,
    fmt.maxFinite,
    fmt.infinity,
    fmt.infinity | 1n,
    fmt.quietNaN - 1n,
    fmt.quietNaN,
    fmt.quietNaN | 1n,
    fmt.magnitudeMask,
  ];
  return magnitudes.flatMap((magnitude) => [magnitude, magnitude | fmt.signBit]);
}

/** Draws operands of one format from a seeded source. */
export class FloatSource {
  readonly special: readonly bigint[];
  readonly #fmt: FloatFormat;
  readonly #random: Random;

  constructor(fmt: FloatFormat, random: Random) {
    this.special = specialData(fmt);
    this.#fmt = fmt;
    this.#random = random;
  }

  /** One datum: special, uniform, of moderate exponent, near the ends of the exponent range, or of integer size. */
  datum(): bigint {
    const { specialExponentField: top, bias, fractionBits, exponentBits } = this.#fmt;
    const random = this.#random;
    switch (random.below(8)) {
      case 0:
        return random.pick(this.special);
      case 1:
        return random.bits(1 + exponentBits + fractionBits);
      case 2:
        return this.#compose(random.below(4));
      case 3:
        return this.#compose(top - 1 - random.below(4));
      case 4:
        return this.#compose(bias - 2 + random.below(70));
      case 5:
        return this.#compose(Math.floor(bias / 2) - fractionBits + random.below(2 * fractionBits));
      default:
        return this.#compose(bias - 4 + random.below(8));
    }
  }

  /** One operand each for a x b + c, often related so that results cancel, tie, overflow or become subnormal. */
  triple(): [bigint, bigint, bigint] {
    const a = this.datum();
    const b = this.#random.below(4) === 0 ? this.#near(a) : this.datum();
    switch (this.#random.below(4)) {
      case 0:
        return [a, this.#partner(a), this.datum()];
      case 2:
        return [a, this.#partner(a), this.#compose(0)];
      case 1:
        return [a, b, this.#near(this.#productOf(a, b))];
      default:
        return [a, b, this.datum()];
    }
  }

  #compose(exponentField: number): bigint {
    const sign = this.#random.bits(1) === 0n ? 0n : this.#fmt.signBit;
    return sign | (BigInt(exponentField) << this.#fmt.fractionShift) | this.#fraction();
  }

  /** Fractions that are short at either end, nearly all ones, two runs, or uniform: most make exact results and ties. */
  #fraction(): bigint {
    const { fractionBits, fractionMask } = this.#fmt;
    const random = this.#random;
    const run = (1n << BigInt(random.below(fractionBits + 1))) - 1n;
    switch (random.below(6)) {
      case 0:
        return (random.bits(4) << BigInt(fractionBits - 4)) & fractionMask;
      case 1:
        return fractionMask ^ random.bits(2);
      case 2:
        return run;
      case 3:
        return fractionMask ^ run;
      case 4:
        return random.bits(4) & fractionMask;
      default:
        return random.bits(fractionBits);
    }
  }

  /** A few units in the last place from `bits`, and of either sign. */
  #near(bits: bigint): bigint {
    const { signBit, magnitudeMask } = this.#fmt;
    const magnitude = ((bits & magnitudeMask) + BigInt(this.#random.below(7) - 3)) & magnitudeMask;
    return this.#random.bits(1) === 0n ? magnitude : magnitude | signBit;
  }

  /** A datum whose product with `a` lies among the subnormal numbers or about the greatest finite one. */
  #partner(a: bigint): bigint {
    const { bias, fractionBits, specialExponentField: top } = this.#fmt;
    const field = Number((a & this.#fmt.magnitudeMask) >> this.#fmt.fractionShift);
    const target = this.#random.pick([1, 1 - this.#random.below(fractionBits + 2), top - 1]);
    const wanted = target + bias - field - 2 + this.#random.below(4);
    return this.#compose(Math.min(Math.max(wanted, 0), top));
  }

  /** Some datum with about the exponent and exactly the leading bits of a x b; it need not be rounded well. */
  #productOf(a: bigint, b: bigint): bigint {
    const { fractionShift, fractionMask, implicitBit, magnitudeMask, bias } = this.#fmt;
    const product = ((a & fractionMask) | implicitBit) * ((b & fractionMask) | implicitBit);
    const carry = product >> (2n * fractionShift + 1n);
    const fraction = (product >> (fractionShift + carry)) & fractionMask;
    const field =
      ((a & magnitudeMask) >> fractionShift) + ((b & magnitudeMask) >> fractionShift) + carry - BigInt(bias);
    return ((field << fractionShift) | fraction) & magnitudeMask;
  }
}
