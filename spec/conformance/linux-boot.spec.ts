/** Software that nobody here wrote: Debian's riscv64 kernel and busybox, OpenSBI and U-Boot, unmodified, as QEMU runs them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MemoryBlockStore } from '../../lib/machine/devices/virtio/block-store.js';
import { RAM_BASE } from '../../lib/machine/layout.js';
import { Machine } from '../../lib/machine/machine.js';
import type { MachineOptions } from '../../lib/machine/options.js';
import { debianKernel, debianPackage } from '../support/debian.js';
import { BOOTARGS, type BootResult, bootOnQemu, ext4, initramfs, runToEnd, said } from '../support/linux.js';

/** Integer and floating-point work, forks, pipes, page faults and files: what it prints depends on no board. */
const WORK = `
uname -srm
ls -1 /
i=0; while [ $i -lt 500 ]; do i=$((i + 1)); done; echo counted to $i
for n in 1 2 3 4 5; do (echo child $n | sed s/child/process/); done
awk 'BEGIN { for (i = 1; i < 8; i++) printf "%.17g %.17g %.17g %.17g\\n", sin(i), exp(i), log(i), sqrt(i) }'
awk 'BEGIN { x = 1; for (i = 1; i <= 300; i++) x = x * i % 1000003; print x, 2 ^ 0.5, int(-7 / 2), atan2(1, -1) }'
echo "2 300 ^ p 7 v p" | dc
dd if=/dev/zero bs=64k count=16 2>/dev/null | tr '\\0' x | md5sum
sha256sum /bin/busybox
gzip -c /bin/busybox | gunzip -c | cmp - /bin/busybox && echo gzip and gunzip agree
cut -d: -f1 /proc/softirqs | tail -n +2 | sort | head -n 4
grep -c . /proc/filesystems
sh -c 'kill -TERM $$'; echo killed with $?
sleep 0.2; echo slept`;

const opensbi = (): string => join(debianPackage('opensbi'), 'usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf');

describe('Debian on this machine', function () {
  this.timeout(600_000);
  const kernel = debianKernel();
  const initrd = initramfs(WORK);
  const boot = (
    options: MachineOptions = {},
    files: { initrd?: Uint8Array; firmware?: Uint8Array } = {},
  ): BootResult & { machine: Machine } => {
    const machine = new Machine({ memory: '512MiB', ...options });
    machine.boot({ kernel: kernel.image, initrd, bootargs: BOOTARGS, ...files });
    const result = runToEnd(machine);
    expect(result.console).not.to.match(/BUG:|WARNING:|Oops|Call Trace|Unable to handle|Kernel panic/);
    expect(result.console).to.match(/reboot: Power down\s*$/);
    expect(result.stop).to.deep.equal({ kind: 'finished', success: true, code: 0 });
    return { ...result, machine };
  };
  const fingerprint = ({ machine, console }: { machine: Machine; console: string }): string[] => [
    ...machine.harts.map(({ retired, cycles }) => `${retired} instructions in ${cycles} cycles`),
    machine.digest(),
    createHash('sha256').update(machine.memory.read(RAM_BASE, machine.configuration.memory)).digest('hex'),
    createHash('sha256').update(console).digest('hex'),
  ];

  let first: ReturnType<typeof boot>;
  before(() => {
    first = boot();
  });

  it('boots to /init on the SBI of the machine, and powers off', () => {
    expect(first.console).to.contain(`Linux version ${kernel.version}`);
    for (const line of ['SBI TIME extension detected', 'Run /init as init process'])
      expect(first.console).to.contain(line);
    expect(said(first.console)).to.contain('counted to 500');
  });

  it('gives the same bytes, instructions and cycles every time', () => {
    expect(fingerprint(boot())).to.deep.equal(fingerprint(first));
  });

  it('continues from a snapshot taken in the middle of the boot, with two harts, to the same end', () => {
    const fresh = (): Machine => new Machine({ memory: '256MiB', harts: 2 });
    const original = fresh();
    original.boot({ kernel: kernel.image, initrd, bootargs: BOOTARGS });
    original.run({ instructions: 700e6 });
    const copy = fresh();
    copy.restore(original.snapshot());
    const results = [original, copy].map((machine) => ({ ...runToEnd(machine), machine }));
    expect(results[0]?.console).to.match(/reboot: Power down\s*$/);
    const [expected, found] = results.map(fingerprint);
    expect(found).to.deep.equal(expected);
  });

  it('prints what the same files print on QEMU', () => {
    const qemu = bootOnQemu(kernel, { initrd });
    expect(said(first.console)).to.deep.equal(said(qemu.console));
    const untimed = (text: string): string[] => text.split('\n').map((line) => line.replace(/^\[.*?\] /, ''));
    const here = new Set(untimed(first.console));
    // Lines in which the board, its clock or its random numbers have no part.
    const kernels = untimed(qemu.console).filter((line) =>
      /^(Linux version|Kernel command|NR_IRQS|Freeing (unused|initrd)|NET: Reg|TCP: H|UDP hash|evm:|ima:|Key type|Run \/init|printk: leg)/.test(
        line,
      ),
    );
    expect(kernels.length).to.be.at.least(20);
    expect(kernels.filter((line) => !here.has(line))).to.deep.equal([]);
  });

  it('brings up two and four harts', () => {
    for (const harts of [2, 4]) {
      const result = boot({ harts });
      expect(result.console).to.contain(`smp: Brought up 1 node, ${harts} CPUs`);
      expect(said(result.console)).to.deep.equal(said(first.console));
      for (const hart of result.machine.harts) expect(hart.retired > 1_000_000n).to.equal(true);
    }
  });

  it('mounts an ext4 file system on a virtio disk, and reads a virtio random number generator', () => {
    const modules = kernel.modules('virtio_mmio', 'virtio_blk', 'virtio-rng', 'ext4', 'crc32c_generic', 'libcrc32c');
    const commands = `
mount -t ext4 /dev/vda /mnt && cat /mnt/greeting
dd if=/dev/zero bs=64k count=16 2>/dev/null | tr '\\0' y > /mnt/written && md5sum /mnt/written
umount /mnt && mount -t ext4 -o ro /dev/vda /mnt && md5sum /mnt/written && umount /mnt
cut -d. -f1 /sys/class/misc/hw_random/rng_current
dd if=/dev/hwrng bs=64 count=1 2>/dev/null | wc -c`;
    const store = new MemoryBlockStore(ext4({ greeting: 'hello from the disk\n' }));
    const files = { initrd: initramfs(commands, modules) };
    const result = boot({ disks: [store] }, files);
    expect(said(result.console)).to.have.length(5);
    const qemu = bootOnQemu(kernel, { ...files, disk: ext4({ greeting: 'hello from the disk\n' }) });
    expect(said(result.console)).to.deep.equal(said(qemu.console));
  });

  it('boots under OpenSBI as M-mode firmware, with one hart and with two', () => {
    for (const harts of [1, 2]) {
      const result = boot({ firmware: 'none', harts }, { firmware: readFileSync(opensbi()) });
      expect(result.console).to.match(/OpenSBI v\d/);
      expect(result.console).to.contain('SBI implementation ID=0x1');
      expect(result.console).to.contain(`smp: Brought up 1 node, ${harts} CPU`);
      expect(said(result.console)).to.deep.equal(said(first.console));
    }
  });
});

describe('U-Boot on this machine', function () {
  this.timeout(120_000);
  for (const [mode, directory] of [
    ['S-mode, on the SBI of the machine', 'qemu-riscv64_smode'],
    ['M-mode', 'qemu-riscv64'],
  ] as const) {
    it(`comes to its prompt and obeys in ${mode}`, () => {
      const machine = new Machine({ memory: '256MiB', firmware: mode === 'M-mode' ? 'none' : 'sbi' });
      const path = join(debianPackage('u-boot-qemu'), 'usr/lib/u-boot', directory, 'uboot.elf');
      machine.boot({ kernel: readFileSync(path) });
      let console = '';
      machine.on('output', (bytes) => {
        console += Buffer.from(bytes).toString('latin1');
      });
      const until = (text: string): void => {
        for (let i = 0; i < 100 && !console.includes(text); i++) machine.run({ instructions: 10e6 });
        expect(console).to.contain(text);
        console = '';
      };
      until('stop autoboot');
      machine.input('\n');
      until('=> ');
      machine.input('setexpr answer 6 * 7; printenv answer\n');
      until('answer=2a');
      machine.input('poweroff\n');
      expect(machine.run({ instructions: 1e9 })).to.deep.equal({ kind: 'finished', success: true, code: 0 });
    });
  }
});
