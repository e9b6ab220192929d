/** Generates the interpreter of one hart as a WebAssembly module. */
import { helpers } from '../../isa/helpers.js';
import { ModuleBuilder } from '../wasm/module.js';
import { type WasmModule, wasm } from '../wasm/platform.js';
import { buildAccessors } from './access.js';
import { buildFetcher } from './fetch.js';
import { buildFloat } from './float.js';
import { buildMultiply } from './multiply.js';
import { buildRun } from './run.js';
import { HartCode } from './state.js';
import { buildStep } from './step.js';
import { buildSteps } from './steps.js';
import { buildWalker } from './walk.js';

export interface Target {
  /** Where the hart's block lies, and the shape of its TLBs. */
  readonly address: number;
  readonly dataEntries: number;
  readonly fetchEntries: number;
  readonly fetchTlbAt: number;
}

/** The bytes of the module. Its imports are the functions of `InterpreterImports` and the memory, all under `host`. */
export const generate = (target: Target): Uint8Array => {
  const module = new ModuleBuilder(1);
  const hart = new HartCode(target.address, target.dataEntries, target.fetchEntries, target.fetchTlbAt);
  const pmp = module.import('pmp', ['i64', 'i32', 'i32'], 'i32');
  const accessImports = {
    deviceLoad: module.import('deviceLoad', ['i64', 'i32', 'i64'], 'i64'),
    deviceStore: module.import('deviceStore', ['i64', 'i32', 'i64', 'i64']),
  };
  const fetchImports = {
    codePage: module.import('codePage', ['i32'], 'i32'),
    decodeStraddle: module.import('decodeStraddle', ['i32', 'i32']),
  };
  const stepImports = { illegal: module.import('illegal', []), floatUse: module.import('floatUse', [], 'i32') };
  const runImports = { decode: module.import('decode', ['i32']), unmask: module.import('unmask', ['i32']) };
  const helperImports = Object.fromEntries(
    Object.values(helpers).map((h) => [h.name, module.import(h.name, h.params, h.result)]),
  );
  const library = { mulh: buildMultiply(module), helpers: buildFloat(module, hart, helperImports) };
  const walker = buildWalker(module, hart, { pmp });
  const access = buildAccessors(module, hart, walker, accessImports);
  const fetcher = buildFetcher(module, hart, walker, fetchImports);
  const step = buildStep(module, hart, library, access, stepImports);
  module.export('run', buildRun(module, hart, library, fetcher, step, runImports));
  module.export('step', buildSteps(module, hart, fetcher, step, runImports));
  return module.finish();
};

const compiled = new Map<string, WasmModule>();

/** The compiled module; harts at the same address with the same TLBs share it, in all machines of the process. */
export const moduleFor = (target: Target): WasmModule => {
  const key = JSON.stringify(target);
  const known = compiled.get(key) ?? new wasm.Module(generate(target));
  compiled.set(key, known);
  return known;
};
