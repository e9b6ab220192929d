/**
 * Random programs of RV64GC against QEMU: all registers, fcsr and data, written out all along the way, must be equal.
 * VIVARIUM_SEED chooses other programs, VIVARIUM_RUNS how many.
 *
 * Left out because implementations may differ: cycle, time and instret; SC that may or may not fail; misaligned atomics;
 * reserved rounding modes, which are illegal instructions.
 */
import { expect } from 'chai';
import { decode } from '../../lib/isa/decode.js';
import { runQemu } from '../support/qemu.js';
import { Random } from '../support/random.js';
import { DUMP_BYTES, type TameProgram, tameProgram } from '../support/tame.js';
import { UserProgram } from '../support/user.js';

const { VIVARIUM_SEED = '1', VIVARIUM_RUNS = '8' } = process.env;
const BLOCKS = 40;

const registerName = (i: number): string => (i < 32 ? `x${i}` : i < 64 ? `f${i - 32}` : 'fcsr');
const word = (bytes: Uint8Array, at: number): string =>
  `0x${new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true).toString(16)}`;

/** Where two outputs part: the block, its registers that differ, its code. */
const explain = ({ blocks }: TameProgram, expected: Uint8Array, actual: Uint8Array): string => {
  const at = expected.findIndex((byte, i) => byte !== actual[i]);
  if (at < 0) return `lengths ${expected.length} and ${actual.length}`;
  const roundBytes = BLOCKS * DUMP_BYTES + 8192;
  const block = Math.floor((at % roundBytes) / DUMP_BYTES);
  const start = at - ((at % roundBytes) % DUMP_BYTES);
  const lines = Array.from({ length: 65 }, (_, i) => i)
    .filter((i) => start + i * 8 + 8 <= actual.length && word(expected, start + i * 8) !== word(actual, start + i * 8))
    .map((i) => `${registerName(i)}: QEMU ${word(expected, start + i * 8)}, here ${word(actual, start + i * 8)}`);
  const code = blocks[block]?.map((e) => `${decode(e)?.row.name} ${JSON.stringify(decode(e)?.operands)}`) ?? ['data'];
  return `round ${Math.floor(at / roundBytes)}, block ${block}\n${lines.join('\n')}\n${code.join('\n')}`;
};

describe('random programs, against QEMU', () => {
  let executed = 0n;

  for (let run = 0; run < Number(VIVARIUM_RUNS); run++) {
    const seed = BigInt(VIVARIUM_SEED) * 1000n + BigInt(run);
    const compare = (engine: 'interpreter' | 'reference', rounds: number): bigint => {
      const program = tameProgram(new Random(seed), { blocks: BLOCKS, rounds });
      const expected = runQemu(program.elf);
      const here = new UserProgram(program.elf, { engine, tlb: { data: 16, fetch: 16 }, codePages: 8 });
      const actual = here.run();
      expect(actual.code).to.equal(expected.code);
      if (Buffer.compare(expected.stdout, actual.stdout) !== 0)
        expect.fail(explain(program, expected.stdout, actual.stdout));
      expect(actual.stdout.length).to.equal(rounds * (BLOCKS * DUMP_BYTES + 8192));
      return here.hart.retired;
    };
    it(`the interpreter (seed ${seed})`, () => {
      executed += compare('interpreter', 25);
    });
    if (run < 3) it(`the reference engine (seed ${seed})`, () => void compare('reference', 2));
  }

  it('a million instructions were compared', () => {
    console.log(`      ${executed} instructions on the interpreter`);
    expect(executed > 1_000_000n || Number(VIVARIUM_RUNS) < 8).to.equal(true);
  });
});
