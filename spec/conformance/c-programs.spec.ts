/** C programs as a compiler translates them, unoptimised and optimised: output and exit code must be QEMU's. */
import { expect } from 'chai';
import { compile, runQemu } from '../support/qemu.js';
import { UserProgram } from '../support/user.js';

const PROGRAMS = ['sha256', 'integers', 'floats', 'control'];

describe('C programs, against QEMU', () => {
  for (const name of PROGRAMS)
    for (const level of ['-O0', '-O2', '-O3'])
      it(`${name} ${level}`, () => {
        const elf = compile(['c/start.S', 'c/say.c', `c/${name}.c`], [level]);
        const expected = runQemu(elf);
        expect(expected.stdout.length).to.be.greaterThan(20);
        const program = new UserProgram(elf, { tlb: { data: 16, fetch: 16 } });
        const actual = program.run();
        expect(Buffer.from(actual.stdout).toString()).to.equal(Buffer.from(expected.stdout).toString());
        expect(actual.code).to.equal(expected.code);
      });

  for (const name of PROGRAMS)
    it(`${name} on the reference engine`, () => {
      const elf = compile(['c/start.S', 'c/say.c', `c/${name}.c`], ['-O2']);
      const expected = runQemu(elf);
      const actual = new UserProgram(elf, { engine: 'reference' }).run();
      expect(Buffer.from(actual.stdout).toString()).to.equal(Buffer.from(expected.stdout).toString());
      expect(actual.code).to.equal(expected.code);
    });
});
