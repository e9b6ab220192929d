/**
 * Runs a static user program with nothing beneath it but this file: real Sv39 page tables in guest RAM, U-mode, and the
 * handful of Linux system calls that a freestanding program needs to say something and end. Not a kernel: for tests.
 */
import { type ElfSegment, PF_R, PF_W, PF_X, PT_LOAD, parseElf } from '../../lib/abi/elf.js';
import { type Hart, U } from '../../lib/machine/hart.js';
import { PAGE_SIZE, RAM_BASE } from '../../lib/machine/layout.js';
import { Machine } from '../../lib/machine/machine.js';
import type { MachineOptions } from '../../lib/machine/options.js';
import { prepareForSupervisor } from '../../lib/machine/sbi/prepare.js';
import type { Trap } from '../../lib/machine/scheduler.js';
import { Random } from './random.js';

const PAGE = BigInt(PAGE_SIZE);
/** The end of the lower half of Sv39: the stack ends a page below. */
const STACK_TOP = (1n << 38n) - PAGE;
const ECALL_FROM_U = 8;
const ENOMEM = 12n;
const SV39 = 8n << 60n;
const FS_INITIAL = 1n << 13n;

/** Bits of a page table entry. */
export const PTE = { V: 1n, R: 2n, W: 4n, X: 8n, U: 16n, A: 64n, D: 128n } as const;

/** Guest memory by virtual page: page tables in RAM over physical pages in no order, so that translation is put to work. */
export class AddressSpace {
  readonly #free: number[];
  readonly #pages = new Map<bigint, number>();
  readonly #root: number;

  constructor(
    readonly machine: Machine,
    seed: number | bigint,
  ) {
    const random = new Random(seed);
    this.#free = Array.from({ length: machine.configuration.memory / PAGE_SIZE }, (_, i) => RAM_BASE + i * PAGE_SIZE);
    for (let i = this.#free.length - 1; i > 0; i--) {
      const other = random.below(i + 1);
      [this.#free[i], this.#free[other]] = [this.#free[other] as number, this.#free[i] as number];
    }
    this.#root = this.#allocate();
  }
  #allocate(): number {
    const page = this.#free.pop();
    if (page === undefined) throw new RangeError('the program does not fit in guest memory');
    return page;
  }

  get satp(): bigint {
    return SV39 | BigInt(this.#root / PAGE_SIZE);
  }
  /** Maps a page with these PTE bits: to what is mapped at `same`, or else to a fresh page. */
  map(address: bigint, bits: bigint, same = address): void {
    const page = address & -PAGE;
    const physical = this.#pages.get(same & -PAGE) ?? this.#allocate();
    this.#pages.set(page, physical);
    let table = this.#root;
    const entryAt = (level: number): number =>
      this.machine.memory.host(table + Number((page >> BigInt(12 + 9 * level)) & 0x1ffn) * 8);
    const { view } = this.machine.memory;
    for (const level of [2, 1]) {
      if (view.getBigUint64(entryAt(level), true) === 0n)
        view.setBigUint64(entryAt(level), (BigInt(this.#allocate() / PAGE_SIZE) << 10n) | PTE.V, true);
      table = Number((view.getBigUint64(entryAt(level), true) >> 10n) << 12n);
    }
    view.setBigUint64(entryAt(0), (BigInt(physical / PAGE_SIZE) << 10n) | bits, true);
  }
  mapRange(from: bigint, bytes: bigint, bits: bigint): void {
    for (let page = from & -PAGE; page < from + bytes; page += PAGE) this.map(page, bits);
  }

  /** Calls `visit` with each part of a range that lies in one page. Throws RangeError where nothing is mapped. */
  #parts(address: bigint, length: number, visit: (physical: number, offset: number, bytes: number) => void): void {
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const physical = this.#pages.get(at & -PAGE);
      if (physical === undefined) throw new RangeError(`0x${at.toString(16)} is not mapped`);
      const within = Number(at & (PAGE - 1n));
      const bytes = Math.min(PAGE_SIZE - within, length - done);
      visit(physical + within, done, bytes);
      done += bytes;
    }
  }
  write(address: bigint, data: Uint8Array): void {
    this.#parts(address, data.length, (physical, offset, bytes) =>
      this.machine.memory.write(physical, data.subarray(offset, offset + bytes)),
    );
  }
  read(address: bigint, length: number): Uint8Array {
    const data = new Uint8Array(length);
    this.#parts(address, length, (physical, offset, bytes) =>
      data.set(this.machine.memory.read(physical, bytes), offset),
    );
    return data;
  }

  /** Puts the hart in U-mode at an address in this space, with the floating-point unit on. */
  enter(pc: bigint, hardwareDirty = false): void {
    const { hart, privileged } = this.machine.cores[0]!;
    prepareForSupervisor(privileged, hardwareDirty);
    privileged.writeCsr('satp', this.satp);
    privileged.writeCsr('mstatus', privileged.readCsr('mstatus') | FS_INITIAL);
    privileged.setMode(U, false);
    hart.pc = pc;
  }
}

export interface UserOptions extends MachineOptions {
  readonly stack?: bigint;
  /** Bytes that brk can give. */
  readonly heap?: bigint;
  /** What happens on a system call that is none of those answered here; the result goes to a0. */
  readonly otherCall?: (number: bigint, hart: Hart) => bigint | undefined;
}

const flagsOf = ({ flags }: ElfSegment): bigint =>
  [
    [PF_R, PTE.R | PTE.A],
    [PF_W, PTE.W | PTE.D],
    [PF_X, PTE.X | PTE.A],
  ].reduce((bits, [flag, pte]) => (flags & Number(flag) ? bits | BigInt(pte!) : bits), PTE.V | PTE.U);

/** A program that is loaded and can be run. */
export class UserProgram {
  readonly machine: Machine;
  readonly space: AddressSpace;
  readonly #output: Uint8Array[] = [];
  readonly #heapEnd: bigint;
  #break: bigint;
  #exitCode: number | undefined;
  #problem: string | undefined;

  constructor(elf: Uint8Array, options: UserOptions = {}) {
    const { stack = 1n << 20n, heap = 0n, otherCall, ...machineOptions } = options;
    this.machine = new Machine({ memory: '32MiB', ...machineOptions });
    this.space = new AddressSpace(this.machine, options.seed ?? 1);
    const file = parseElf(elf);
    const segments = file.segments.filter(({ type, memsz }) => type === PT_LOAD && memsz > 0n);
    for (const segment of segments) {
      this.space.mapRange(segment.vaddr, segment.memsz, flagsOf(segment));
      this.space.write(segment.vaddr, segment.data);
    }
    const readWrite = PTE.V | PTE.U | PTE.R | PTE.W | PTE.A | PTE.D;
    const end = segments.map(({ vaddr, memsz }) => Number(vaddr + memsz)).reduce((a, b) => Math.max(a, b), 0);
    this.#break = (BigInt(end) + PAGE - 1n) & -PAGE;
    this.#heapEnd = this.#break + heap;
    this.space.mapRange(this.#break, heap, readWrite);
    this.space.mapRange(STACK_TOP - stack, stack, readWrite);
    this.space.enter(file.entry);
    // argc, argv, envp and the auxiliary vector, all empty: zeroes.
    this.hart.setX(2, STACK_TOP - 64n);
    this.machine.trapHandler = (trap) => this.#trap(trap, otherCall);
  }
  get hart(): Hart {
    return this.machine.harts[0]!;
  }

  #trap(trap: Trap, otherCall: UserOptions['otherCall']): 'handled' | 'stop' {
    const { hart } = trap;
    if (trap.interrupt || trap.cause !== ECALL_FROM_U) {
      this.#problem = `cause ${trap.cause} at pc 0x${hart.pc.toString(16)}, value 0x${trap.value.toString(16)}`;
      return 'stop';
    }
    const [a0, a1, a2, number] = [10, 11, 12, 17].map((i) => hart.x(i)) as [bigint, bigint, bigint, bigint];
    let result: bigint | undefined;
    if (number === 64n && (a0 === 1n || a0 === 2n)) {
      this.#output.push(this.space.read(a1, Number(a2)));
      result = a2;
    } else if (number === 93n || number === 94n) {
      this.#exitCode = Number(a0 & 0xffn);
      return 'stop';
    } else if (number === 214n) {
      if (a0 > this.#heapEnd) result = -ENOMEM;
      else if (a0 !== 0n) this.#break = a0;
      result ??= this.#break;
    } else result = otherCall?.(number, hart);
    if (result === undefined) {
      this.#problem = `system call ${number} at pc 0x${hart.pc.toString(16)}`;
      return 'stop';
    }
    hart.setX(10, BigInt.asUintN(64, result));
    hart.pc += 4n;
    return 'handled';
  }

  /** Runs until it exits. Throws if it does something else, or needs more instructions than allowed. */
  run(instructions?: number): { readonly stdout: Uint8Array; readonly code: number } {
    const stop = this.machine.run(instructions === undefined ? {} : { instructions });
    if (this.#problem !== undefined) throw new Error(`the program was stopped: ${this.#problem}`);
    if (this.#exitCode === undefined) throw new Error(`the program did not exit: ${stop.kind}`);
    return { stdout: this.stdout, code: this.#exitCode };
  }
  get stdout(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#output));
  }
}
