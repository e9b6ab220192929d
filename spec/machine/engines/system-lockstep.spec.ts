/**
 * Random privileged worlds on both engines in lockstep: page tables, two-stage translation, CSRs of every mode, traps and
 * returns. VIVARIUM_SEED and VIVARIUM_WORLDS choose others, and more.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { RAM_BASE } from '../../../lib/machine/layout.js';
import { Machine } from '../../../lib/machine/machine.js';
import type { Trap } from '../../../lib/machine/scheduler.js';
import { anyCode, randomRegister, randomWorld, type World } from '../../support/privileged-streams.js';
import { Random } from '../../support/random.js';
import { machineState, sameMemory } from '../../support/state.js';

const SEED = Number(process.env.VIVARIUM_SEED ?? 1);
const WORLDS = Number(process.env.VIVARIUM_WORLDS ?? 100);
const RUNS = 25;
/** A handler that cannot be fetched traps forever. */
const TRAPS_PER_RUN = 40;

/** One engine's machine, which makes the same random choices as the other's. */
class Side {
  readonly machine: Machine;
  random = new Random(0);
  #traps = 0;

  constructor(engine: 'interpreter' | 'reference') {
    // Small TLBs and few decoded pages, so that both are replaced all the time.
    const sizes = { memory: '1MiB', tlb: { data: 16, fetch: 16 }, codePages: 3 };
    this.machine = new Machine({ firmware: 'none', engine, ...sizes });
    this.machine.trapHandler = (trap) => this.#trapped(trap);
  }

  build({ code, tables, state }: World, random: Random): void {
    this.random = random;
    const { machine } = this;
    machine.reset();
    machine.loadFlat(code, RAM_BASE);
    const bytes = new Uint8Array(8);
    for (const [address, entry] of tables) {
      new DataView(bytes.buffer).setBigUint64(0, entry, true);
      machine.memory.write(address, bytes);
    }
    const { privileged } = machine.cores[0]!;
    for (const [csr, value] of state) privileged.writeCsr(csr, value);
    this.#scatter();
  }

  /** New registers, mode and place: what a world needs to go on after it has trapped. */
  #scatter(): void {
    const { random } = this;
    const { hart, privileged } = this.machine.cores[0]!;
    for (let i = 1; i < 32; i++) hart.setX(i, randomRegister(random, i));
    const mode = random.pick([3, 1, 1, 0, 5, 5, 5, 4]);
    privileged.setMode(mode & 3, mode > 3);
    hart.pc = anyCode(random, mode & 3);
  }

  #trapped(trap: Trap): 'handled' | 'take' | 'stop' {
    if (++this.#traps > TRAPS_PER_RUN) return 'stop';
    if (trap.interrupt || this.random.below(3) === 0) return 'take';
    this.machine.cores[0]!.privileged.takeException();
    this.#scatter();
    return 'handled';
  }

  run(instructions: number): string {
    this.#traps = 0;
    const stop = this.machine.run({ instructions });
    if (stop.kind === 'trap') this.#scatter();
    return stop.kind;
  }
}

describe('engines in lockstep through random privileged worlds', () => {
  it(`agree in all state (seed ${SEED}, ${WORLDS} worlds)`, () => {
    const fast = new Side('interpreter');
    const slow = new Side('reference');
    for (let world = 0; world < WORLDS; world++) {
      const seed = SEED * 10_000 + world;
      const made = randomWorld(new Random(seed), fast.machine.cores[0]!.privileged.csrs);
      for (const side of [fast, slow]) side.build(made, new Random(seed));
      const lengths = new Random(seed);
      for (let run = 0; run < RUNS; run++) {
        const instructions = 1 + lengths.below(run % 3 === 0 ? 400 : 20);
        const where = `world ${world}, run ${run}`;
        expect(fast.run(instructions), where).to.equal(slow.run(instructions));
        const [ours, theirs] = [fast, slow].map(({ machine }) => machineState(machine));
        // A deep comparison is slow; it is only there to show what differs.
        if (!isDeepStrictEqual(ours, theirs)) expect(ours, where).to.deep.equal(theirs);
      }
      expect(sameMemory(fast.machine, slow.machine), `RAM after world ${world}`).to.equal(true);
    }
    // The worlds are worth something only if much happens in them.
    const { instructions, walks, walkReferencesStage2, adUpdates, exceptionsByCause } = fast.machine.counters();
    for (const cause of [1, 2, 5, 7, 12, 13, 15, 20, 21, 22, 23])
      expect(exceptionsByCause.get(cause) ?? 0n, `cause ${cause}`).to.satisfy((n: bigint) => n > 20n);
    expect([instructions, walks, walkReferencesStage2, adUpdates].every((n) => n > BigInt(WORLDS))).to.equal(true);
  });
});
