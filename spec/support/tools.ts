/** The programs of other projects that conformance compares with. One that is missing fails the whole run at once. */
import { spawnSync } from 'node:child_process';

/** Programs by the Debian package that brings them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  'qemu-user-static': ['qemu-riscv64-static'],
  'qemu-system-misc': ['qemu-system-riscv64'],
  'gcc-riscv64-linux-gnu': ['riscv64-linux-gnu-gcc', 'riscv64-linux-gnu-as', 'riscv64-linux-gnu-objdump'],
  'device-tree-compiler': ['dtc'],
  apt: ['apt-get', 'apt-cache'],
  'xz-utils': ['xz'],
  e2fsprogs: ['mke2fs'],
};

const isMissing = (program: string): boolean => spawnSync(program, ['--version']).error !== undefined;
/** gcc prints a bare name for a library that it does not find. */
const hasLibrary = (): boolean =>
  spawnSync('riscv64-linux-gnu-gcc', ['-print-file-name=libc.a'], { encoding: 'utf8' }).stdout?.includes('/') === true;

/** Mocha calls this before the first test. */
export const mochaGlobalSetup = (): void => {
  const missing = Object.entries(packages).filter(([, programs]) => programs.some(isMissing));
  if (!hasLibrary()) missing.push(['libc6-dev-riscv64-cross', ['libc.a']]);
  if (missing.length === 0) return;
  const list = missing.map(([name, programs]) => `${name} (for ${programs.join(', ')})`).join('; ');
  throw new Error(`conformance needs Debian packages that are not installed: ${list}`);
};
