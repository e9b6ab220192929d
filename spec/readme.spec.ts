/** The examples of README.md run as they stand and print what their comments say. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';

const blocks = [...readFileSync('README.md', 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code]) => code as string,
);

/** What follows `console.log(…);` as a comment. */
const promised = (code: string): string =>
  [...code.matchAll(/console\.log\(.*\);\s*\/\/ (.*)$/gm)].map(([, text]) => `${text}\n`).join('');

describe('README.md', () => {
  it('has examples', () => expect(blocks).not.to.deep.equal([]));
  for (const [index, code] of blocks.entries())
    it(`example ${index + 1} prints what it says`, () => {
      // In here `vivarium` is this package, by its own exports.
      const file = `dist/readme-${index + 1}.mjs`;
      writeFileSync(file, code);
      const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
      expect(stderr).to.equal('');
      expect(stdout).to.equal(promised(code)).and.not.to.equal('');
    });
});
