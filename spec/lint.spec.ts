/** The lint rules that keep the core deterministic: they must fire, and they must spare the shells. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { expect } from 'chai';

const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

/** The complaints about a source, were it this file. */
const complaints = (path: string, source: string): string => {
  const args = [biome, 'lint', `--stdin-file-path=${path}`];
  const { stderr, stdout } = spawnSync(process.execPath, args, { input: source, encoding: 'utf8' });
  return stderr + stdout;
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
  for (const [rule, source] of forbidden)
    it(`forbids the core ${JSON.stringify(source)}`, () => {
      expect(complaints('lib/machine/sample.ts', source)).to.include(`/${rule} `);
    });
  it('lets the shells do so', () => {
    expect(
      complaints('lib/cli/sample.ts', "import { env } from 'node:process';\nexport const x = [env, Date];"),
    ).not.to.match(/\/(noRestrictedGlobals|noNodejsModules) /);
  });
});
