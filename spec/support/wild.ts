/**
 * A machine that runs random code in U-mode under Sv39 with next to no TLB and decoded code, so that everything is evicted
 * all the time. Traps are answered by a rule that depends only on what the machine holds: the program goes on somewhere else.
 */
import { Machine } from '../../lib/machine/machine.js';
import type { MachineOptions } from '../../lib/machine/options.js';
import type { Trap } from '../../lib/machine/scheduler.js';
import { bytesOf, isTransfer, POINTERS, randomF, randomX, tameEncoding, touchesMemory, userRows } from './code.js';
import { Random } from './random.js';
import { AddressSpace, PTE } from './user.js';

const PAGE = 0x1000n;
/** With 16 entries these two pages share a TLB entry with the page after them. */
const CODE = 0x07ffe000n;
const DATA = 0x17ffe000n;
const CODE_ALIAS = 0x1000000n;
const CODE_PAGES = 4;
const DATA_PAGES = 24;
const { V, R, W, X, U, A, D } = PTE;

const transfers = userRows.filter(isTransfer);
const memory = userRows.filter(touchesMemory);
const others = userRows.filter((row) => !isTransfer(row) && !touchesMemory(row));

const randomInstruction = (random: Random): number => {
  const kind = random.below(100);
  if (kind === 0) return random.next32();
  const row = random.pick(kind < 12 ? transfers : kind < 45 ? memory : others);
  // Calls of the environment end the flow too soon to be as frequent as anything else.
  if (/ecall|ebreak|fence\.i/.test(row.name) && random.below(8) !== 0) return randomInstruction(random);
  return tameEncoding(random, row) ?? randomInstruction(random);
};
/** So many bytes of instructions; the last may be cut short. */
const randomCode = (random: Random, length: number): Uint8Array => {
  const encodings: number[] = [];
  for (let bytes = 0; bytes < length + 4; ) {
    const encoding = randomInstruction(random);
    encodings.push(encoding);
    bytes += (encoding & 3) === 3 ? 4 : 2;
  }
  return bytesOf(encodings).subarray(0, length);
};

export class WildMachine {
  readonly machine: Machine;
  readonly space: AddressSpace;
  /** Traps as they were taken, for comparison and for the story of a failure. */
  readonly log: string[] = [];
  /** Complaints about a trap that was not as the specification has it. */
  readonly problems: string[] = [];
  readonly #seed: bigint;

  constructor(seed: bigint, options: MachineOptions) {
    this.#seed = seed;
    const random = new Random(seed);
    const hardwareDirty = (seed & 1n) === 1n;
    this.machine = new Machine({
      memory: '1MiB',
      tlb: { data: 16, fetch: 16 },
      codePages: 2,
      hardwareDirty,
      ...options,
    });
    this.space = new AddressSpace(this.machine, seed);
    for (let i = 0n; i < CODE_PAGES; i++) {
      const flags = V | X | U | A | (i === 3n ? 0n : R | W | D);
      this.space.map(CODE + i * PAGE, V | R | W | X | U | A | D);
      this.space.write(CODE + i * PAGE, randomCode(random, Number(PAGE)));
      this.space.map(CODE + i * PAGE, flags);
    }
    for (let i = 0n; i < DATA_PAGES; i++) {
      const used = random.below(3) === 0 ? 0n : A | D;
      const flags = random.pick([V | R | W | U | used, V | R | W | U | used, V | R | W | U | used, V | R | U | A, 0n]);
      this.space.map(DATA + i * PAGE, i < 4n ? V | R | W | U | used : flags);
      const bytes = new Uint8Array(Number(PAGE)).map(() => random.below(256));
      this.space.write(DATA + i * PAGE, bytes);
    }
    // Code can also be written through another address.
    this.space.map(CODE_ALIAS, V | R | W | U | A | D, CODE + PAGE);
    this.space.enter(CODE, hardwareDirty);
    const { hart, privileged } = this.machine.cores[0]!;
    for (let i = 1; i < 32; i++) hart.setX(i, randomX(random));
    for (let i = 0; i < 32; i++) hart.setF(i, randomF(random));
    this.#point(random);
    privileged.writeCsr('sie', 1n << 5n);
    privileged.writeCsr('stimecmp', 20n);
    this.machine.trapHandler = (trap) => this.#trap(trap);
  }

  /** New values for the pointers: aligned and not, at page ends, in data, in code, and now and then nowhere. */
  #point(random: Random): void {
    const { hart } = this.machine.cores[0]!;
    for (const register of POINTERS) {
      const page = DATA + BigInt(random.below(DATA_PAGES)) * PAGE;
      const choices = [
        page + (random.bits(12) & ~7n),
        page + (random.bits(12) & ~7n),
        page + random.bits(12),
        page + PAGE - 4n + random.bits(3),
        DATA + 2n * PAGE - random.bits(4),
        CODE + BigInt(random.below(CODE_PAGES)) * PAGE + random.bits(12),
        CODE + 2n * PAGE - random.bits(4),
        CODE_ALIAS + random.bits(12),
        random.below(8) === 0 ? randomX(random) : page + 8n * random.bits(9),
      ];
      hart.setX(register, random.pick(choices));
    }
    // What a store may put into code: an instruction, or two of them.
    for (const register of [12, 13, 14]) {
      const [low, high] = [randomInstruction(random), randomInstruction(random)];
      hart.setX(register, (BigInt(high) << 32n) | BigInt(low >>> 0));
    }
    for (const register of [1, 5]) hart.setX(register, CODE + BigInt(random.below(CODE_PAGES * Number(PAGE))));
  }

  #trap(trap: Trap): 'handled' {
    const { hart, privileged } = this.machine.cores[0]!;
    const random = new Random(this.#seed ^ (hart.retired << 16n) ^ BigInt(this.log.length));
    this.log.push(
      `${trap.interrupt ? 'interrupt' : 'cause'} ${trap.cause} at 0x${hart.pc.toString(16)}, value 0x${trap.value.toString(16)}, after ${hart.retired}`,
    );
    if (trap.interrupt) {
      privileged.writeCsr('stimecmp', privileged.readCsr('time') + 1n + BigInt(random.below(60)));
      return 'handled';
    }
    if (trap.cause === 2) this.#checkIllegal(trap);
    this.#point(random);
    hart.pc = CODE + (BigInt(random.below(CODE_PAGES * Number(PAGE))) & ~1n);
    // Straddling instructions are rare unless sought.
    if (random.below(4) === 0) hart.pc = CODE + PAGE * BigInt(1 + random.below(CODE_PAGES)) - 2n * random.bits(3);
    const i = random.below(32);
    hart.setF(i, randomF(random));
    hart.setX(16 + (i & 15), randomX(random));
    return 'handled';
  }
  /**
   * The trap value of an illegal instruction is its encoding, or 0 (privileged specification, 3.1.16): the latter where the
   * page of its first half had to leave the TLB for that of its second.
   */
  #checkIllegal({ value, hart }: Trap): void {
    const bytes = this.space.read(hart.pc, 2);
    const low = (bytes[0] as number) | ((bytes[1] as number) << 8);
    const high = (low & 3) === 3 ? this.space.read(hart.pc + 2n, 2) : [0, 0];
    const encoding = BigInt(low) | (BigInt((high[0] as number) | ((high[1] as number) << 8)) << 16n);
    const straddles = (hart.pc & 0xfffn) === 0xffen;
    if (value !== encoding && !(straddles && value === 0n))
      this.problems.push(`${this.log.at(-1)}: the encoding is 0x${encoding.toString(16)}`);
  }

  run(instructions: number): void {
    this.machine.run({ instructions });
  }
  /** Moves the program on if it is caught in a loop. */
  kick(random: Random): void {
    this.machine.harts[0]!.pc = CODE + (BigInt(random.below(CODE_PAGES * Number(PAGE))) & ~1n);
    this.machine.harts[0]!.setCell32('midBlock', 0);
  }
}
