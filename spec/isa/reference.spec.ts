/** The committed reference page. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { reference } from '../../lib/isa/reference.js';

it('fixtures/reference/instructions.md is what `npm run docs` writes', () => {
  expect(readFileSync('fixtures/reference/instructions.md', 'utf8')).to.equal(reference());
});
