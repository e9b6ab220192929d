/** The fast engine: a generated WebAssembly interpreter over decoded code. */
import type { Engine, Exit } from '../engine.js';
import type { Environment } from '../environment.js';
import { floatHelpers } from '../float.js';
import type { Hart } from '../hart.js';
import { REGIME } from '../layout.js';
import type { MachineMemory } from '../memory.js';
import { type WasmImport, wasm } from '../wasm/platform.js';
import { CodeCache } from './code-cache.js';
import { moduleFor } from './generate.js';

const ACCESS_NAMES = ['load', 'store', 'fetch'] as const;

interface Instance {
  run(): number;
  step(count: number): number;
}

export class Interpreter implements Engine {
  readonly name = 'interpreter';
  readonly code: CodeCache;
  readonly #instances: readonly Instance[];

  /** @param environments - by hart id */
  constructor(memory: MachineMemory, harts: readonly Hart[], environments: readonly Environment[]) {
    this.code = new CodeCache(memory, harts);
    this.#instances = harts.map((hart) => this.#instantiate(memory, hart, environments[hart.id] as Environment));
  }

  run(hart: Hart): Exit {
    return (this.#instances[hart.id] as Instance).run() as Exit;
  }
  step(hart: Hart, count: number): Exit {
    const instance = this.#instances[hart.id] as Instance;
    const exit = instance.step(count) as Exit;
    this.code.mask();
    return exit;
  }

  #instantiate(memory: MachineMemory, hart: Hart, environment: Environment): Instance {
    const { dataEntries, fetchEntries, fetchTlbAt } = memory.layout;
    const module = moduleFor({ address: hart.address, dataEntries, fetchEntries, fetchTlbAt });
    const guest = (): boolean => (hart.regime('data').flags & REGIME.VIRTUAL) !== 0;
    const imports = {
      memory: memory.wasm,
      ...floatHelpers(() => hart),
      ...environment.system,
      illegal: () => environment.illegal(),
      floatUse: () => (environment.floatUse() ? 1 : 0),
      pmp: (physical: bigint, access: number, privilege: number) =>
        environment.pmp(BigInt.asUintN(64, physical), ACCESS_NAMES[access] as 'load', privilege) ? 1 : 0,
      deviceLoad: (physical: bigint, bytes: number, address: bigint) => {
        const value = environment.deviceLoad(BigInt.asUintN(64, physical), bytes);
        if (value === undefined) hart.raise(5, BigInt.asUintN(64, address), 0n, 0n, guest());
        return value ?? 0n;
      },
      deviceStore: (physical: bigint, bytes: number, value: bigint, address: bigint) => {
        const stored = environment.deviceStore(BigInt.asUintN(64, physical), bytes, BigInt.asUintN(bytes * 8, value));
        if (!stored) hart.raise(7, BigInt.asUintN(64, address), 0n, 0n, guest());
      },
      codePage: (host: number) => this.code.page(host),
      unmask: (record: number) => this.code.unmask(record >>> 0),
      decode: (record: number) => this.code.decodeFrom(record >>> 0),
      decodeStraddle: (record: number, half: number) => this.code.decodeStraddle(record >>> 0, half),
    };
    const instance = new wasm.Instance(module, { host: imports as unknown as Record<string, WasmImport> });
    return instance.exports as unknown as Instance;
  }
}
