/** What a machine can be asked to be, with its defaults and the errors for what it cannot be. */
import { VivariumError } from '../abi/errors.js';
import { type Costs, defaultCosts } from './costs.js';
import type { BlockStore } from './devices/virtio/block-store.js';
import type { VirtioConsole } from './devices/virtio/console.js';
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
  const [, digits, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(value) ?? [];
  const factor = UNITS[unit];
  if (digits === undefined || factor === undefined)
    throw new MachineOptionError(
      'MACHINE_MEMORY',
      'Machine',
      `memory '${value}' is no size`,
      'write it as 128MiB or in bytes',
    );
  return Number(digits) * factor;
};

const check = (holds: boolean, code: string, problem: string, remedy: string): void => {
  if (!holds) throw new MachineOptionError(code, 'Machine', problem, remedy);
};
const isPowerOfTwo = (n: number): boolean => Number.isInteger(n) && n > 0 && (n & (n - 1)) === 0;
const within = (n: number, low: number, high: number): boolean => Number.isInteger(n) && n >= low && n <= high;

/** Fills in the defaults. @throws MachineOptionError for what no machine can be. */
export const configure = (options: MachineOptions): Configuration => {
  const memory = parseBytes(options.memory ?? 128 * 2 ** 20);
  const { harts = 1, engine = 'interpreter', firmware = 'sbi', quantum = 5000, codePages = 1024 } = options;
  const { disks = [], networks = [], consoles = [] } = options;
  const devices = disks.length + networks.length + consoles.length;
  const tlb = { data: options.tlb?.data ?? 4096, fetch: options.tlb?.fetch ?? 256 };
  check(
    within(memory, 2 ** 20, 3 * 2 ** 30) && memory % 4096 === 0,
    'MACHINE_MEMORY',
    `${String(options.memory)} of memory`,
    'give a multiple of 4 KiB from 1MiB to 3GiB',
  );
  check(within(harts, 1, 8), 'MACHINE_HARTS', `${harts} harts`, 'give 1 to 8');
  check(
    engine === 'interpreter' || engine === 'reference',
    'MACHINE_ENGINE',
    `engine '${engine}'`,
    "give 'interpreter' or 'reference'",
  );
  check(
    firmware === 'sbi' || firmware === 'none',
    'MACHINE_FIRMWARE',
    `firmware '${firmware}'`,
    "give 'sbi' or 'none'",
  );
  check(within(quantum, 1, 2 ** 30), 'MACHINE_QUANTUM', `a quantum of ${quantum} cycles`, 'give 1 or more');
  check(within(codePages, 2, 65536), 'MACHINE_CODE', `${codePages} pages of decoded code`, 'give 2 to 65,536');
  for (const entries of [tlb.data, tlb.fetch]) {
    check(
      isPowerOfTwo(entries) && within(entries, 16, 65536),
      'MACHINE_TLB',
      `${entries} TLB entries`,
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
    costs: { ...defaultCosts, ...options.costs },
    epoch: options.epoch ?? 1_767_225_600_000_000_000n,
  };
};
