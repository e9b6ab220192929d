/** GNU binutils, the judge of the assembler and the disassembler. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The result of a binutils program; a missing or failing one is an error, never a skipped test. */
export const binutils = (program: string, args: readonly string[], input = ''): string => {
  const name = `riscv64-linux-gnu-${program}`;
  const { error, status, stdout, stderr } = spawnSync(name, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error !== undefined)
    throw new Error(`${name} cannot be run (${error.message}); install GNU binutils for riscv64`);
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} failed:\n${stderr}`);
  return stdout;
};

/** Gives `work` a scratch directory and removes it afterwards. */
export const withScratch = <T>(work: (path: (name: string) => string) => T): T => {
  const directory = mkdtempSync(join(tmpdir(), 'vivarium-'));
  try {
    return work((name) => join(directory, name));
  } finally {
    rmSync(directory, { recursive: true });
  }
};
export const read = (path: string): Uint8Array => readFileSync(path);
export const save = (path: string, contents: string | Uint8Array): void => writeFileSync(path, contents);

export const MARCH = '-march=rv64gch_zicsr_zifencei_zihintpause';
