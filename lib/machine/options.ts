/** What a machine can be asked to be, with its defaults and the errors for what it cannot be. */
import { VivariumError } from '../abi/errors.js';
import { describeValue, isObject } from './arguments.js';
import { type Costs, defaultCosts } from './costs.js';
import type { BlockStore } from './devices/virtio/block-store.js';
import { VirtioConsole } from './devices/virtio/console.js';
import type { NetworkPort } from './devices/virtio/net.js';
import type { EngineName } from './engine.js';

/** An option that no machine can satisfy. */
export class MachineOptionError extends VivariumError {
  override readonly name = 'MachineOptionError';
}

export interface MachineOptions {
  /** RAM in bytes, or as text such as `128MiB`; a multiple of 4 KiB, 1 MiB to 3 GiB. Default 128 MiB. */
  readonly memory?: number | string;
  /** 1 to 8. Default 1. */
  readonly harts?: number;
  /** Default `interpreter`. */
  readonly engine?: EngineName;
  /** Seeds everything random in the machine. Default 1. */
  readonly seed?: number | bigint;
  /** `sbi`: the machine answers SBI calls and software starts in S-mode (default). `none`: software starts in M-mode. */
  readonly firmware?: 'sbi' | 'none';
  /** Whether the harts have the H extension. Default true. */
  readonly hypervisor?: boolean;
  /** Whether hardware sets the A and D bits of PTEs when an M-mode firmware has not said so (Svadu). Only with `sbi`; default false. */
  readonly hardwareDirty?: boolean;
  /** Entries of each hart's data and fetch TLB, powers of two from 16 to 65,536. Default 4,096 and 256. */
  readonly tlb?: { readonly data?: number; readonly fetch?: number };
  /** Pages of decoded code kept, at least 2. Default 1,024 (16 MiB). */
  readonly codePages?: number;
  /** Cycles that a hart runs before the next one's turn, if there are several. Default 5,000. */
  readonly quantum?: number;
  readonly costs?: Partial<Costs>;
  /** What the real-time clock shows at power-on, in nanoseconds since 1970. Default 2026-01-01. */
  readonly epoch?: bigint;
  /** Block devices, in virtio slots from 0 on; then come the network ports, the consoles and the entropy source. */
  readonly disks?: readonly (BlockStore | { readonly store: BlockStore; readonly readOnly?: boolean })[];
  readonly networks?: readonly NetworkPort[];
  /** Virtio consoles beside the serial port. */
  readonly consoles?: readonly VirtioConsole[];
}

export interface Configuration extends Required<Omit<MachineOptions, 'memory' | 'seed' | 'tlb' | 'costs'>> {
  readonly memory: number;
  readonly seed: bigint;
  readonly tlb: { readonly data: number; readonly fetch: number };
  readonly costs: Costs;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/**
 * Bytes from a number or from text such as `64MiB`.
 * @throws MachineOptionError for anything else.
 */
export const parseBytes = (value: number | string): number => {
  if (typeof value === 'number') return value;
  const isText = typeof value === 'string' && value.length < 100;
  const [, digits, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(isText ? value : '') ?? [];
  const factor = UNITS[unit];
  if (digits === undefined || factor === undefined)
    throw new MachineOptionError(
      'MACHINE_MEMORY',
      'Machine',
      `memory is ${describeValue(value)}, which is no size`,
      'write it as 128MiB or in bytes',
    );
  return Number(digits) * factor;
};

const check = (holds: boolean, code: string, problem: string, remedy: string): void => {
  if (!holds) throw new MachineOptionError(code, 'Machine', problem, remedy);
};
const isPowerOfTwo = (n: number): boolean => Number.isInteger(n) && n > 0 && (n & (n - 1)) === 0;
const within = (n: number, low: number, high: number): boolean => Number.isInteger(n) && n >= low && n <= high;

/** A size that the driver can be told: whole sectors. */
const isDisk = (disk: unknown): boolean => {
  const store = isObject(disk) && 'store' in disk ? disk.store : disk;
  if (!isObject(store)) return false;
  const { size, read, write, flush } = store as Partial<BlockStore>;
  const callable = [read, write, flush].every((method) => typeof method === 'function');
  return callable && Number.isSafeInteger(size) && (size as number) >= 0 && (size as number) % 512 === 0;
};
const isNetwork = (port: unknown): boolean =>
  isObject(port) &&
  typeof (port as Partial<NetworkPort>).send === 'function' &&
  typeof (port as Partial<NetworkPort>).onReceive === 'function';
const isWord = (value: unknown): boolean =>
  typeof value === 'bigint' ? value === BigInt.asUintN(64, value) : Number.isSafeInteger(value) && Number(value) >= 0;

/** The types that TypeScript would have checked. */
const checkTypes = (options: MachineOptions): void => {
  check(isObject(options), 'MACHINE_OPTIONS', `options are ${describeValue(options)}`, 'give an object');
  const { disks = [], networks = [], consoles = [], tlb = {}, costs = {}, seed = 1, epoch = 0n } = options;
  for (const [what, list, fits, remedy] of [
    ['disks', disks, isDisk, 'give a list of block stores, each of a multiple of 512 bytes'],
    ['networks', networks, isNetwork, 'give a list of ports with send and onReceive'],
    ['consoles', consoles, (item: unknown) => item instanceof VirtioConsole, 'give a list of VirtioConsole'],
  ] as const)
    check(Array.isArray(list) && list.every(fits), 'MACHINE_DEVICES', `${what} of another kind`, remedy);
  check(isObject(tlb), 'MACHINE_TLB', `tlb is ${describeValue(tlb)}`, 'give { data, fetch }');
  check(isWord(seed), 'MACHINE_SEED', `a seed that is ${describeValue(seed)}`, 'give a whole number below 2**64');
  check(
    typeof epoch === 'bigint' && isWord(epoch),
    'MACHINE_EPOCH',
    `an epoch that is ${describeValue(epoch)}`,
    'give nanoseconds since 1970 as a bigint below 2**64',
  );
  check(isObject(costs), 'MACHINE_COSTS', `costs are ${describeValue(costs)}`, 'give an object');
  for (const [name, cost] of Object.entries(costs) as [string, unknown][]) {
    const holds = cost === undefined || within(cost as number, 0, 2 ** 20);
    check(
      holds && (name !== 'instruction' || cost === undefined || cost === 1),
      'MACHINE_COSTS',
      `${name} costs ${describeValue(cost)}`,
      'give 0 to 1,048,576 cycles, and 1 for an instruction',
    );
  }
  for (const name of ['hypervisor', 'hardwareDirty'] as const) {
    const value: unknown = options[name];
    check(
      value === undefined || typeof value === 'boolean',
      'MACHINE_OPTIONS',
      `${name} is ${describeValue(value)}`,
      'give true or false',
    );
  }
};

/** Fills in the defaults. @throws MachineOptionError for what no machine can be. */
export const configure = (options: MachineOptions): Configuration => {
  checkTypes(options);
  const memory = parseBytes(options.memory ?? 128 * 2 ** 20);
  const { harts = 1, engine = 'interpreter', firmware = 'sbi', quantum = 5000, codePages = 1024 } = options;
  const { disks = [], networks = [], consoles = [] } = options;
  const devices = disks.length + networks.length + consoles.length;
  const tlb = { data: options.tlb?.data ?? 4096, fetch: options.tlb?.fetch ?? 256 };
  check(
    within(memory, 2 ** 20, 3 * 2 ** 30) && memory % 4096 === 0,
    'MACHINE_MEMORY',
    `${describeValue(options.memory)} of memory`,
    'give a multiple of 4 KiB from 1MiB to 3GiB',
  );
  check(within(harts, 1, 8), 'MACHINE_HARTS', `${String(harts)} harts`, 'give 1 to 8');
  check(
    engine === 'interpreter' || engine === 'reference',
    'MACHINE_ENGINE',
    `engine '${String(engine)}'`,
    "give 'interpreter' or 'reference'",
  );
  check(
    firmware === 'sbi' || firmware === 'none',
    'MACHINE_FIRMWARE',
    `firmware '${String(firmware)}'`,
    "give 'sbi' or 'none'",
  );
  check(within(quantum, 1, 2 ** 30), 'MACHINE_QUANTUM', `a quantum of ${String(quantum)} cycles`, 'give 1 or more');
  check(within(codePages, 2, 65536), 'MACHINE_CODE', `${String(codePages)} pages of decoded code`, 'give 2 to 65,536');
  for (const entries of [tlb.data, tlb.fetch]) {
    check(
      isPowerOfTwo(entries) && within(entries, 16, 65536),
      'MACHINE_TLB',
      `${String(entries)} TLB entries`,
      'give a power of two from 16 to 65,536',
    );
  }
  check(devices <= 7, 'MACHINE_DEVICES', `${devices} virtio devices`, 'give 7 at most');
  return {
    memory,
    harts,
    engine,
    firmware,
    quantum,
    codePages,
    tlb,
    disks,
    networks,
    consoles,
    seed: BigInt(options.seed ?? 1),
    hypervisor: options.hypervisor ?? true,
    hardwareDirty: options.hardwareDirty ?? false,
    costs: {
      ...defaultCosts,
      ...Object.fromEntries(Object.entries(options.costs ?? {}).filter(([, cost]) => cost !== undefined)),
    },
    epoch: options.epoch ?? 1_767_225_600_000_000_000n,
  };
};
