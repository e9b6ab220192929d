/** Host files, with errors that say what to do. */
import { readFileSync, writeFileSync } from 'node:fs';
import { CliError } from './errors.js';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission is denied',
  ENOTDIR: 'a part of its path is no directory',
};

const withReason = <T>(what: string, path: string, act: () => T): T => {
  try {
    return act();
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CliError('CLI_FILE', what, `${path}: ${reasons[code] ?? code}`);
  }
};

/** @throws CliError */
export const readFile = (path: string): Uint8Array => withReason('read', path, () => readFileSync(path));

/** @throws CliError */
export const writeFile = (path: string, contents: string | Uint8Array): void =>
  withReason('write', path, () => writeFileSync(path, contents));
