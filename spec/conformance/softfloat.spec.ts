/**
 * Every F and D computational instruction against QEMU: result bits and fflags, in every rounding mode.
 * Needs qemu-riscv64-static and riscv64-linux-gnu-gcc on the path, and fails without them.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  add,
  box,
  classify,
  convert,
  div,
  eq,
  F32,
  F64,
  type FloatEnvironment,
  type FloatFormat,
  fma,
  fromInteger,
  le,
  lt,
  max,
  min,
  mul,
  sqrt,
  sub,
  toInteger,
  unbox,
} from '../../lib/machine/softfloat/index.js';
import { FloatSource } from '../support/floats.js';
import { Random } from '../support/random.js';

type Operands = [a: bigint, b: bigint, c: bigint];

/** One instruction: its assembly, and its meaning over 64-bit register contents. */
interface Row {
  readonly name: string;
  /** The format that operands are drawn from, or null for integer operands. */
  readonly source: FloatFormat | null;
  readonly assembly: string;
  readonly meaning: (env: FloatEnvironment, ...operands: Operands) => bigint;
}

/** Random operands for each instruction and rounding mode, besides the special ones. */
const RANDOM_CASES = 2000;
/** Another seed searches elsewhere. */
const SEED = BigInt(process.env.SOFTFLOAT_SEED ?? 1);
const INPUT_BYTES = 40;
const OUTPUT_BYTES = 16;

/** Where the program holds floating-point operands. */
const FLOAT_SOURCES = ['ft0', 'ft1', 'ft2'];

function rowsOf(fmt: FloatFormat): Row[] {
  const read = fmt === F32 ? unbox : (bits: bigint) => bits;
  const write = fmt === F32 ? box : (bits: bigint) => bits;
  const negate = (bits: bigint) => bits ^ fmt.signBit;
  const float = (mnemonic: string, arity: number, meaning: Row['meaning']): Row => ({
    name: `${mnemonic}.${fmt.name}`,
    source: fmt,
    assembly: `${mnemonic}.${fmt.name} ft3, ${FLOAT_SOURCES.slice(0, arity).join(', ')}`,
    meaning: (env, a, b, c) => write(meaning(env, read(a), read(b), read(c))),
  });
  const integer = (mnemonic: string, arity: number, meaning: Row['meaning']): Row => ({
    name: `${mnemonic}.${fmt.name}`,
    source: fmt,
    assembly: `${mnemonic}.${fmt.name} %[integer], ${FLOAT_SOURCES.slice(0, arity).join(', ')}`,
    meaning: (env, a, b, c) => meaning(env, read(a), read(b), read(c)),
  });
  const integerTypes = [
    { suffix: 'w', signed: true, bits: 32 },
    { suffix: 'wu', signed: false, bits: 32 },
    { suffix: 'l', signed: true, bits: 64 },
    { suffix: 'lu', signed: false, bits: 64 },
  ] as const;
  return [
    float('fadd', 2, (env, a, b) => add(env, fmt, a, b)),
    float('fsub', 2, (env, a, b) => sub(env, fmt, a, b)),
    float('fmul', 2, (env, a, b) => mul(env, fmt, a, b)),
    float('fdiv', 2, (env, a, b) => div(env, fmt, a, b)),
    float('fsqrt', 1, (env, a) => sqrt(env, fmt, a)),
    float('fmin', 2, (env, a, b) => min(env, fmt, a, b)),
    float('fmax', 2, (env, a, b) => max(env, fmt, a, b)),
    float('fmadd', 3, (env, a, b, c) => fma(env, fmt, a, b, c)),
    float('fmsub', 3, (env, a, b, c) => fma(env, fmt, a, b, negate(c))),
    float('fnmsub', 3, (env, a, b, c) => fma(env, fmt, negate(a), b, c)),
    float('fnmadd', 3, (env, a, b, c) => fma(env, fmt, negate(a), b, negate(c))),
    integer('feq', 2, (env, a, b) => (eq(env, fmt, a, b) ? 1n : 0n)),
    integer('flt', 2, (env, a, b) => (lt(env, fmt, a, b) ? 1n : 0n)),
    integer('fle', 2, (env, a, b) => (le(env, fmt, a, b) ? 1n : 0n)),
    integer('fclass', 1, (_env, a) => BigInt(classify(fmt, a))),
    ...integerTypes.flatMap(({ suffix, signed, bits }): Row[] => [
      integer(`fcvt.${suffix}`, 1, (env, a) => {
        const value = toInteger(env, fmt, a, { signed, bits });
        return BigInt.asUintN(64, BigInt.asIntN(bits, value));
      }),
      {
        name: `fcvt.${fmt.name}.${suffix}`,
        source: null,
        assembly: `fcvt.${fmt.name}.${suffix} ft3, %[a]`,
        meaning: (env, a) => write(fromInteger(env, fmt, signed ? BigInt.asIntN(bits, a) : BigInt.asUintN(bits, a))),
      },
    ]),
  ];
}

const ROWS: Row[] = [
  ...rowsOf(F32),
  ...rowsOf(F64),
  {
    name: 'fcvt.s.d',
    source: F64,
    assembly: 'fcvt.s.d ft3, ft0',
    meaning: (env, a) => box(convert(env, F64, F32, a)),
  },
  {
    name: 'fcvt.d.s',
    source: F32,
    assembly: 'fcvt.d.s ft3, ft0',
    meaning: (env, a) => convert(env, F32, F64, unbox(a)),
  },
];

/** A C program that reads {row, mode, a, b, c} records and writes {result, fflags} ones, all of 64-bit words. */
function program(): string {
  const instructions = ROWS.map(({ assembly }, index) => {
    const result = assembly.includes('%[integer]') ? '' : 'fmv.x.d %[integer], ft3\\n\\t';
    return `
    case ${index}:
      asm volatile("fsrm %[mode]\\n\\t"
                   "fmv.d.x ft0, %[a]\\n\\tfmv.d.x ft1, %[b]\\n\\tfmv.d.x ft2, %[c]\\n\\t"
                   "fsflags zero\\n\\t"
                   "${assembly}\\n\\t"
                   "frflags %[flags]\\n\\t${result}"
                   : [integer] "=&r"(out.result), [flags] "=&r"(out.flags)
                   : [mode] "r"(in.mode), [a] "r"(in.a), [b] "r"(in.b), [c] "r"(in.c)
                   : "ft0", "ft1", "ft2", "ft3");
      break;`;
  });
  return `#include <stdint.h>
#include <stdio.h>
int main(void) {
  struct { uint64_t row, mode, a, b, c; } in;
  struct { uint64_t result, flags; } out;
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    switch (in.row) {${instructions.join('')}
    default:
      return 1;
    }
    fwrite(&out, sizeof out, 1, stdout);
  }
  return 0;
}
`;
}

/** Operands of each row: every pair of special data, then random ones. */
function* operandsOf(row: Row, random: Random): Generator<Operands> {
  const { source } = row;
  if (source === null) {
    for (let i = 0; i < RANDOM_CASES; i++) yield [integerOperand(random), 0n, 0n];
    return;
  }
  const floats = new FloatSource(source, random);
  for (const a of floats.special) {
    for (const b of floats.special) yield held(source, random, [a, b, random.pick(floats.special)]);
  }
  for (let i = 0; i < RANDOM_CASES; i++) yield held(source, random, floats.triple());
}

function held(fmt: FloatFormat, random: Random, data: Operands): Operands {
  if (fmt !== F32) return data;
  const [a, b, c] = data;
  return [inRegister(a, random), inRegister(b, random), inRegister(c, random)];
}

/** A binary32 datum as a register holds it, and once in a while not NaN-boxed. */
function inRegister(bits: bigint, random: Random): bigint {
  switch (random.below(64)) {
    case 0:
      return bits;
    case 1:
      return bits | 0xffff_fffe_0000_0000n;
    default:
      return box(bits);
  }
}

/** 64 bits of which a random number, in a random place, matter: small integers, runs of zeros, ties, and both signs. */
function integerOperand(random: Random): bigint {
  const value = random.bits(1 + random.below(64)) << BigInt(random.below(64));
  const offset = BigInt(random.below(5) - 2);
  return BigInt.asUintN(64, random.bits(1) === 0n ? value + offset : -value + offset);
}

const hex = (bits: bigint) => `0x${bits.toString(16).padStart(16, '0')}`;

describe('softfloat against QEMU', function () {
  this.timeout(300_000);
  let directory: string;
  let executable: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'softfloat-'));
    executable = join(directory, 'floats');
    const source = join(directory, 'floats.c');
    writeFileSync(source, program());
    execFileSync('riscv64-linux-gnu-gcc', ['-O1', '-static', '-o', executable, source]);
  });

  after(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true });
  });

  for (const [index, row] of ROWS.entries()) {
    it(`${row.name}: same result and flags in all rounding modes`, () => {
      const random = new Random(SEED * 1000n + BigInt(index));
      const cases = [...operandsOf(row, random)].flatMap((operands) =>
        [0, 1, 2, 3, 4].map((rounding) => ({ rounding, operands })),
      );
      const input = Buffer.alloc(cases.length * INPUT_BYTES);
      for (const [at, { rounding, operands }] of cases.entries()) {
        const words = [BigInt(index), BigInt(rounding), ...operands];
        for (const [word, value] of words.entries()) input.writeBigUInt64LE(value, at * INPUT_BYTES + word * 8);
      }
      const output = execFileSync('qemu-riscv64-static', [executable], { input, maxBuffer: 2 ** 30 });
      expect(output.length).to.equal(cases.length * OUTPUT_BYTES);
      const mismatches: string[] = [];
      for (const [at, { rounding, operands }] of cases.entries()) {
        const env = { rounding, flags: 0 };
        const result = row.meaning(env, ...operands);
        const expected = output.readBigUInt64LE(at * OUTPUT_BYTES);
        const expectedFlags = Number(output.readBigUInt64LE(at * OUTPUT_BYTES + 8));
        if (result !== expected || env.flags !== expectedFlags) {
          mismatches.push(
            `${operands.map(hex).join(' ')} mode ${rounding}: ${hex(result)} flags ${env.flags}, ` +
              `QEMU ${hex(expected)} flags ${expectedFlags}`,
          );
        }
      }
      expect(mismatches.length, mismatches.slice(0, 10).join('\n')).to.equal(0);
    });
  }
});
