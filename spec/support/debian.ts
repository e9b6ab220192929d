/**
 * Debian's riscv64 packages: software that knows nothing of this project. Downloaded with apt from the mirror that this
 * computer's apt uses, unpacked without running any of it, and kept in the user's cache directory.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

const SUITE = 'trixie';
const state = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vivarium', `debian-${SUITE}`);

/** The first mirror of Debian's main archive among this computer's package sources. */
const mirror = (): string => {
  const targets = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI) $(COMPONENT)'], {
    encoding: 'utf8',
  });
  const main = targets.split('\n').find((line) => /\/debian\/? main$/.test(line));
  if (main === undefined) throw new Error('apt has no mirror of Debian set up');
  return main.split(' ')[0] as string;
};

const options = [
  ...['-oAPT::Architecture=riscv64', '-oAPT::Architectures=riscv64', '-oAPT::Sandbox::User=root'],
  ...[`-oDir::State::Lists=${state}/lists`, `-oDir::State::status=${state}/status`, `-oDir::Cache=${state}`],
  ...[`-oDir::Etc::sourcelist=${state}/sources.list`, '-oDir::Etc::sourceparts=/dev/null'],
];
const apt = (program: string, args: readonly string[], cwd = state): string =>
  execFileSync(program, [...options, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Reads the package lists, once. */
const update = (): void => {
  if (existsSync(join(state, 'updated'))) return;
  for (const directory of ['lists/partial', 'archives/partial', 'packages'])
    mkdirSync(join(state, directory), { recursive: true });
  writeFileSync(join(state, 'status'), '');
  // The keys of a later release may be unknown here; what is downloaded is only ever emulated.
  writeFileSync(join(state, 'sources.list'), `deb [arch=riscv64 trusted=yes] ${mirror()} ${SUITE} main\n`);
  apt('apt-get', ['-q', 'update']);
  writeFileSync(join(state, 'updated'), '');
};

/** The directory with a package's files. */
export const debianPackage = (name: string): string => {
  const directory = join(state, 'packages', name);
  if (existsSync(directory)) return directory;
  update();
  const work = `${directory}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  apt('apt-get', ['-q', 'download', name], work);
  const archive = readdirSync(work).find((file) => file.endsWith('.deb')) as string;
  execFileSync('dpkg-deb', ['-x', join(work, archive), join(work, 'files')]);
  renameSync(join(work, 'files'), directory);
  rmSync(work, { recursive: true });
  return directory;
};

export interface DebianKernel {
  readonly version: string;
  /** An uncompressed `Image`. */
  readonly image: Uint8Array;
  /** Where to find it for an emulator that reads files. */
  readonly path: string;
  /** The object code of these modules and of all that they depend on, by name, in the order to load them. */
  modules(...names: readonly string[]): ReadonlyMap<string, Uint8Array>;
}

/** The kernel that the metapackage linux-image-riscv64 depends on. */
export const debianKernel = (): DebianKernel => {
  update();
  const depends = apt('apt-cache', ['depends', 'linux-image-riscv64']);
  const name = /Depends: (linux-image-\d\S*)/.exec(depends)?.[1];
  if (name === undefined) throw new Error('linux-image-riscv64 depends on no kernel');
  const directory = debianPackage(name);
  const version = name.slice('linux-image-'.length);
  const path = join(directory, 'boot', `vmlinux-${version}`);
  const modules = join(directory, 'usr/lib/modules', version);
  const files = (): string[] => readdirSync(modules, { recursive: true, encoding: 'utf8' });
  const objectOf = (wanted: string, among: readonly string[]): Uint8Array => {
    const file = among.find((entry) => basename(entry).replaceAll('-', '_') === `${wanted}.ko.xz`);
    if (file === undefined) throw new Error(`the kernel has no module ${wanted}`);
    return execFileSync('xz', ['-dc', join(modules, file)], { maxBuffer: 1 << 26 });
  };
  return {
    version,
    image: readFileSync(path),
    path,
    modules: (...names) => {
      const among = files();
      const loaded = new Map<string, Uint8Array>();
      const load = (wanted: string): void => {
        if (loaded.has(wanted)) return;
        const object = objectOf(wanted, among);
        for (const needed of dependencies(object)) load(needed);
        loaded.set(wanted, object);
      };
      for (const name of names) load(name.replaceAll('-', '_'));
      return loaded;
    },
  };
};

/** The modules that a module needs, as its .modinfo section says: the package has no modules.dep, which depmod would make. */
const dependencies = (object: Uint8Array): string[] =>
  (/\0depends=([^\0]*)\0/.exec(Buffer.from(object).toString('latin1'))?.[1] ?? '').split(',').filter(Boolean);

/** A static busybox, whose applets are all that the guests here run. */
export const busybox = (): Uint8Array => readFileSync(join(debianPackage('busybox-static'), 'usr/bin/busybox'));
