/**
 * Random programs on both engines, compared in full every so often. VIVARIUM_SEED chooses other programs, VIVARIUM_RUNS
 * how many.
 */
import { expect } from 'chai';
import { differences } from '../../support/compare.js';
import { Random } from '../../support/random.js';
import { WildMachine } from '../../support/wild.js';

const { VIVARIUM_SEED = '1', VIVARIUM_RUNS = '12' } = process.env;
const SEED = BigInt(VIVARIUM_SEED);
const RUNS = Number(VIVARIUM_RUNS);
const PIECES = 6;

/** The tail of two logs from where they part. */
const partOf = (a: readonly string[], b: readonly string[]): string => {
  const at = a.findIndex((line, i) => line !== b[i]);
  const from = Math.max(0, (at < 0 ? a.length : at) - 3);
  return `\n${a.slice(from, from + 5).join('\n')}\n--\n${b.slice(from, from + 5).join('\n')}`;
};

describe('the engines in lockstep', () => {
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED * 1000n + BigInt(run);
    it(`a random program agrees after every piece of it (seed ${seed})`, () => {
      const random = new Random(seed);
      const fast = new WildMachine(seed, { engine: 'interpreter' });
      const slow = new WildMachine(seed, { engine: 'reference' });
      for (let piece = 0; piece < PIECES; piece++) {
        const instructions = 1 + random.below(random.pick([10, 3000, 9000]));
        fast.run(instructions);
        slow.run(instructions);
        expect(fast.log.length, partOf(fast.log, slow.log)).to.equal(slow.log.length);
        expect(fast.log, partOf(fast.log, slow.log)).to.deep.equal(slow.log);
        expect(differences(fast.machine, slow.machine), `piece ${piece}`).to.deep.equal([]);
        const state = random.next64();
        fast.kick(new Random(state));
        slow.kick(new Random(state));
      }
      expect([...fast.problems, ...slow.problems]).to.deep.equal([]);
    });

    it(`it does not matter into how many runs it is cut (seed ${seed})`, () => {
      const random = new Random(seed);
      const whole = new WildMachine(seed, { engine: 'interpreter' });
      const cut = new WildMachine(seed, { engine: 'interpreter' });
      for (const total of [300, 8000]) {
        whole.run(total);
        for (let left = total; left > 0; ) {
          const part = Math.min(left, total === 300 ? 1 : 1 + random.below(random.pick([3, 100, 4000])));
          cut.run(part);
          left -= part;
        }
        expect(whole.log, partOf(whole.log, cut.log)).to.deep.equal(cut.log);
        expect(differences(whole.machine, cut.machine), `${total} instructions`).to.deep.equal([]);
      }
    });
  }
});
