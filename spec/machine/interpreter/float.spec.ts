/** The native fast paths of floating point against exact arithmetic: results and flags, on operands that seek corners. */
import { expect } from 'chai';
import type { Type } from '../../../lib/isa/expr.js';
import { type Helper, helpers } from '../../../lib/isa/helpers.js';
import { type FloatHelper, floatHelpers } from '../../../lib/machine/float.js';
import { Hart } from '../../../lib/machine/hart.js';
import { buildFloat } from '../../../lib/machine/interpreter/float.js';
import { HartCode } from '../../../lib/machine/interpreter/state.js';
import { layoutOf } from '../../../lib/machine/layout.js';
import { MachineMemory } from '../../../lib/machine/memory.js';
import { F32, F64 } from '../../../lib/machine/softfloat/index.js';
import { ModuleBuilder } from '../../../lib/machine/wasm/module.js';
import { type WasmImport, wasm } from '../../../lib/machine/wasm/platform.js';
import { FloatSource } from '../../support/floats.js';
import { Random } from '../../support/random.js';

type Operation = (...args: (number | bigint)[]) => number | bigint;
const NX = 1;
/** A bit pattern as WebAssembly passes it. */
const signed = (type: Type, bits: bigint): number | bigint =>
  type === 'i32' ? Number(BigInt.asIntN(32, bits)) : BigInt.asIntN(64, bits);
/** Cases for each helper; more of them by FLOAT_CASES. */
const CASES = Number(process.env.FLOAT_CASES ?? 8000);

const bench = () => {
  const memory = new MachineMemory(
    layoutOf({ harts: 1, dataEntries: 16, fetchEntries: 16, ramSize: 1 << 20, codePages: 2 }),
  );
  const hart = new Hart(0, memory);
  const exact = floatHelpers(() => hart) as Readonly<Record<string, FloatHelper>>;
  const module = new ModuleBuilder(1);
  const floats = Object.values(helpers as Readonly<Record<string, Helper>>).filter(({ kind }) => kind === 'float');
  const imports = Object.fromEntries(floats.map((h) => [h.name, module.import(h.name, h.params, h.result)]));
  const fast = buildFloat(module, new HartCode(hart.address, 16, 16, memory.layout.fetchTlbAt), imports);
  for (const [name, callee] of Object.entries(fast)) module.export(name, callee);
  const host = { ...exact, memory: memory.wasm } as unknown as Record<string, WasmImport>;
  const instance = new wasm.Instance(new wasm.Module(module.finish()), { host });
  return {
    hart,
    floats,
    exact: exact as Record<string, Operation>,
    fast: instance.exports as Record<string, Operation>,
  };
};

describe('native floating point', () => {
  const seed = 20261122n;
  const { hart, floats, exact, fast } = bench();
  const sources = { s: new FloatSource(F32, new Random(seed)), d: new FloatSource(F64, new Random(seed)) };
  const random = new Random(seed);

  /** Operands of the helper's format, with integers that seek corners of their own where it takes one. */
  const operandsOf = ({ name, params }: Helper): (number | bigint)[] => {
    const rounds = !/^(min|max|eq|lt|le|class|cvt\.d\.s)/.test(name);
    const values = params.slice(0, rounds ? -1 : undefined);
    const takesInteger = /^cvt\.[sd]\.(w|l)/.test(name);
    const related = random.below(4) === 0;
    const source = sources[params[0] === 'i32' ? 's' : 'd'];
    if (name.startsWith('fma'))
      return [
        ...source.triple().map((bits) => signed(values[0] as Type, bits)),
        random.below(3) === 0 ? random.below(5) : 0,
      ];
    const drawn = values.map((type): bigint => {
      if (takesInteger)
        return BigInt.asIntN(64, random.bits(64) >> BigInt(random.below(64))) * (random.below(2) === 0 ? 1n : -1n);
      return BigInt.asIntN(type === 'i32' ? 32 : 64, sources[type === 'i32' ? 's' : 'd'].datum());
    });
    // Equal and nearly equal operands are where sums cancel.
    if (related && !takesInteger && drawn.length > 1) drawn[1] = (drawn[0] as bigint) ^ BigInt(random.below(4));
    const args = values.map((type, i) => signed(type, drawn[i] as bigint));
    return rounds ? [...args, random.below(2) === 0 ? 0 : random.below(5)] : args;
  };

  for (const helper of floats) {
    it(`${helper.name}: result and flags equal the exact ones`, () => {
      const run = (operation: Operation, args: (number | bigint)[], flags: number): string => {
        hart.setCell32('fflags', flags);
        const result = operation(...args);
        return `${BigInt.asUintN(helper.result === 'i32' ? 32 : 64, BigInt(result)).toString(16)} flags ${hart.cell32('fflags')}`;
      };
      for (let i = 0; i < CASES; i++) {
        const args = operandsOf(helper);
        const flags = random.below(2) === 0 ? 0 : NX;
        const expected = run(exact[helper.name] as Operation, args, flags);
        const found = run(fast[helper.name] as Operation, args, flags);
        if (found !== expected)
          expect.fail(
            `${helper.name}(${args.map((a) => a.toString(16)).join(', ')}) flags ${flags}: ${found}, exact ${expected}`,
          );
      }
    });
  }

  it('takes the fast path for ordinary numbers, exact or not', () => {
    const word = new DataView(new ArrayBuffer(8));
    const bits = (value: number): bigint => {
      word.setFloat64(0, value);
      return word.getBigInt64(0);
    };
    const before = hart.counter('floatSlow');
    for (const flags of [0, NX]) {
      hart.setCell32('fflags', flags);
      for (const name of ['add.d', 'sub.d', 'mul.d', 'div.d']) (fast[name] as Operation)(bits(10), bits(3), 0);
      (fast['fma.d'] as Operation)(bits(1.1), bits(2.3), bits(-0.7), 0);
      (fast['sqrt.d'] as Operation)(bits(2), 0);
      (fast['cvt.w.d'] as Operation)(bits(-3.5), 1);
      (fast['cvt.d.l'] as Operation)(123456789n, 0);
    }
    expect(hart.counter('floatSlow')).to.equal(before);
  });
});
