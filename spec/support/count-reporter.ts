/** Mocha's own readable report; it also adds a line of numbers to the file that COUNTS names, for .ci/run to sum up. */
import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

export default class CountReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { COUNTS } = process.env;
      if (COUNTS !== undefined) appendFileSync(COUNTS, `${this.stats.passes} ${this.stats.failures}\n`);
    });
  }
}
