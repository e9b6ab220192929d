/** How long Debian's kernel takes to boot, from reset to power-off: here and on QEMU, in turn, so that both meet the same noise. */
import { Machine } from '../../lib/machine/machine.js';
import { debianKernel } from '../support/debian.js';
import { BOOTARGS, bootOnQemu, initramfs, runToEnd } from '../support/linux.js';

const ROUNDS = Number(process.env.ROUNDS ?? 3);

const kernel = debianKernel();
const initrd = initramfs('echo hello');

interface Sample {
  readonly seconds: number;
  readonly instructions?: bigint;
}
const here = (harts: number) => (): Sample => {
  const start = process.hrtime.bigint();
  const machine = new Machine({ memory: '256MiB', harts });
  machine.boot({ kernel: kernel.image, initrd, bootargs: BOOTARGS });
  runToEnd(machine);
  // As QEMU's time does, this includes the machine's construction and loading the files.
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return { seconds, instructions: machine.harts.reduce((sum, { retired }) => sum + retired, 0n) };
};
const qemu = (harts: number) => (): Sample => bootOnQemu(kernel, { initrd, memory: '256M', harts });

const contenders: Readonly<Record<string, () => Sample>> = {
  'vivarium, 1 hart': here(1),
  'QEMU, 1 hart': qemu(1),
  'vivarium, 2 harts': here(2),
  'QEMU, 2 harts': qemu(2),
};
const samples = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as Sample[]]));
for (let round = 0; round < ROUNDS; round++)
  for (const [name, boot] of Object.entries(contenders)) samples[name]?.push(boot());

console.log(`boot of Linux ${kernel.version} to power-off, ${ROUNDS} rounds`);
for (const [name, taken] of Object.entries(samples)) {
  const seconds = taken.map((sample) => sample.seconds).sort((a, b) => a - b);
  const median = seconds[Math.floor(seconds.length / 2)] as number;
  const range = `${seconds[0]?.toFixed(2)} to ${seconds.at(-1)?.toFixed(2)}`;
  const instructions = Number(taken[0]?.instructions ?? 0n);
  const speed = `${(instructions / 1e6).toFixed(0)} million instructions, ${(instructions / median / 1e6).toFixed(0)} MIPS`;
  console.log(`  ${name}: ${median.toFixed(2)} s (${range})${instructions > 0 ? `, ${speed}` : ''}`);
}
