import { expect } from 'chai';
import { expectedOutput, programElf, programNames, runHere } from '../../support/privileged.js';
import { machineState, sameMemory } from '../../support/state.js';

describe('engines run privileged programs alike, and print what QEMU printed', () => {
  for (const name of programNames()) {
    it(name, () => {
      const elf = programElf(name);
      const fast = runHere(elf, 'interpreter');
      const slow = runHere(elf, 'reference');
      expect(fast.output).to.equal(expectedOutput(name));
      expect(slow.output).to.equal(fast.output);
      expect(machineState(fast.machine)).to.deep.equal(machineState(slow.machine));
      expect(sameMemory(fast.machine, slow.machine)).to.equal(true);
    });
  }
});
