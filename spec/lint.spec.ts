/** The lint rules that keep the core deterministic: they must fire, and they must spare the shells. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

interface Report {
  readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
}

/** The rules that each of these sources breaks, in a tree that has them and this project's rules. */
const lint = (sources: ReadonlyMap<string, string>): Map<string, string[]> => {
  const directory = mkdtempSync(join(tmpdir(), 'vivarium-'));
  try {
    copyFileSync('.biome.json', join(directory, '.biome.json'));
    for (const layer of ['machine', 'cli']) mkdirSync(join(directory, 'lib', layer), { recursive: true });
    for (const [path, source] of sources) writeFileSync(join(directory, path), source);
    const args = [biome, 'lint', '--reporter=json', '--vcs-enabled=false', '--max-diagnostics=none'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
    const broken = new Map([...sources.keys()].map((path): [string, string[]] => [path, []]));
    for (const { category, location } of (JSON.parse(stdout) as Report).diagnostics)
      broken.get(location.path)?.push(category.split('/').at(-1) as string);
    return broken;
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const forbidden: readonly (readonly [rule: string, source: string])[] = [
  ['noRestrictedGlobals', 'export const x = new Date(0);'],
  ['noRestrictedGlobals', 'export const x = performance.now();'],
  ['noRestrictedGlobals', 'setTimeout(() => {}, 1);'],
  ['noRestrictedGlobals', 'queueMicrotask(() => {});'],
  ['noRestrictedGlobals', 'export const x = process.env;'],
  ['noRestrictedGlobals', 'export const x = document.title;'],
  ['noRestrictedGlobals', 'export const x = globalThis;'],
  ['noJsRestrictedProperties', 'export const x = Math.random();'],
  ['noJsRestrictedProperties', 'const { random } = Math;\nexport const x = random();'],
  ['noJsRestrictedProperties', "export const x = 'a'.localeCompare('b');"],
  ['noNodejsModules', "import { readFileSync } from 'node:fs';\nexport const x = readFileSync;"],
  ['noNodejsModules', "import { readFileSync } from 'fs';\nexport const x = readFileSync;"],
];

describe('lint', () => {
  const sample = (index: number): string => `lib/machine/sample${index}.ts`;
  const shell = 'lib/cli/sample.ts';
  let broken: Map<string, string[]>;
  before(() => {
    broken = lint(
      new Map([
        ...forbidden.map(([, source], index) => [sample(index), source] as const),
        [shell, "import { env } from 'node:process';\nexport const x = [env, Date, Math.random()];"] as const,
      ]),
    );
  });

  for (const [index, [rule, source]] of forbidden.entries())
    it(`forbids the core ${JSON.stringify(source)}`, () => expect(broken.get(sample(index))).to.include(rule));
  it('lets the shells do so', () => expect(broken.get(shell)).to.deep.equal([]));
});
