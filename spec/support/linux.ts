/** Boots a Linux distribution's kernel, here and under QEMU, with an initramfs made of busybox and a script. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type { Machine } from '../../lib/machine/machine.js';
import type { StopReason } from '../../lib/machine/scheduler.js';
import { read, save, withScratch } from './binutils.js';
import { cpio, type Entry } from './cpio.js';
import { busybox, type DebianKernel } from './debian.js';

/** Quiet until /init speaks, apart from the kernel's own messages. */
export const BOOTARGS = 'console=ttyS0 earlycon=sbi';

/** The lines around what the commands print. */
const BEGIN = '--- begin';
const END = '--- end';

/** The lines that the commands in an initramfs printed, without the kernel's among them. */
export const said = (console: string): string[] => {
  const lines = console.split('\n');
  return lines.slice(lines.indexOf(BEGIN) + 1, lines.indexOf(END)).filter((line) => !/^\[ *\d+\.\d+\] /.test(line));
};

/** An initramfs whose /init runs these shell commands and then powers off; modules are loaded before. */
export const initramfs = (commands: string, modules: ReadonlyMap<string, Uint8Array> = new Map()): Uint8Array => {
  const entries: Record<string, Entry> = {};
  for (const directory of ['bin', 'dev', 'proc', 'sys', 'tmp', 'mnt', 'lib']) entries[directory] = { directory: true };
  entries['dev/console'] = { device: [5, 1] };
  entries['bin/busybox'] = { file: busybox(), mode: 0o755 };
  entries['bin/sh'] = { link: 'busybox' };
  for (const [name, object] of modules) entries[`lib/${name}.ko`] = { file: object };
  const script = [
    '#!/bin/sh',
    '/bin/busybox --install -s /bin',
    'mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev',
    ...[...modules.keys()].map((name) => `insmod /lib/${name}.ko`),
    `echo ${BEGIN}`,
    commands,
    `echo ${END}`,
    'poweroff -f',
    '',
  ];
  entries.init = { file: script.join('\n'), mode: 0o755 };
  return cpio(entries);
};

export interface BootResult {
  /** Everything on the console, without carriage returns. */
  readonly console: string;
  readonly stop: StopReason;
  readonly seconds: number;
}

const tidy = (text: string): string => text.replaceAll('\r', '');

/** Runs a booted machine to its end. */
export const runToEnd = (machine: Machine, limit = 20e9): BootResult => {
  const chunks: Uint8Array[] = [];
  const echo = process.env.VIVARIUM_CONSOLE !== undefined;
  machine.on('output', (bytes) => {
    chunks.push(bytes);
    if (echo) process.stderr.write(bytes);
  });
  const start = process.hrtime.bigint();
  const stop = machine.run({ instructions: limit });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return { console: tidy(Buffer.concat(chunks).toString('utf8')), stop, seconds };
};

export interface QemuOptions {
  readonly initrd: Uint8Array;
  readonly bootargs?: string;
  readonly memory?: string;
  readonly harts?: number;
  readonly disk?: Uint8Array;
  /** Path of the firmware; QEMU's own OpenSBI by default. */
  readonly firmware?: string;
}

/** The same boot on QEMU's `virt` board, to power-off. */
export const bootOnQemu = (kernel: DebianKernel, options: QemuOptions): { console: string; seconds: number } =>
  withScratch((path) => {
    const { initrd, bootargs = BOOTARGS, memory = '512M', harts = 1, disk, firmware = 'default' } = options;
    save(path('initrd'), initrd);
    if (disk !== undefined) save(path('disk'), disk);
    const drive = ['-drive', `file=${path('disk')},format=raw,if=none,id=disk`];
    const start = process.hrtime.bigint();
    const { error, status, stdout, stderr } = spawnSync(
      'qemu-system-riscv64',
      [
        ...['-machine', 'virt', '-nographic', '-no-reboot', '-m', memory, '-smp', String(harts), '-bios', firmware],
        ...['-kernel', kernel.path, '-initrd', path('initrd'), '-append', bootargs],
        ...(disk === undefined ? [] : [...drive, '-device', 'virtio-blk-device,drive=disk']),
        ...['-device', 'virtio-rng-device'],
      ],
      { encoding: 'utf8', input: '', maxBuffer: 1 << 26, timeout: 300_000 },
    );
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    if (error !== undefined) throw new Error(`qemu-system-riscv64 cannot be run (${error.message})`);
    if (status !== 0) throw new Error(`qemu-system-riscv64 failed:\n${stderr}`);
    return { console: tidy(stdout), seconds };
  });

/** A disk of 16 MiB with an ext4 file system that holds these files. */
export const ext4 = (files: Readonly<Record<string, string>>): Uint8Array =>
  withScratch((path) => {
    mkdirSync(path('root'));
    for (const [name, contents] of Object.entries(files)) save(path(`root/${name}`), contents);
    execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', path('root'), path('disk'), '16M']);
    return read(path('disk'));
  });
