/**
 * Every operand in every rounding mode, in formats so small that a double holds each exact result and a search through
 * the list of all data can round it. The code is the same for every width; what can only go wrong in wide formats
 * (distant operands, long significands) is left to the other specs.
 */

import { expect } from 'chai';
import { defineFormat } from '../../../lib/machine/softfloat/format.js';
import {
  add,
  convert,
  div,
  FLAG,
  type FloatEnvironment,
  type FloatFormat,
  fma,
  mul,
  ROUND,
  sqrt,
  sub,
} from '../../../lib/machine/softfloat/index.js';

interface Outcome {
  bits: bigint;
  flags: number;
}

/** A format, the values of its data by bit pattern, and its magnitudes in ascending order up to the first too great. */
class Lattice {
  readonly fmt: FloatFormat;
  readonly values: number[];
  readonly magnitudes: number[];
  readonly #quantum: number;
  readonly #leastNormal: number;

  constructor(exponentBits: number, fractionBits: number) {
    this.fmt = defineFormat('s', exponentBits, fractionBits);
    const fractions = 2 ** fractionBits;
    const bias = 2 ** (exponentBits - 1) - 1;
    const magnitudes = Array.from({ length: 2 ** exponentBits * fractions }, (_, bits) => {
      const field = Math.floor(bits / fractions);
      const fraction = (bits % fractions) / fractions;
      if (field === 2 ** exponentBits - 1) return fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
      return field === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (field - bias);
    });
    this.values = [...magnitudes, ...magnitudes.map((magnitude) => -magnitude)];
    this.magnitudes = [...magnitudes.filter(Number.isFinite), 2 ** (bias + 1)];
    this.#leastNormal = 2 ** (1 - bias);
    this.#quantum = this.#leastNormal / fractions;
  }

  isSignaling(bits: number): boolean {
    return Number.isNaN(this.values[bits]) && (BigInt(bits) & this.fmt.quietBit) === 0n;
  }

  /** The datum that the exact value `x` must become, and the flags of becoming it. */
  round(mode: number, x: number): Outcome {
    const negative = x < 0 || Object.is(x, -0);
    const sign = negative ? this.fmt.signBit : 0n;
    const magnitude = Math.abs(x);
    if (magnitude === Number.POSITIVE_INFINITY) return { bits: sign | this.fmt.infinity, flags: 0 };
    const index = choose(this.magnitudes, mode, negative, magnitude);
    if (index === this.magnitudes.length - 1) {
      const infinite = mode === ROUND.RNE || mode === ROUND.RMM || mode === (negative ? ROUND.RDN : ROUND.RUP);
      return { bits: sign | (infinite ? this.fmt.infinity : this.fmt.maxFinite), flags: FLAG.OF | FLAG.NX };
    }
    const inexact = this.magnitudes[index] !== magnitude;
    const underflow = inexact && this.#isTiny(mode, negative, magnitude);
    return { bits: sign | BigInt(index), flags: (inexact ? FLAG.NX : 0) | (underflow ? FLAG.UF : 0) };
  }

  /** With an unbounded exponent, data just below the least normal number are half a quantum apart. */
  #isTiny(mode: number, negative: boolean, magnitude: number): boolean {
    if (magnitude >= this.#leastNormal) return false;
    const steps = (2 * this.#leastNormal) / this.#quantum;
    const finer = Array.from({ length: steps + 1 }, (_, step) => (step * this.#quantum) / 2);
    return choose(finer, mode, negative, magnitude) < steps;
  }
}

/** The index of the point that `x` rounds to, among ascending points of which those at even indices are even. */
function choose(points: number[], mode: number, negative: boolean, x: number): number {
  const above = points.findIndex((point) => point >= x);
  if (above === -1) return points.length - 1;
  if (points[above] === x) return above;
  const below = above - 1;
  const middle = (points[below]! + points[above]!) / 2;
  const even = below % 2 === 0 ? below : above;
  switch (mode) {
    case ROUND.RNE:
      return x < middle ? below : x > middle ? above : even;
    case ROUND.RMM:
      return x < middle ? below : above;
    case ROUND.RTZ:
      return below;
    default:
      return (mode === ROUND.RDN) === negative ? above : below;
  }
}

/** The outcome of an operation whose value over doubles, exact or unmistakable for exact, is `x`. */
function outcome(lattice: Lattice, mode: number, operands: number[], x: number): Outcome {
  const signaling = operands.some((bits) => lattice.isSignaling(bits));
  if (!Number.isNaN(x)) return lattice.round(mode, x);
  const fromNaN = operands.some((bits) => Number.isNaN(lattice.values[bits]));
  return { bits: lattice.fmt.quietNaN, flags: signaling || !fromNaN ? FLAG.NV : 0 };
}

const MODES = Object.entries(ROUND);
const small = new Lattice(3, 2);
const smaller = new Lattice(2, 2);

function check(
  operation: (env: FloatEnvironment) => bigint,
  mode: number,
  expected: Outcome,
  operands: number[],
): void {
  const env = { rounding: mode, flags: 0 };
  const bits = operation(env);
  if (bits !== expected.bits || env.flags !== expected.flags) {
    expect.fail(`${operands}: ${bits} flags ${env.flags}, expected ${expected.bits} flags ${expected.flags}`);
  }
}

/** x + y with the sign that a zero sum has in the given mode. */
function sumOf(mode: number, x: number, y: number): number {
  const cancels = x + y === 0 && !Object.is(x, y);
  return cancels && mode === ROUND.RDN ? -0 : x + y;
}

describe('softfloat over every operand of small formats', () => {
  const { fmt, values } = small;

  for (const [name, mode] of MODES) {
    it(`adds, subtracts, multiplies and divides all pairs, ${name}`, () => {
      for (const [i, x] of values.entries()) {
        for (const [j, y] of values.entries()) {
          const [a, b] = [BigInt(i), BigInt(j)];
          const pair = [i, j];
          check((env) => add(env, fmt, a, b), mode, outcome(small, mode, pair, sumOf(mode, x, y)), pair);
          check((env) => sub(env, fmt, a, b), mode, outcome(small, mode, pair, sumOf(mode, x, -y)), pair);
          check((env) => mul(env, fmt, a, b), mode, outcome(small, mode, pair, x * y), pair);
          const quotient = outcome(small, mode, pair, x / y);
          if (y === 0 && x !== 0 && Number.isFinite(x)) quotient.flags = FLAG.DZ;
          check((env) => div(env, fmt, a, b), mode, quotient, pair);
        }
      }
    });

    it(`takes all square roots and converts all data, ${name}`, () => {
      for (const [i, x] of values.entries()) {
        const a = BigInt(i);
        check((env) => sqrt(env, fmt, a), mode, outcome(small, mode, [i], Math.sqrt(x)), [i]);
        const narrowed = Number.isNaN(x)
          ? { bits: smaller.fmt.quietNaN, flags: small.isSignaling(i) ? FLAG.NV : 0 }
          : smaller.round(mode, x);
        check((env) => convert(env, fmt, smaller.fmt, a), mode, narrowed, [i]);
      }
    });

    it(`multiplies and adds all triples, ${name}`, () => {
      for (const [i, x] of smaller.values.entries()) {
        for (const [j, y] of smaller.values.entries()) {
          for (const [k, z] of smaller.values.entries()) {
            const triple = [i, j, k];
            const expected = outcome(smaller, mode, triple, sumOf(mode, x * y, z));
            // RISC-V raises NV for zero times infinity even when a quiet NaN is added.
            const invalidProduct = Number.isNaN(x * y) && !Number.isNaN(x) && !Number.isNaN(y);
            if (invalidProduct) expected.flags = FLAG.NV;
            const operation = (env: FloatEnvironment) => fma(env, smaller.fmt, BigInt(i), BigInt(j), BigInt(k));
            check(operation, mode, expected, triple);
          }
        }
      }
    });
  }
});
