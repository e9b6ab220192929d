/**
 * Against the host's own arithmetic, which ECMAScript defines as binary64 rounded to nearest even. Rounding its result
 * once more to binary32 is still correct for the four basic operations and the square root, because 53 >= 2 x 24 + 2
 * (Figueroa, "When is double rounding innocuous?", SIGNUM Newsletter 30(3), 1995).
 */

import { expect } from 'chai';
import {
  add,
  convert,
  div,
  eq,
  F32,
  F64,
  type FloatEnvironment,
  type FloatFormat,
  fromInteger,
  le,
  lt,
  mul,
  ROUND,
  sqrt,
  sub,
  toInteger,
} from '../../../lib/machine/softfloat/index.js';
import { FloatSource } from '../../support/floats.js';
import { Random } from '../../support/random.js';

const view = new DataView(new ArrayBuffer(8));

function numberOf(fmt: FloatFormat, bits: bigint): number {
  if (fmt === F64) {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  }
  view.setUint32(0, Number(bits));
  return view.getFloat32(0);
}

/** The bits of `value` rounded to the format; canonical if it is NaN. */
function bitsOf(fmt: FloatFormat, value: number): bigint {
  if (Number.isNaN(value)) return fmt.quietNaN;
  if (fmt === F64) {
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  }
  view.setFloat32(0, Math.fround(value));
  return BigInt(view.getUint32(0));
}

const PAIRS = 40_000;
const nearest = (): FloatEnvironment => ({ rounding: ROUND.RNE, flags: 0 });

for (const fmt of [F32, F64]) {
  describe(`softfloat against the host's arithmetic, format ${fmt.name}`, () => {
    let source: FloatSource;
    beforeEach(() => {
      source = new FloatSource(fmt, new Random(BigInt(fmt.fractionBits)));
    });

    const operations = {
      add: { ours: add, theirs: (x: number, y: number) => x + y },
      sub: { ours: sub, theirs: (x: number, y: number) => x - y },
      mul: { ours: mul, theirs: (x: number, y: number) => x * y },
      div: { ours: div, theirs: (x: number, y: number) => x / y },
      sqrt: { ours: sqrt, theirs: (x: number) => Math.sqrt(x) },
    };
    for (const [name, { ours, theirs }] of Object.entries(operations)) {
      it(`${name} gives the same bits`, () => {
        for (let i = 0; i < PAIRS; i++) {
          const [a, b] = source.triple();
          const expected = bitsOf(fmt, theirs(numberOf(fmt, a), numberOf(fmt, b)));
          const result = ours(nearest(), fmt, a, b);
          if (result !== expected) expect.fail(`${name} ${a} ${b}: ${result}, expected ${expected}`);
        }
      });
    }

    it('eq, lt and le order numbers as the host does', () => {
      for (let i = 0; i < PAIRS; i++) {
        const [a, b] = source.triple();
        const [x, y] = [numberOf(fmt, a), numberOf(fmt, b)];
        const ours = [eq, lt, le].map((compare) => compare(nearest(), fmt, a, b));
        if (ours.join() !== [x === y, x < y, x <= y].join()) expect.fail(`${a} ${b}: ${ours}`);
      }
    });

    it('convert gives the same bits', () => {
      const to = fmt === F32 ? F64 : F32;
      for (let i = 0; i < PAIRS; i++) {
        const a = source.datum();
        const expected = bitsOf(to, numberOf(fmt, a));
        const result = convert(nearest(), fmt, to, a);
        if (result !== expected) expect.fail(`${a}: ${result}, expected ${expected}`);
      }
    });

    it('toInteger truncates as the host does', () => {
      for (let i = 0; i < PAIRS; i++) {
        const a = source.datum();
        const value = Math.trunc(numberOf(fmt, a));
        if (Math.abs(value) >= 2 ** 63 || Number.isNaN(value)) continue;
        const env = { rounding: ROUND.RTZ, flags: 0 };
        const result = toInteger(env, fmt, a, { signed: true, bits: 64 });
        if (result !== BigInt(value)) expect.fail(`${a}: ${result}, expected ${value}`);
      }
    });
  });
}

describe("softfloat fromInteger against the host's conversion", () => {
  it('rounds integers of every size to binary64 as Number() does', () => {
    const random = new Random(7n);
    for (let i = 0; i < PAIRS; i++) {
      const magnitude = (random.bits(64) << 64n) >> BigInt(random.below(128));
      const value = random.bits(1) === 0n ? magnitude : -magnitude;
      const result = fromInteger(nearest(), F64, value);
      if (result !== bitsOf(F64, Number(value))) expect.fail(`${value}: ${result}`);
    }
  });
});
