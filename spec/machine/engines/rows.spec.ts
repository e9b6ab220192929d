/**
 * Every instruction of a user program with edge operands, executed from the same state by the fast loop, by the step
 * function and by the reference engine: registers, flags, memory, pc and counters must come out the same.
 */
import { expect } from 'chai';
import { encode } from '../../../lib/isa/encode.js';
import { extract, type Operands } from '../../../lib/isa/format.js';
import type { Row } from '../../../lib/isa/row.js';
import { lookup } from '../../../lib/isa/table.js';
import { RAM_BASE, X } from '../../../lib/machine/layout.js';
import { Machine } from '../../../lib/machine/machine.js';
import { prepareForSupervisor } from '../../../lib/machine/sbi/prepare.js';
import {
  bytesOf,
  isTransfer,
  POINTERS,
  randomF,
  randomX,
  tameEncoding,
  touchesMemory,
  userRows,
} from '../../support/code.js';
import { ramDifferences, stateDifferences } from '../../support/compare.js';
import { randomEncoding } from '../../support/encodings.js';
import { Random } from '../../support/random.js';

const { VIVARIUM_SEED = '1' } = process.env;
const CASES = 60;
const STOP = encode(lookup('c.ebreak')!.row, {})!;
/** Transfers land around the cases, where everything is EBREAK; loads and stores go to the pages after. */
const CODE = RAM_BASE + 0x8000;
const DATA = RAM_BASE + 0x18000;

interface State {
  readonly registers: BigUint64Array;
  readonly fflags: number;
  readonly frm: bigint;
}
const randomState = (random: Random): State => {
  const x = Array.from({ length: 32 }, (_, i) => (i === 0 ? 0n : randomX(random)));
  for (const pointer of POINTERS)
    x[pointer] = BigInt(DATA) + random.pick([0n, 8n, 0x1000n, 0xff9n + random.bits(3), random.bits(12)]);
  // Jumps through registers, to odd addresses as well, stay in the code and lead to no case.
  for (const register of [1, 5, 12]) x[register] = BigInt(CODE + 0x800 + 64 * random.below(16)) + 8n + random.bits(3);
  const f = Array.from({ length: 32 }, () => randomF(random));
  return { registers: BigUint64Array.from([...x, ...f]), fflags: random.below(32), frm: random.bits(3) };
};
/** Distances that, from the start of a case, lead to no case: what is there stops the run. */
const distance = (random: Random, reach: number): number =>
  64 * (random.below(2 * reach) - reach) + 8 + 2 * random.below(20);
const edgeEncoding = (random: Random, row: Row): number => {
  for (;;) {
    // An instruction that always writes a pointer cannot leave it alone.
    const encoding = row.fields.rd?.kind === 'fixed' ? randomEncoding(random, row) : tameEncoding(random, row);
    if (encoding === undefined) continue;
    if (!isTransfer(row) || row.fields.imm === undefined || row.fields.imm.kind === 'fixed') return encoding;
    const operands: Partial<Operands> = { imm: distance(random, row.length === 2 ? 2 : 31) };
    for (const key of ['rd', 'rs1', 'rs2'] as const) {
      const field = row.fields[key];
      if (field !== undefined) operands[key] = extract(field, encoding);
    }
    if (operands.rs2 !== undefined && row.length === 4 && random.below(3) === 0) operands.rs2 = operands.rs1 as number;
    const bent = encode(row, operands);
    if (bent !== undefined) return bent;
  }
};

const machineOf = (engine: 'interpreter' | 'reference'): Machine => {
  const machine = new Machine({ memory: '1MiB', engine });
  machine.loadFlat(bytesOf(Array.from({ length: 0x8000 }, () => STOP)), RAM_BASE);
  const { privileged } = machine.cores[0]!;
  prepareForSupervisor(privileged, false);
  privileged.writeCsr('mstatus', privileged.readCsr('mstatus') | (1n << 13n));
  return machine;
};
const assume = (machine: Machine, { registers, fflags, frm }: State, pc: number): void => {
  const { hart, privileged } = machine.cores[0]!;
  machine.memory.u64.set(registers, (hart.address + X) >>> 3);
  hart.setX(0, 0n);
  privileged.writeCsr('fflags', BigInt(fflags));
  privileged.writeCsr('frm', frm);
  hart.setCell('reservation', -1n);
  hart.setCell32('midBlock', 0);
  hart.pc = BigInt(pc);
};

describe('each instruction on both engines', () => {
  const fast = machineOf('interpreter');
  const stepped = machineOf('interpreter');
  const slow = machineOf('reference');
  const machines = [fast, stepped, slow];

  for (const row of userRows)
    it(row.name, () => {
      const random = new Random(BigInt(VIVARIUM_SEED) ^ (BigInt(row.match) << 20n));
      const cases = Array.from({ length: CASES }, () => edgeEncoding(random, row));
      // 64 bytes apart; the last cases of a page and the first of the next make transfers leave their page.
      const image = bytesOf(Array.from({ length: 0x1000 }, () => STOP));
      for (const [i, encoding] of cases.entries()) image.set(bytesOf([encoding]), 64 * i);
      const data = Uint8Array.from({ length: 0x3000 }, () => random.below(256));
      for (const machine of machines) {
        machine.memory.write(CODE, image);
        if (touchesMemory(row)) machine.memory.write(DATA - 0x1000, data);
      }
      for (const [i, encoding] of cases.entries()) {
        const state = randomState(random);
        for (const machine of machines) assume(machine, state, CODE + 64 * i);
        // So small a budget makes the second machine step; the first runs in its fast loop.
        const stops = [
          fast.run({ trap: true }),
          stepped.run({ trap: true, instructions: 100 }),
          slow.run({ trap: true, instructions: 100 }),
        ];
        const what = `0x${encoding.toString(16)} at ${CODE + 64 * i} on ${[...state.registers].map((v) => v.toString(16))}`;
        expect(
          stops.map(({ kind }) => kind),
          what,
        ).to.deep.equal(['trap', 'trap', 'trap']);
        expect(stateDifferences(stepped, slow), `step: ${what}`).to.deep.equal([]);
        expect(
          stateDifferences(fast, slow).filter((line) => !line.includes('imit: ')),
          what,
        ).to.deep.equal([]);
      }
      if (touchesMemory(row))
        for (const machine of [fast, stepped]) expect(ramDifferences(machine, slow)).to.deep.equal([]);
    });
});
