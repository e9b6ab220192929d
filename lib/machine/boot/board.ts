/** The device tree of this machine, with the names and properties of QEMU's `virt` board. */
import type { Device, Phandles } from '../device.js';
import { FINISHER_PASS, FINISHER_RESET } from '../devices/finisher.js';
import { RAM_BASE } from '../layout.js';
import { cells, type DeviceTree, type DeviceTreeNode, node, present, text, wideCells } from './device-tree.js';

/** Ticks of the timebase in a second. */
export const TIMEBASE_FREQUENCY = 10_000_000;

export interface BoardOptions {
  readonly harts: number;
  /** Bytes. */
  readonly ramSize: number;
  /** Extensions in canonical order: single letters first, such as ['i', 'm', 'a', 'f', 'd', 'c', 'h', 'zicntr', 'sstc']. */
  readonly extensions: readonly string[];
  readonly mmu: 'sv39' | 'sv48' | 'sv57';
  /** The kernel's command line. */
  readonly bootargs?: string;
  readonly initrd?: { readonly start: number; readonly end: number } | undefined;
  /** Entropy for the kernel, from the machine's seed. */
  readonly rngSeed?: Uint8Array;
  readonly devices: readonly Device[];
}

/** Phandles: 1 and 2 for the PLIC and the finisher, then two for each hart. */
const phandles: Phandles = { plic: 1, finisher: 2, hart: (index) => 4 + index * 2 };
const cpuPhandle = (index: number): number => 3 + index * 2;

/** The ISA string: letters run together, the others behind underscores (Unprivileged ISA, chapter "ISA Extension Naming Conventions"). */
const isaString = (extensions: readonly string[]): string => {
  const letters = extensions.filter((name) => name.length === 1);
  const others = extensions.filter((name) => name.length > 1);
  return `rv64${letters.join('')}${others.map((name) => `_${name}`).join('')}`;
};

const cpuNode = (index: number, { extensions, mmu }: BoardOptions): DeviceTreeNode =>
  node(
    `cpu@${index.toString(16)}`,
    {
      phandle: cells(cpuPhandle(index)),
      device_type: text('cpu'),
      reg: cells(index),
      status: text('okay'),
      compatible: text('riscv'),
      'riscv,isa': text(isaString(extensions)),
      'riscv,isa-base': text('rv64i'),
      'riscv,isa-extensions': text(...extensions),
      'mmu-type': text(`riscv,${mmu}`),
    },
    [
      node('interrupt-controller', {
        '#interrupt-cells': cells(1),
        'interrupt-controller': present(),
        compatible: text('riscv,cpu-intc'),
        phandle: cells(phandles.hart(index)),
      }),
    ],
  );

const cpusNode = (options: BoardOptions): DeviceTreeNode => {
  const harts = [...Array(options.harts).keys()];
  const cores = harts.map((index) => node(`core${index}`, { cpu: cells(cpuPhandle(index)) }));
  return node(
    'cpus',
    { '#address-cells': cells(1), '#size-cells': cells(0), 'timebase-frequency': cells(TIMEBASE_FREQUENCY) },
    [...harts.map((index) => cpuNode(index, options)), node('cpu-map', {}, [node('cluster0', {}, cores)])],
  );
};

const chosenNode = ({ bootargs, initrd, rngSeed, devices }: BoardOptions): DeviceTreeNode =>
  node('chosen', {
    ...(devices.some(({ name }) => name === 'uart') && { 'stdout-path': text('/soc/serial@10000000') }),
    ...(bootargs !== undefined && { bootargs: text(bootargs) }),
    ...(initrd !== undefined && {
      'linux,initrd-start': wideCells(initrd.start),
      'linux,initrd-end': wideCells(initrd.end),
    }),
    ...(rngSeed !== undefined && { 'rng-seed': rngSeed }),
  });

/** How a kernel ends the run or restarts: by a value in the finisher's register. */
const powerNode = (name: string, value: number): DeviceTreeNode =>
  node(name, {
    value: cells(value),
    offset: cells(0),
    regmap: cells(phandles.finisher),
    compatible: text(`syscon-${name}`),
  });

/** Describes the machine to its kernel. */
export const boardTree = (options: BoardOptions): DeviceTree => {
  const { ramSize, devices } = options;
  const hasFinisher = devices.some(({ name }) => name === 'finisher');
  const root = node(
    '',
    {
      '#address-cells': cells(2),
      '#size-cells': cells(2),
      compatible: text('riscv-virtio'),
      model: text('riscv-virtio,vivarium'),
    },
    [
      chosenNode(options),
      ...(hasFinisher ? [powerNode('poweroff', FINISHER_PASS), powerNode('reboot', FINISHER_RESET)] : []),
      node(`memory@${RAM_BASE.toString(16)}`, { device_type: text('memory'), reg: wideCells(RAM_BASE, ramSize) }),
      cpusNode(options),
      node(
        'soc',
        { '#address-cells': cells(2), '#size-cells': cells(2), compatible: text('simple-bus'), ranges: present() },
        devices.map((device) => device.node(phandles)),
      ),
    ],
  );
  return { root, reservations: [], bootCpu: 0 };
};
