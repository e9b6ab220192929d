/** Where engines stop and when they look at interrupts: cases that random programs rarely reach. */
import { expect } from 'chai';
import { encode } from '../../../lib/isa/encode.js';
import { lookup } from '../../../lib/isa/table.js';
import type { EngineName } from '../../../lib/machine/engine.js';
import { RAM_BASE } from '../../../lib/machine/layout.js';
import { Machine } from '../../../lib/machine/machine.js';
import { bytesOf } from '../../support/code.js';
import { AddressSpace, PTE } from '../../support/user.js';

const NOP4 = encode(lookup('addi')!.row, { rd: 0, rs1: 0, imm: 0 })!;
const NOP2 = encode(lookup('c.nop')!.row, {})!;
const engines: readonly EngineName[] = ['interpreter', 'reference'];

for (const engine of engines)
  describe(`limits of a run on the ${engine}`, () => {
    it('a run ends in time in straight-line code whose pages all end in the middle of an instruction', () => {
      const page = [...Array.from({ length: 2046 }, () => NOP2), NOP4];
      const machine = new Machine({ memory: '1MiB', engine });
      // A parcel at the start shifts the rest, so that the last instruction of each page reaches into the next.
      machine.loadFlat(bytesOf([NOP2, ...Array.from({ length: 8 }, () => page).flat()]), RAM_BASE);
      for (const instructions of [4096, 5000, 6000]) {
        const before = machine.harts[0]!.retired;
        machine.run({ instructions });
        expect(machine.harts[0]!.retired - before).to.equal(BigInt(instructions));
      }
    });

    it('what walks for instruction fetches cost brings the timer interrupt nearer', () => {
      const machine = new Machine({ memory: '1MiB', engine, tlb: { fetch: 16 } });
      const space = new AddressSpace(machine, 1);
      // Two pages that evict each other, and a jump from each to the other.
      const [here, there] = [0x10000n, 0x20000n];
      const jump = (imm: number) => bytesOf([encode(lookup('jal')!.row, { rd: 0, imm })!]);
      for (const page of [here, there]) space.map(page, PTE.V | PTE.X | PTE.U | PTE.A);
      space.write(here, jump(0x10000));
      space.write(there, jump(-0x10000));
      space.enter(here);
      const { hart, privileged } = machine.cores[0]!;
      privileged.writeCsr('sie', 1n << 5n);
      privileged.writeCsr('stimecmp', 10n);
      const stop = machine.run({ trap: true, instructions: 10_000 });
      expect(stop.kind).to.equal('trap');
      const walk = 3n * BigInt(machine.configuration.costs.walkReference);
      // 10 ticks are 1,000 cycles; the last jump may carry its walk beyond them.
      expect(hart.cycles >= 1000n && hart.cycles < 1000n + walk + 1n, `${hart.cycles} cycles`).to.equal(true);
    });
  });

describe('stores across pages', () => {
  for (const engine of engines)
    it(`each page is walked once, also if they share a TLB entry (${engine})`, () => {
      const machine = new Machine({ memory: '1MiB', engine, tlb: { data: 16 } });
      const space = new AddressSpace(machine, 1);
      const code = 0x10000n;
      const boundary = 0x18000000n;
      space.map(code, PTE.V | PTE.X | PTE.U | PTE.A);
      space.mapRange(boundary - 8n, 16n, PTE.V | PTE.R | PTE.W | PTE.U | PTE.A | PTE.D);
      space.write(code, bytesOf([encode(lookup('sd')!.row, { rs1: 5, rs2: 6, imm: 0 })!]));
      space.enter(code);
      const { hart } = machine.cores[0]!;
      hart.setX(5, boundary - 3n);
      hart.setX(6, 0x1122334455667788n);
      machine.run({ instructions: 1 });
      expect([...space.read(boundary - 3n, 8)]).to.deep.equal([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
      expect(machine.counters().dataMisses).to.equal(2n);
    });
});
