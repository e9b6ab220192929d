/**
 * Hostile guests and hostile callers. Whatever guest software does, `run` returns a reason to stop; whatever a caller
 * gives, it gets a typed error and an unchanged machine. VIVARIUM_SEED chooses other programs.
 */
import { expect } from 'chai';
import { VivariumError } from '../../lib/abi/errors.js';
import { toElf } from '../../lib/isa/asm.js';
import { MemoryBlockStore } from '../../lib/machine/devices/virtio/block-store.js';
import { VirtioConsole } from '../../lib/machine/devices/virtio/console.js';
import type { NetworkPort } from '../../lib/machine/devices/virtio/net.js';
import type { EngineName } from '../../lib/machine/engine.js';
import { Machine } from '../../lib/machine/machine.js';
import { Random } from '../support/random.js';

const SEED = BigInt(process.env.VIVARIUM_SEED ?? '1');
const BASE = 0x80000000;
const RAM = 1 << 20;
const port = (): NetworkPort & { deliver?: (frame: Uint8Array) => void } => ({
  send() {},
  onReceive(listener) {
    this.deliver = listener;
  },
});

const optionsOf = (engine: EngineName, harts: number) => ({
  memory: RAM,
  harts,
  engine,
  quantum: 200,
  tlb: { data: 16, fetch: 16 },
  codePages: 8,
  disks: [new MemoryBlockStore(new Uint8Array(8192))],
  networks: [port()],
  consoles: [new VirtioConsole(() => {})],
});

/** The program is straight-line, and its trap handler skips what trapped: sepc + 4, as nothing is compressed. */
class HostileProgram {
  readonly #lines: string[] = [];
  constructor(readonly random: Random) {}

  #value(): bigint {
    const { random } = this;
    return random.pick([
      () => random.next64(),
      () => BigInt(random.below(9)),
      () => BigInt(BASE + random.below(RAM)),
      () => BigInt(BASE + random.below(RAM / 16) * 16),
      () => BigInt(BASE + RAM - random.below(64)),
      () => 0x10001000n + BigInt(random.below(0x8000)),
      () => (1n << 64n) - 1n - BigInt(random.below(3)),
      () => 1n << random.bits(6),
    ])();
  }
  #set(register: string, value: bigint): void {
    this.#lines.push(`li ${register}, ${BigInt.asIntN(64, value)}`);
  }
  #store(address: bigint, value: bigint, width: string): void {
    this.#set('t0', address);
    this.#set('t1', value);
    this.#lines.push(`s${width} t1, 0(t0)`);
  }

  #access(): void {
    const { random } = this;
    const [base, size] = random.pick([
      [0x2000000, 0x10000],
      [0x2004000, 64],
      [0x200bff8, 8],
      [0xc000000, 0x3000],
      [0xc200000, 0x4000],
      [0x10000000, 16],
      [0x101000, 32],
      [0x10001000, 0x8000],
    ] as const);
    const address = BigInt(base + random.below(size)) & ~BigInt(random.pick([0, 3, 3, 7]));
    if (random.below(2) === 0) this.#store(address, this.#value(), random.pick(['b', 'h', 'w', 'w', 'd']));
    else {
      this.#set('t0', address);
      this.#lines.push(`l${random.pick(['b', 'hu', 'w', 'd'])} t1, 0(t0)`);
    }
  }

  /** Sets up a queue well or badly, fills descriptors and rings with what may make sense, and notifies. */
  #virtio(): void {
    const { random } = this;
    const slot = 0x10001000n + BigInt(random.below(4)) * 0x1000n;
    const at = (offset: number, value: bigint): void => this.#store(slot + BigInt(offset), value, 'w');
    const queue = BigInt(random.below(3) === 0 ? random.below(4) : random.below(2));
    const size = random.below(8) === 0 ? Number(this.#value() & 0xffffn) : random.pick([1, 4, 8, 256]);
    const table = BigInt(BASE + 0x80000 + random.below(64) * 0x100);
    const ring = BigInt(BASE + 0x90000 + random.below(64) * 0x100);
    const used = random.below(8) === 0 ? this.#value() : BigInt(BASE + 0xa0000 + random.below(16) * 0x100);
    at(0x70, 0n);
    for (const [select, features] of [
      [0n, random.below(3) === 0 ? random.next64() : 0x30000000n],
      [1n, 1n],
    ] as const) {
      at(0x24, select);
      at(0x20, features & 0xffffffffn);
    }
    at(0x70, 11n);
    at(0x30, queue);
    at(0x38, BigInt(size));
    at(0x80, table & 0xffffffffn);
    at(0x90, ring & 0xffffffffn);
    at(0xa0, used & 0xffffffffn);
    if (random.below(8) === 0) at(random.pick([0x84, 0x94, 0xa4]), this.#value() & 0xffffffffn);
    for (let i = 0; i < 6; i++) {
      const entry = table + BigInt(i * 16);
      this.#store(entry, random.below(3) === 0 ? this.#value() : table + BigInt(random.below(256)) * 16n, 'd');
      this.#store(entry + 8n, random.below(4) === 0 ? this.#value() : BigInt(random.pick([0, 1, 16, 48, 513])), 'w');
      this.#store(entry + 12n, BigInt(random.pick([0, 1, 1, 2, 3, 4, random.below(65536)])), 'h');
      this.#store(entry + 14n, BigInt(random.below(8) === 0 ? random.below(65536) : random.below(6)), 'h');
      this.#store(ring + 4n + BigInt(i * 2), BigInt(random.below(7)), 'h');
      // A request header where a descriptor may point: a block request of some kind.
      this.#store(table + BigInt(random.below(16) * 16), BigInt(random.pick([0, 1, 4, 8, 11, 13])), 'd');
    }
    this.#store(ring + 2n, BigInt(random.below(8) === 0 ? random.below(65536) : random.below(8)), 'h');
    at(0x44, 1n);
    at(0x70, 15n);
    at(0x50, queue);
  }

  #sbi(): void {
    const { random } = this;
    const ids = [0x10, 0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x4442434e, 0x48534d, 0x52464e43, 0x4442434e];
    for (const register of ['a0', 'a1', 'a2', 'a3', 'a4', 'a5']) this.#set(register, this.#value());
    this.#set('a6', random.below(9) === 0 ? this.#value() : BigInt(random.below(7)));
    const kind = random.below(12);
    if (kind === 0) this.#set('a7', this.#value());
    else if (kind < 3) this.#set('a7', BigInt(random.below(8)));
    else if (kind === 3 && random.below(8) === 0) this.#set('a7', 0x53525354n);
    else this.#set('a7', BigInt(random.pick(ids)));
    // Starting a hart at a place that has code.
    if (random.below(4) === 0) {
      this.#set('a0', BigInt(random.below(4)));
      this.#set('a1', BigInt(BASE));
      this.#set('a6', 0n);
      this.#set('a7', 0x48534dn);
    }
    this.#lines.push('ecall');
  }
  #csr(): void {
    const csr = this.random.pick(['sie', 'sstatus', 'stimecmp', 'sip', 'hgatp', 'vsatp', 'hstatus', 'senvcfg', 'hie']);
    this.#set('t1', this.#value());
    this.#lines.push(`csrw ${csr}, t1`, this.random.below(6) === 0 ? 'wfi' : 'nop');
  }

  elf(steps: number): Uint8Array {
    this.#lines.push('_start:', '.option norvc', 'la t0, handler', 'csrw stvec, t0');
    for (let i = 0; i < steps; i++) {
      const kind = this.random.below(10);
      if (kind < 4) this.#access();
      else if (kind < 6) this.#virtio();
      else if (kind < 9) this.#sbi();
      else this.#csr();
    }
    this.#lines.push('j _start', '.align 2', 'handler: csrr t2, scause', 'bltz t2, 1f', 'csrr t2, sepc');
    this.#lines.push('addi t2, t2, 4', 'csrw sepc, t2', 'sret', '1: csrw sie, zero', 'sret');
    return toElf(`${this.#lines.join('\n')}\n`, { base: BASE });
  }
}

const kinds = ['limit', 'idle', 'finished', 'unhandled'];

describe('hostile guests', () => {
  for (const [engine, programs, steps] of [
    ['interpreter', 40, 60],
    ['reference', 6, 40],
  ] as const)
    it(`cause no exception under the ${engine}`, () => {
      for (let i = 0; i < programs; i++) {
        const random = new Random(SEED * 1000n + BigInt(i));
        const options = optionsOf(engine, 1 + random.below(4));
        const machine = new Machine(options);
        machine.load(new HostileProgram(random).elf(steps));
        for (let round = 0; round < 4; round++) {
          const { kind } = machine.run({ instructions: 2000 });
          expect(kinds).to.include(kind);
          machine.input('input\n');
          (options.networks[0] as ReturnType<typeof port>).deliver?.(new Uint8Array(60));
          options.consoles[0]?.receive(Uint8Array.of(1, 2, 3));
        }
        const digest = machine.digest();
        const other = new Machine(optionsOf(engine, options.harts));
        other.restore(structuredClone(machine.snapshot()));
        expect(other.digest(), `program ${i}`).to.equal(digest);
        expect(other.run({ instructions: 500 }).kind).to.equal(machine.run({ instructions: 500 }).kind);
        expect(other.digest(), `program ${i}, continued`).to.equal(machine.digest());
      }
    });
  it('a machine whose harts all sleep is idle, also when a test program could still report', () => {
    const machine = new Machine({ memory: RAM, firmware: 'none' });
    machine.load(
      toElf('_start: wfi\n j _start\n .data\n .align 3\n .globl tohost\ntohost: .dword 0\n', { base: BASE }),
    );
    expect(machine.run({ instructions: 1000 }).kind).to.equal('idle');
  });
});

const junk: readonly unknown[] = [
  null,
  'text',
  '',
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 60,
  -1n,
  1n << 70n,
  {},
  [],
  [1, 2],
  [null],
  Symbol('junk'),
  () => 0,
  new Uint8Array(),
  new Uint8Array(100),
  new Uint16Array(3),
];
const START = '_start: addi a0, a0, 1\n j _start\n';
const fresh = (): Machine => {
  const machine = new Machine({ memory: RAM, tlb: { data: 16, fetch: 16 }, codePages: 2 });
  machine.load(toElf(START, { base: BASE }));
  machine.run({ instructions: 10 });
  return machine;
};
/** Whatever `act` throws is typed; true if it threw. */
const refused = (act: () => unknown, story: string): boolean => {
  try {
    act();
    return false;
  } catch (error) {
    if (!(error instanceof VivariumError) && !(error instanceof RangeError && /not in RAM/.test(error.message)))
      expect.fail(`${story}: ${error instanceof Error ? error.stack : String(error)}`);
    return true;
  }
};
const show = (value: unknown): string =>
  typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);

describe('hostile callers', () => {
  it('get typed errors for every option', () => {
    const names = ['memory', 'harts', 'engine', 'seed', 'firmware', 'hypervisor', 'hardwareDirty', 'tlb', 'codePages'];
    for (const value of junk) {
      refused(() => new Machine(value as never), `options ${show(value)}`);
      for (const name of [...names, 'quantum', 'costs', 'epoch', 'disks', 'networks', 'consoles'])
        refused(() => new Machine({ memory: RAM, codePages: 2, [name]: value }), `${name} ${show(value)}`);
      for (const nested of [{ tlb: { data: value } }, { costs: { trapEntry: value } }, { disks: [{ store: value }] }])
        refused(() => new Machine({ memory: RAM, codePages: 2, ...nested } as never), show(value));
    }
  });
  it('get typed errors from every method, which then has changed nothing', () => {
    const machine = fresh();
    const digest = machine.digest();
    const calls: Record<string, (value: never) => unknown> = {
      load: (value) => machine.load(value),
      'load, bootargs': (value) => machine.load(new Uint8Array(3), value),
      loadFlat: (value) => machine.loadFlat(value, BASE + 1),
      'loadFlat, address': (value) => machine.loadFlat(new Uint8Array(4), value),
      loadSegments: (value) => machine.loadSegments(value),
      boot: (value) => machine.boot(value),
      'boot, kernel': (value) => machine.boot({ kernel: value }),
      'boot, initrd': (value) => machine.boot({ kernel: new Uint8Array(64), initrd: value }),
      restore: (value) => machine.restore(value),
      'run, cycle': (value) => machine.run({ instructions: 0, cycle: value }),
      'run, address': (value) => machine.run({ instructions: 0, address: value }),
      'run, trap': (value) => machine.run({ instructions: 0, trap: value }),
      counters: (value) => machine.counters(value),
    };
    for (const [name, call] of Object.entries(calls))
      for (const value of junk) {
        refused(() => call(value as never), `${name} ${show(value)}`);
        expect(machine.digest(), `${name} ${show(value)}`).to.equal(digest);
      }
    for (const value of junk.filter((item) => !(item instanceof Uint8Array) && typeof item !== 'string')) {
      expect(
        refused(() => machine.input(value as never), 'input'),
        show(value),
      ).to.equal(true);
      if (typeof value !== 'object' || value === null)
        expect(
          refused(() => machine.run({ instructions: value as never }), 'run'),
          show(value),
        ).to.equal(true);
    }
    machine.input('\ud800');
  });
  it('cannot half-load a mutated ELF file, Image, initrd or command line', () => {
    const random = new Random(SEED);
    const elf = toElf(`${START}.data\n .dword 1\n .globl tohost\ntohost: .dword 0\n`, { base: BASE });
    const image = new Uint8Array(4096);
    const header = new DataView(image.buffer);
    header.setBigUint64(16, 8192n, true);
    header.setUint32(56, 0x05435352, true);
    for (let i = 0; i < 100; i++) {
      const machine = i % 20 === 0 ? fresh() : shared;
      shared = machine;
      const before = machine.digest();
      const file = (i % 2 === 0 ? elf : image).slice();
      for (let n = random.below(4); n >= 0; n--)
        file[random.below(random.below(2) === 0 ? 64 : Math.min(file.length, 300))] = random.pick([
          random.below(256),
          0,
          255,
          1 << random.below(8),
        ]);
      const kernel = random.below(5) === 0 ? file.subarray(0, random.below(file.length)) : file;
      const initrd = new Uint8Array(random.pick([0, 1, 5000, RAM, RAM * 2]));
      const bootargs = 'x'.repeat(random.pick([0, 10, 5000, 3 << 20]));
      const act = (): unknown => machine.boot({ kernel, ...(random.below(2) === 0 && { initrd }), bootargs });
      if (refused(act, `file ${i}`)) expect(machine.digest(), `file ${i}`).to.equal(before);
      else expect(kinds).to.include(machine.run({ instructions: 50 }).kind);
    }
  });
  it('cannot half-restore a damaged snapshot', () => {
    const machine = fresh();
    const digest = machine.digest();
    const snapshot = fresh().snapshot();
    for (const key of Object.keys(snapshot))
      for (const value of [undefined, ...junk]) {
        refused(() => machine.restore({ ...snapshot, [key]: value } as never), `${key} ${show(value)}`);
        expect(machine.digest(), `${key} ${show(value)}`).to.equal(digest);
      }
    const withDisk = (bytes: number): Machine =>
      new Machine({ memory: RAM, codePages: 2, disks: [new MemoryBlockStore(new Uint8Array(bytes))] });
    expect(() => withDisk(512).restore(withDisk(1024).snapshot())).to.throw(VivariumError, 'disks');
  });
});
let shared: Machine;

describe('callbacks that throw', () => {
  const boom = new Error('boom');
  /** Reads sector 0 through a queue of four: header, data at 0x80020000, status behind it. */
  const STATUS = 0x80020200;
  const words = (at: number, ...values: number[]): string =>
    values.map((value, i) => `li t0, ${at + i * 4}\n li t1, ${value}\n sw t1, 0(t0)\n`).join('');
  const READ = `_start: ${[
    ...[words(0x80010000, 0x80011000, 0, 16, 0x10001, 0x80020000, 0, 512, 0x20003, 0x80020200, 0, 1, 2)],
    ...[words(0x80012000, 0x10000, 0), words(0x80011000, 0, 0, 0, 0)],
    ...[
      [0x70, 0],
      [0x24, 1],
      [0x20, 1],
      [0x70, 11],
      [0x38, 4],
      [0x80, 0x80010000],
      [0x90, 0x80012000],
    ],
    ...[
      [0xa0, 0x80013000],
      [0x44, 1],
      [0x70, 15],
    ],
  ]
    .map((part) => (typeof part === 'string' ? part : words(0x10001000 + (part[0] as number), part[1] as number)))
    .join('')}1: j 1b`;
  /** Prints a line by the SBI and by the UART, then goes on. */
  const PRINT = `_start: li s0, 10000000
        li a7, 1
        li a0, 10
        ecall
        li t0, 0x10000000
        li t1, 10
        sb t1, 0(t0)
        addi s1, s1, 1
        j _start`;
  it('a block store: the guest sees an I/O error, run throws, and a later request succeeds', () => {
    let broken = true;
    const store = new MemoryBlockStore(new Uint8Array(512).fill(7));
    const disk = {
      size: 512,
      read: (offset: number, length: number): Uint8Array => {
        if (broken) throw boom;
        return store.read(offset, length);
      },
      write() {},
      flush() {},
    };
    const machine = new Machine({ memory: RAM, disks: [disk] });
    machine.load(toElf(READ, { base: BASE }));
    expect(() => machine.run({ instructions: 1000 })).to.throw(boom);
    expect(machine.memory.read(STATUS, 1)[0]).to.equal(1);
    broken = false;
    machine.load(toElf(READ, { base: BASE }));
    expect(machine.run({ instructions: 1000 }).kind).to.equal('limit');
    expect(machine.memory.read(STATUS, 1)[0]).to.equal(0);
    expect(machine.memory.read(STATUS - 512, 1)[0]).to.equal(7);
  });
  for (const engine of ['interpreter', 'reference'] as const) {
    it(`an output listener: run throws it after the instruction, and goes on when called again (${engine})`, () => {
      const [machine, quiet] = [0, 1].map(() => {
        const made = new Machine({ memory: RAM, engine });
        made.load(toElf(PRINT, { base: BASE }));
        return made;
      }) as [Machine, Machine];
      let thrown = 0;
      machine.on('output', () => {
        throw boom;
      });
      for (;;) {
        const left = 100n - machine.counters().instructions - machine.counters().traps;
        if (left <= 0n) break;
        try {
          machine.run({ instructions: Number(left) });
        } catch (error) {
          expect(error).to.equal(boom);
          thrown++;
        }
      }
      expect(thrown).to.be.greaterThan(10);
      while (quiet.counters().instructions < machine.counters().instructions) quiet.step();
      expect(machine.digest()).to.equal(quiet.digest());
    });
    it(`a trap handler or a trap condition: the trap is still to come (${engine})`, () => {
      const machine = new Machine({ memory: RAM, engine });
      machine.load(toElf(PRINT, { base: BASE }));
      const fail = (): never => {
        throw boom;
      };
      expect(() => machine.run({ instructions: 100, trap: fail })).to.throw(boom);
      machine.trapHandler = fail;
      expect(() => machine.run({ instructions: 100 })).to.throw(boom);
      expect(machine.counters().traps).to.equal(0n);
      machine.trapHandler = () => {
        machine.run({ instructions: 1 });
        return 'take';
      };
      expect(() => machine.run({ instructions: 100 })).to.throw(VivariumError, 'running already');
      machine.trapHandler = undefined;
      expect(machine.run({ instructions: 100 }).kind).to.equal('limit');
    });
  }
});
