/** Saving a whole machine as plain data and taking it back: the continuation is the same, to the last counter. */
import { VivariumError } from '../abi/errors.js';
import { isBytes, isObject } from './arguments.js';
import { checksumOf } from './digest.js';
import { PAGE_SIZE } from './layout.js';
import type { Machine } from './machine.js';
import type { PrivilegedState } from './privileged.js';

/** A snapshot that this machine cannot take over. */
export class SnapshotError extends VivariumError {
  override readonly name = 'SnapshotError';
}

/** What must be equal in the machine that takes a snapshot over. */
interface Shape {
  readonly memory: number;
  readonly harts: number;
  readonly dataEntries: number;
  readonly fetchEntries: number;
  readonly codePages: number;
  readonly firmware: string;
  readonly hypervisor: boolean;
  readonly devices: readonly string[];
  /** Bytes of each disk. */
  readonly disks: readonly number[];
}

/**
 * Plain data, fit for structuredClone and postMessage. Contents of disks are not in it: a block store belongs to
 * whoever injected it.
 */
export interface Snapshot {
  readonly version: 1;
  readonly shape: Shape;
  /** The harts' blocks: registers, CSRs, counters, TLBs. */
  readonly harts: Uint8Array;
  /** Pages of RAM that are not all zero: their numbers, and their contents one after the other. */
  readonly pages: Uint32Array;
  readonly contents: Uint8Array;
  readonly privileged: readonly PrivilegedState[];
  readonly devices: readonly unknown[];
  readonly htif: unknown;
  readonly hartStates: unknown;
  readonly scheduler: unknown;
  /** Of all but the contents of RAM, so that a damaged snapshot is refused as a whole. */
  readonly checksum: string;
}

const shapeOf = ({ configuration, memory, bus }: Machine): Shape => ({
  memory: configuration.memory,
  harts: configuration.harts,
  dataEntries: memory.layout.dataEntries,
  fetchEntries: memory.layout.fetchEntries,
  codePages: memory.layout.codePages,
  firmware: configuration.firmware,
  hypervisor: configuration.hypervisor,
  devices: bus.devices.map(({ name }) => name),
  disks: configuration.disks.map((disk) => ('store' in disk ? disk.store : disk).size),
});

const hartsRange = ({ memory: { layout } }: Machine): [number, number] => [
  layout.hartBase,
  layout.hartBase + layout.harts * layout.hartSize,
];

const usedPages = ({ memory: { layout, u64 } }: Machine): Uint32Array => {
  const words = PAGE_SIZE / 8;
  const used: number[] = [];
  for (let page = 0; page < layout.ramSize / PAGE_SIZE; page++) {
    const first = layout.ram / 8 + page * words;
    for (let i = first; i < first + words; i++) {
      if (u64[i] !== 0n) {
        used.push(page);
        break;
      }
    }
  }
  return Uint32Array.from(used);
};

const checksum = (state: Omit<Snapshot, 'contents' | 'checksum'>): string => {
  const { harts, pages, privileged, devices, htif, hartStates, scheduler } = state;
  return checksumOf([harts, [...pages], privileged, devices, htif, hartStates, scheduler]);
};

export const snapshotOf = (machine: Machine): Snapshot => {
  const { layout, u8 } = machine.memory;
  const pages = usedPages(machine);
  const contents = new Uint8Array(pages.length * PAGE_SIZE);
  for (const [i, page] of pages.entries()) {
    const from = layout.ram + page * PAGE_SIZE;
    contents.set(u8.subarray(from, from + PAGE_SIZE), i * PAGE_SIZE);
  }
  const state = {
    version: 1 as const,
    shape: shapeOf(machine),
    harts: u8.slice(...hartsRange(machine)),
    pages,
    privileged: machine.cores.map(({ privileged }) => structuredClone(privileged.save())),
    devices: machine.bus.devices.map((device) => structuredClone(device.save())),
    htif: machine.htif.save(),
    hartStates: machine.hartStates.save(),
    scheduler: machine.scheduler.save(),
  };
  return { ...state, contents, checksum: checksum(state) };
};

const check = (machine: Machine, snapshot: Snapshot): void => {
  if (!isObject(snapshot) || snapshot.version !== 1 || !isObject(snapshot.shape))
    throw new SnapshotError(
      'SNAPSHOT_FORMAT',
      'restore',
      'this is no snapshot of version 1',
      'give what snapshot() returned',
    );
  const [mine, other] = [shapeOf(machine), snapshot.shape] as unknown as Record<string, unknown>[];
  for (const key of Object.keys(mine as object)) {
    const [here, there] = [JSON.stringify(mine?.[key]), JSON.stringify(other?.[key])];
    if (here !== there)
      throw new SnapshotError(
        'SNAPSHOT_SHAPE',
        'restore',
        `${key} is ${here} here and ${there} in the snapshot`,
        'make the machine with the same options',
      );
  }
  const [from, to] = hartsRange(machine);
  const typed =
    isBytes(snapshot.harts) &&
    isBytes(snapshot.contents) &&
    snapshot.pages instanceof Uint32Array &&
    [snapshot.privileged, snapshot.devices].every(Array.isArray);
  const whole =
    typed &&
    snapshot.harts.length === to - from &&
    snapshot.contents.length === snapshot.pages.length * PAGE_SIZE &&
    checksum(snapshot) === snapshot.checksum;
  if (!whole || snapshot.pages.some((page) => page >= machine.configuration.memory / PAGE_SIZE))
    throw new SnapshotError(
      'SNAPSHOT_FORMAT',
      'restore',
      'the snapshot is incomplete or damaged',
      'give what snapshot() returned',
    );
};

/** @throws SnapshotError if the snapshot is of a machine with other options; the machine is then unchanged. */
export const restoreInto = (machine: Machine, snapshot: Snapshot): void => {
  check(machine, snapshot);
  const { layout, u8 } = machine.memory;
  u8.set(snapshot.harts, layout.hartBase);
  u8.fill(0, layout.ram, layout.ram + layout.ramSize);
  for (const [i, page] of snapshot.pages.entries()) {
    u8.set(snapshot.contents.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE), layout.ram + page * PAGE_SIZE);
  }
  machine.forgetDecodedCode();
  for (const [i, { privileged }] of machine.cores.entries())
    privileged.restore(structuredClone(snapshot.privileged[i]) as PrivilegedState);
  for (const [i, device] of machine.bus.devices.entries()) device.restore(structuredClone(snapshot.devices[i]));
  machine.htif.restore(snapshot.htif);
  machine.hartStates.restore(snapshot.hartStates);
  machine.scheduler.restore(snapshot.scheduler);
};
