/** The machine as its users drive it: runs with every kind of limit, snapshots, digests, several harts, bad input. */
import { expect } from 'chai';
import { toElf } from '../../lib/isa/asm.js';
import type { EngineName } from '../../lib/machine/engine.js';
import { Machine } from '../../lib/machine/machine.js';
import { MachineOptionError } from '../../lib/machine/options.js';
import { SnapshotError } from '../../lib/machine/snapshot.js';
import { Random } from '../support/random.js';

const BASE = 0x80200000;
const engines: readonly EngineName[] = ['interpreter', 'reference'];

const boot = (source: string, options: ConstructorParameters<typeof Machine>[0] = {}) => {
  const machine = new Machine({ memory: '4MiB', ...options });
  const output: string[] = [];
  machine.on('output', (bytes) => output.push(new TextDecoder().decode(bytes)));
  machine.load(toElf(source, { base: BASE }));
  return { machine, text: () => output.join('') };
};

/** Counts to t1 = 1,000 in memory, three instructions a round, then ends the run through the SBI. */
const COUNT = `
_start: la s0, cell
        li t1, 1000
loop:   lw t0, 0(s0)
        addi t0, t0, 1
        sw t0, 0(s0)
        blt t0, t1, loop
        li a7, 0x53525354      # SRST: shutdown
        li a6, 0
        li a0, 0
        li a1, 0
        ecall
        .data
cell:   .word 0
`;

/** Sets a timer 50 ticks ahead five times, printing a dot at each interrupt. */
const TICKS = `
_start: la t0, tick
        csrw stvec, t0
        li s1, 5
        jal arm
        li t0, 32
        csrs sie, t0
        csrsi sstatus, 2
wait:   wfi
        j wait
arm:    rdtime t0
        addi t0, t0, 50
        csrw stimecmp, t0
        ret
        .align 2
tick:   li a7, 1
        li a0, '.'
        ecall
        jal arm
        addi s1, s1, -1
        bnez s1, 1f
        li a7, 0x53525354
        li a6, 0
        li a0, 0
        li a1, 0
        ecall
1:      sret
`;

for (const engine of engines) {
  describe(`machine with the ${engine}`, () => {
    it('runs an exact number of instructions', () => {
      for (const count of [1, 7, 100, 2049, 3999]) {
        const { machine } = boot(COUNT, { engine });
        expect(machine.run({ instructions: count })).to.deep.equal({ kind: 'limit' });
        expect(machine.counters().instructions).to.equal(BigInt(count));
      }
    });
    it('runs until a cycle, and not past it by more than the last instruction cost', () => {
      const { machine } = boot(COUNT, { engine });
      expect(machine.run({ cycle: 3000n }).kind).to.equal('limit');
      expect(machine.harts[0]?.cycles).to.equal(3000n);
    });
    it('runs until an address, again and again', () => {
      const { machine } = boot(COUNT, { engine });
      const hart = machine.harts[0] as (typeof machine.harts)[0];
      machine.run({ instructions: 3 });
      const loop = hart.pc;
      for (let round = 1; round <= 3; round++) {
        const reason = machine.run({ address: loop });
        expect(reason.kind).to.equal('address');
        expect(hart.x(5)).to.equal(BigInt(round));
      }
      expect(machine.run().kind).to.equal('finished');
    });
    it('runs until a trap, which the program then takes', () => {
      const { machine } = boot(COUNT, { engine });
      const reason = machine.run({ trap: true });
      expect(reason.kind === 'trap' && reason.trap.cause).to.equal(9);
      expect(machine.counters().traps).to.equal(0n);
      expect(machine.run()).to.deep.equal({ kind: 'finished', success: true, code: 0 });
      expect(machine.counters().exceptionsByCause.get(9)).to.equal(1n);
    });
    it('lets TypeScript handle traps in place of the guest', () => {
      const { machine } = boot('_start: li a0, 20\n ecall\n addi a0, a0, 1\n ecall\n', { engine });
      const seen: bigint[] = [];
      machine.trapHandler = ({ hart }) => {
        seen.push(hart.x(10));
        hart.setX(10, hart.x(10) * 2n);
        hart.pc += 4n;
        return seen.length === 2 ? 'stop' : 'handled';
      };
      expect(machine.run().kind).to.equal('trap');
      expect(seen).to.deep.equal([20n, 41n]);
    });
    it('jumps over time in which every hart waits', () => {
      const { machine, text } = boot(TICKS, { engine });
      expect(machine.run().kind).to.equal('finished');
      expect(text()).to.equal('.....');
      const { idle, cycles, instructions } = machine.counters();
      expect(Number(idle)).to.be.greaterThan(4 * 50 * 100);
      expect(instructions < cycles - idle).to.equal(true);
    });
    it('reports a machine that waits for nothing as idle, and wakes it by input', () => {
      const { machine, text } = boot(
        `_start: la t0, 1f
         csrw stvec, t0
         li t0, 0x0c000028      # priority of the UART's source 10
         li t1, 1
         sw t1, 0(t0)
         li t0, 0x0c002080      # enables of hart 0 in S-mode
         li t1, 1 << 10
         sw t1, 0(t0)
         li t0, 0x0c201000
         sw zero, 0(t0)
         li t0, 0x10000000
         li t1, 1
         sb t1, 1(t0)
         li t1, 1 << 9
         csrs sie, t1
         csrsi sstatus, 2
2:       wfi
         j 2b
         .align 2
1:       li t0, 0x10000000
         lbu a0, 0(t0)
         sb a0, 0(t0)
         li t0, 0x100000
         li t1, 0x5555
         sw t1, 0(t0)
3:       j 3b`,
        { engine },
      );
      expect(machine.run()).to.deep.equal({ kind: 'idle' });
      machine.input('x');
      expect(machine.run()).to.deep.equal({ kind: 'finished', success: true, code: 0 });
      expect(text()).to.equal('x');
    });
    it('reports a trap that is not for the SBI to handle', () => {
      const { machine } = boot('_start: la t0, 1f\n csrw stvec, t0\n li t0, 1 << 5\n csrs sie, t0\n .word 0\n1: j 1b', {
        engine,
      });
      machine.cores[0]?.privileged.writeCsr('medeleg', 0n);
      const reason = machine.run();
      expect(reason.kind === 'unhandled' && reason.trap.cause).to.equal(2);
    });
    it('reports a handler that raises its own trap again, for ever', () => {
      const { machine } = boot('_start: ecall', { engine, firmware: 'none' });
      const reason = machine.run();
      expect(reason.kind === 'unhandled' && reason.trap.cause).to.equal(1);
      expect(new Machine({ engine, memory: '1MiB' }).run().kind).to.equal('unhandled');
    });
    it('counts instructions that trap, so that a hart that does nothing else reaches its limit', () => {
      const { machine } = boot(
        '_start: la t0, 1f\n csrw mtvec, t0\n j 2f\n .align 2\n1: csrw mepc, t1\n .word 0\n2: .word 0',
        { engine, firmware: 'none' },
      );
      machine.trapHandler = () => 'handled';
      expect(machine.run({ instructions: 100 })).to.deep.equal({ kind: 'limit' });
    });
    it('starts the program again when it asks for a reset', () => {
      const { machine, text } = boot(
        `_start: la s0, count
         lw t0, 0(s0)
         addi t0, t0, 1
         sw t0, 0(s0)
         la s1, kept
         lw t1, 0(s1)
         addi t1, t1, 1
         sw t1, 0(s1)
         addi a0, t0, '0'
         li a7, 1
         ecall
         li t2, 3
         li a7, 0x53525354
         li a6, 0
         li a1, 0
         li a0, 1               # cold reboot
         blt t1, t2, 1f
         li a0, 0
1:       ecall
         .data
count:   .word 0
         .equ kept, 0x80300000`,
        { engine },
      );
      expect(machine.run().kind).to.equal('finished');
      // What the file holds is loaded anew; other RAM keeps its contents.
      expect(text()).to.equal('111');
    });
    it('ends a test program through its tohost word', () => {
      const program = (value: number) => `
_start:  la t0, tohost
         la t1, message
         sd t1, 0(t0)
1:       ld t2, 0(t0)
         bnez t2, 1b
         li t2, ${value}
2:       sd t2, 0(t0)
         j 2b
         .data
         .align 6
         .globl tohost
tohost:  .dword 0
         .align 6
message: .dword 64, 1, text, 3, 0, 0, 0, 0
text:    .ascii "hi\\n"`;
      const { machine, text } = boot(program(1), { engine, firmware: 'none' });
      expect(machine.run()).to.deep.equal({ kind: 'finished', success: true, code: 0 });
      expect(text()).to.equal('hi\n');
      expect(boot(program(7), { engine, firmware: 'none' }).machine.run()).to.deep.equal({
        kind: 'finished',
        success: false,
        code: 3,
      });
    });
  });
}

describe('snapshots and digests', () => {
  it('continue to the same end from any point, under either engine', () => {
    const random = new Random(7);
    const whole = boot(TICKS).machine;
    whole.run();
    for (let i = 0; i < 8; i++) {
      const { machine } = boot(TICKS, { engine: engines[i % 2] as EngineName });
      machine.run({ instructions: random.below(100) });
      const snapshot = structuredClone(machine.snapshot());
      const other = new Machine({ memory: '4MiB', engine: engines[(i + 1) % 2] as EngineName });
      other.restore(snapshot);
      expect(other.digest()).to.equal(machine.digest());
      expect(other.run()).to.deep.equal(machine.run());
      expect(other.digest()).to.equal(machine.digest());
      expect(other.digest()).to.equal(whole.digest());
    }
  });
  it('a digest tells states apart', () => {
    const { machine } = boot(COUNT);
    machine.run({ instructions: 50 });
    const before = machine.digest();
    machine.memory.view.setUint8(machine.memory.host(0x80300000), 1);
    expect(machine.digest()).not.to.equal(before);
    machine.memory.view.setUint8(machine.memory.host(0x80300000), 0);
    expect(machine.digest()).to.equal(before);
    machine.harts[0]?.setX(20, 1n);
    expect(machine.digest()).not.to.equal(before);
  });
  it('a snapshot of another shape is refused and changes nothing', () => {
    const { machine } = boot(COUNT);
    const digest = machine.digest();
    const other = new Machine({ memory: '8MiB' }).snapshot();
    expect(() => machine.restore(other)).to.throw(SnapshotError, 'memory is 4194304 here and 8388608 in the snapshot');
    expect(() => machine.restore({} as never)).to.throw(SnapshotError);
    expect(machine.digest()).to.equal(digest);
  });
  it('cut into runs of any length, a run ends in the same state', () => {
    const whole = boot(TICKS).machine;
    whole.run();
    const cut = boot(TICKS).machine;
    const random = new Random(3);
    while (cut.run({ instructions: 1 + random.below(9) }).kind === 'limit');
    expect(cut.digest()).to.equal(whole.digest());
  });
});

describe('several harts', () => {
  /** Hart 0 starts hart 1 through the SBI; each adds 1,000 to a shared counter with LR and SC. */
  const SHARED = `
_start: mv s1, a0
        bnez s1, work
        li a7, 0x48534d         # HSM: start hart 1
        li a6, 0
        li a0, 1
        la a1, _start
        li a2, 0
        ecall
work:   la s0, cell
        li s2, 1000
1:      lr.w t0, (s0)
        addi t0, t0, 1
        sc.w t1, t0, (s0)
        bnez t1, 1b
        addi s2, s2, -1
        bnez s2, 1b
        la s3, done
        li t0, 1
        amoadd.w t0, t0, (s3)
        beqz t0, park
        li a7, 0x53525354
        li a6, 0
        li a0, 0
        li a1, 0
        ecall
park:   wfi
        j park
        .data
cell:   .word 0
done:   .word 0
`;
  for (const engine of engines) {
    it(`take turns and share memory (${engine})`, () => {
      const { machine } = boot(SHARED, { engine, harts: 2, quantum: 37 });
      const { cell } = { cell: BASE + 0x1000 };
      expect(machine.run().kind).to.equal('finished');
      expect(machine.memory.view.getUint32(machine.memory.host(cell), true)).to.equal(2000);
      expect(machine.counters(1).instructions > 1000n).to.equal(true);
    });
  }
  it('are idle together when one is stopped with an interrupt pending and the other waits', () => {
    const { machine } = boot(
      `_start: csrsi sie, 2          # hart 1, started below, stops itself with its SSIP pending
        bnez a0, stop
        li a7, 0x48534d
        li a6, 0
        li a0, 1
        la a1, _start
        ecall
wait:   wfi
        j wait
stop:   csrsi sip, 2
        li a7, 0x48534d
        li a6, 1
        ecall`,
      { harts: 2 },
    );
    expect(machine.run()).to.deep.equal({ kind: 'idle' });
    expect(machine.counters(1).cycles < 1_000_000n).to.equal(true);
  });
  it('retire the same stream under both engines', () => {
    const [a, b] = engines.map((engine) => {
      const { machine } = boot(SHARED, { engine, harts: 2, quantum: 100 });
      machine.run();
      return machine.digest();
    });
    expect(a).to.equal(b);
  });
});

describe('bad options', () => {
  it("firmware beside the machine's own SBI is refused", () => {
    const elf = toElf('_start: j _start', { base: BASE });
    expect(() => new Machine({ memory: '4MiB' }).boot({ kernel: elf, firmware: elf })).to.throw(
      "make the machine with firmware: 'none'",
    );
  });
  for (const [options, code] of [
    [{ memory: 100 }, 'MACHINE_MEMORY'],
    [{ memory: '4GiB' }, 'MACHINE_MEMORY'],
    [{ memory: 'lots' }, 'MACHINE_MEMORY'],
    [{ memory: Number.NaN }, 'MACHINE_MEMORY'],
    [{ harts: 0 }, 'MACHINE_HARTS'],
    [{ harts: 1.5 }, 'MACHINE_HARTS'],
    [{ engine: 'magic' as EngineName }, 'MACHINE_ENGINE'],
    [{ tlb: { data: 100 } }, 'MACHINE_TLB'],
    [{ codePages: 1 }, 'MACHINE_CODE'],
    [{ quantum: 0 }, 'MACHINE_QUANTUM'],
  ] as const) {
    it(`${JSON.stringify(options)}: ${code}`, () => {
      expect(() => new Machine(options))
        .to.throw(MachineOptionError)
        .with.property('code', code);
    });
  }
});
