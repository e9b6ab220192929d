/** A hart on a test bench: 4 MiB of RAM, an environment that records, and page tables written by hand. */
import type { Operands } from '../../lib/isa/format.js';
import { insert, type OperandField } from '../../lib/isa/format.js';
import { lookup } from '../../lib/isa/table.js';
import { EXIT, type Exit } from '../../lib/machine/engine.js';
import type { AccessType, Environment } from '../../lib/machine/environment.js';
import { Hart } from '../../lib/machine/hart.js';
import { CELL, CONTEXT_SHIFT, counterNames, layoutOf, REGIME, type RegimeName } from '../../lib/machine/layout.js';
import { MachineMemory } from '../../lib/machine/memory.js';
import { GuestAccess } from '../../lib/machine/reference/access.js';
import { ReferenceEngine } from '../../lib/machine/reference/engine.js';
import { Mmu } from '../../lib/machine/reference/mmu.js';

export const RAM = 0x80000000n;
export const CODE = RAM + 0x1000n;
export const DATA = RAM + 0x10000n;
const TABLES = 0x100000n;
export const PRICES = { walkReference: 10, misaligned: 100, adUpdate: 1000, deviceAccess: 10000 };

/** Encodes an instruction by name. Throws RangeError if an operand does not fit. */
export const encode = (name: string, operands: Partial<Operands> = {}): number => {
  const row = lookup(name)?.row;
  if (row === undefined) throw new RangeError(`no instruction ${name}`);
  let encoding = row.match;
  for (const [key, value] of Object.entries(operands)) {
    const field = row.fields[key as OperandField];
    const bits = field && insert(field, value);
    if (bits === undefined) throw new RangeError(`${name}: ${key} cannot be ${value}`);
    encoding |= bits;
  }
  return encoding >>> 0;
};

export class Bench {
  readonly memory = new MachineMemory(
    layoutOf({ harts: 1, dataEntries: 64, fetchEntries: 64, ramSize: 4 << 20, codePages: 4 }),
  );
  readonly hart = new Hart(0, this.memory);
  /** What the environment was asked, in order. */
  readonly log: string[] = [];
  /** Answers of the environment, which tests replace. */
  pmp: (physical: bigint, access: AccessType, privilege: number) => boolean = () => true;
  deviceLoad: (physical: bigint, bytes: number) => bigint | undefined = () => 0x1122334455667788n;
  deviceStore: (physical: bigint, bytes: number, value: bigint) => boolean = () => true;
  system: Record<string, (...args: (number | bigint)[]) => number | bigint | undefined> = {};
  floatUse: () => boolean = () => true;
  readonly environment: Environment = {
    system: new Proxy({} as Environment['system'], {
      get:
        (_, name: string) =>
        (...args: (number | bigint)[]) => {
          this.log.push(`${name}(${args.join(', ')})`);
          return this.system[name]?.(...args) ?? 0n;
        },
    }),
    illegal: () => {
      this.log.push('illegal');
      this.hart.raise(2);
    },
    floatUse: () => this.floatUse(),
    pmp: (physical, access, privilege) => this.pmp(physical, access, privilege),
    deviceLoad: (physical, bytes) => {
      this.log.push(`load ${physical.toString(16)}/${bytes}`);
      return this.deviceLoad(physical, bytes);
    },
    deviceStore: (physical, bytes, value) => {
      this.log.push(`store ${physical.toString(16)}/${bytes} ${value.toString(16)}`);
      return this.deviceStore(physical, bytes, value);
    },
  };
  readonly mmu = new Mmu(this.environment);
  readonly access = new GuestAccess(this.mmu);
  readonly engine = new ReferenceEngine(this.environment);

  constructor() {
    const { hart } = this;
    for (const [name, cycles] of Object.entries(PRICES)) hart.setPrice(name as keyof typeof PRICES, cycles);
    for (const name of ['data', 'fetch', 'explicit'] as const) this.regime(name, { privilege: 3 });
    hart.setCell32('floatState', 2);
    this.memory.u8.set([0, 1, 2, 3, 4, 255, 255, 0], hart.address + CELL.rounding);
    hart.setCell('fetchPage', -1n);
    hart.pc = CODE;
  }

  regime(
    name: RegimeName,
    fields: { context?: number; privilege?: number; flags?: number; stage1?: bigint; stage2?: bigint },
  ): void {
    const { context = 1, privilege = 1, flags = 0, stage1 = 0n, stage2 = 0n } = fields;
    this.hart.setRegime(name, { context: context << CONTEXT_SHIFT, privilege, flags, stage1, stage2 });
  }

  /** Writes instructions from CODE on; a compressed one takes 2 bytes. */
  program(...encodings: number[]): void {
    let at = Number(CODE);
    for (const encoding of encodings) {
      const length = (encoding & 3) === 3 ? 4 : 2;
      this.memory.write(at, new Uint8Array(new Uint32Array([encoding]).buffer, 0, length));
      at += length;
    }
    this.hart.pc = CODE;
  }
  /** Executes one instruction. */
  execute(encoding: number): Exit {
    this.program(encoding);
    this.hart.setCell32('fault', 0);
    return this.engine.step(this.hart, 1);
  }

  read64(physical: bigint): bigint {
    return this.memory.view.getBigUint64(this.memory.host(Number(physical), 8), true);
  }
  write64(physical: bigint, value: bigint): void {
    this.memory.view.setBigUint64(this.memory.host(Number(physical), 8), value, true);
  }

  /** The counters that are not 0. */
  counters(): Record<string, number> {
    const all = counterNames.map((name) => [name, Number(this.hart.counter(name))] as const);
    return Object.fromEntries(all.filter(([, count]) => count !== 0));
  }
  /** The pending exception, cleared. */
  trap(): { cause: number; value: bigint; value2: bigint; instruction: bigint; guest: boolean } | undefined {
    const { hart } = this;
    if (!hart.faulted) return undefined;
    hart.setCell32('fault', 0);
    return {
      cause: Number(hart.cell('trapCause')),
      value: hart.cell('trapValue'),
      value2: hart.cell('trapValue2'),
      instruction: hart.cell('trapInstruction'),
      guest: hart.cell32('trapGuest') !== 0,
    };
  }
}

export { EXIT, REGIME };

/** Flags of a page table entry, V included where the name starts with a permission. */
export const P = { V: 1n, R: 3n, RW: 7n, X: 9n, RX: 11n, RWX: 15n, U: 16n, A: 64n, D: 128n, AD: 192n };

/** Page tables in RAM. `base` is what is added to an address in an entry to get the address in RAM. */
export class Tables {
  readonly root: bigint;
  #free: bigint;

  constructor(
    readonly bench: Bench,
    readonly levels: number,
    readonly base = 0n,
    readonly at = RAM + TABLES,
  ) {
    this.root = at - base;
    // The root of a G-stage takes four pages.
    this.#free = this.root + 0x4000n;
  }
  /** The value of satp, vsatp or hgatp for these tables. */
  get atp(): bigint {
    return (BigInt(this.levels + 5) << 60n) | (this.root >> 12n);
  }
  /** Address in RAM of the entry for an address at a level; the tables above it are made. */
  entry(address: bigint, level = 0): bigint {
    let table = this.root + this.base;
    for (let l = this.levels - 1; ; l--) {
      const mask = l === this.levels - 1 ? 0x7ffn : 0x1ffn;
      const width = BigInt(12 + 9 * this.levels);
      const used = this.base === 0n && address >= 1n << 63n ? address & ((1n << width) - 1n) : address;
      const entry = table + ((used >> BigInt(12 + 9 * l)) & mask) * 8n;
      if (l === level) return entry;
      if (this.bench.read64(entry) === 0n) {
        this.bench.write64(entry, ((this.#free >> 12n) << 10n) | P.V);
        this.#free += 0x1000n;
      }
      table = ((this.bench.read64(entry) >> 10n) << 12n) + this.base;
    }
  }
  map(address: bigint, target: bigint, flags: bigint, level = 0): void {
    this.bench.write64(this.entry(address, level), ((target >> 12n) << 10n) | flags);
  }
}
