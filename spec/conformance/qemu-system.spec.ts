/** The privileged architecture against QEMU 7.2: the same programs must print the same there and on both engines. */
import { expect } from 'chai';
import { expectedOutput, programElf, programNames, runHere, runOnQemu } from '../support/privileged.js';

describe('privileged programs print what they print on QEMU', () => {
  for (const name of programNames()) {
    it(name, () => {
      const theirs = runOnQemu(name);
      const elf = programElf(name);
      for (const engine of ['interpreter', 'reference'] as const)
        expect(runHere(elf, engine).output, engine).to.equal(theirs);
      expect(expectedOutput(name), 'the recording').to.equal(theirs);
    });
  }
});
