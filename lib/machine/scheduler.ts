/**
 * Time and turns: runs the harts one after the other for a quantum of cycles each, takes their traps and interrupts,
 * lets devices act at their deadlines, and jumps over time in which every hart waits.
 *
 * Interrupts are looked at only where control transfers, after system instructions and after traps. When that is does
 * not depend on how a run is cut into calls, so the same machine retires the same stream however it is driven.
 */

import { type Core, CYCLES_PER_TICK } from './core.js';
import type { Bus } from './devices/bus.js';
import type { Clint } from './devices/clint.js';
import type { Htif } from './devices/htif.js';
import { EXIT, type Exit } from './engine.js';
import type { Hart } from './hart.js';
import { PAGE_SIZE } from './layout.js';
import type { HartStates } from './sbi/hart-states.js';
import { HART_STATE } from './sbi/host.js';
import type { Sbi } from './sbi/sbi.js';

/** An exception or interrupt about to be taken. */
export interface Trap {
  readonly hart: Hart;
  readonly interrupt: boolean;
  /** mcause without the interrupt bit; for an exception also what mtval, mtval2 and mtinst would be. */
  readonly cause: number;
  readonly value: bigint;
  readonly value2: bigint;
  readonly instruction: bigint;
  /** Whose trap vector it would go to. */
  readonly target: 'M' | 'HS' | 'VS';
}
/**
 * Stands in for trap handlers. `take`: the hart's own handler runs. `handled`: the caller has done what is needed and set
 * pc. `stop`: the run ends before the trap is taken.
 */
export type TrapHandler = (trap: Trap) => 'take' | 'handled' | 'stop';

export interface RunOptions {
  /** Stop after exactly this many instructions of all harts together, those that trapped included. */
  readonly instructions?: number;
  /** Stop as soon as the running hart's cycles reach this number. */
  readonly cycle?: bigint;
  /** Stop when a hart is about to execute the instruction at this virtual address. */
  readonly address?: bigint;
  /** Stop before a trap for which this holds; `true` means any. */
  readonly trap?: true | ((trap: Trap) => boolean);
}
export type StopReason =
  /** `instructions` or `cycle` was reached. */
  | { readonly kind: 'limit' }
  | { readonly kind: 'address'; readonly hart: Hart }
  | { readonly kind: 'trap'; readonly trap: Trap }
  /** Every hart waits and no timer is set: only input can wake one. */
  | { readonly kind: 'idle' }
  /** Software ended the run through the test finisher or the SBI. */
  | { readonly kind: 'finished'; readonly success: boolean; readonly code: number }
  /** A trap that nobody handles: with the SBI, one that was not delegated; or one that its own handler raises at once, for ever. */
  | { readonly kind: 'unhandled'; readonly trap: Trap };

interface Parts {
  readonly cores: readonly Core[];
  readonly states: HartStates;
  readonly bus: Bus;
  readonly clint: Clint;
  readonly htif: Htif;
  readonly quantum: bigint;
  readonly sbi: Sbi | undefined;
  /** A hart that the SBI suspended has an interrupt to wake for. */
  resumeHart(hart: number): void;
  flushOutput(): void;
  /** Software asked for a reset. */
  reboot(): void;
}

/** The engine returns at least this often, so that V8 may put better code in its place. */
const SLICE = 1_000_000n;
/** A single hart needs no turns; this only bounds the arithmetic. */
const ALONE = 1n << 40n;
/** No more instructions than this lie between two page ends. */
const PAGE_INSTRUCTIONS = PAGE_SIZE / 2;
const NEVER = 1n << 62n;
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

export class Scheduler {
  trapHandler: TrapHandler | undefined;
  #current = 0;
  /** Cycles at which the turn of the current hart ends. */
  #turnEnd = 0n;
  #deadline = NEVER;
  #deadlineKnown = false;
  #finished: (StopReason & { kind: 'finished' }) | undefined;
  #resetRequested = false;
  /** 1 if the engine last returned with an exception: a hart that does nothing but trap must end its run, too. */
  #trapped = 0;
  /** The next instruction runs even if a breakpoint is there. */
  #stepOver = false;
  /** What a callback of the host threw during this run. */
  #hostError: { readonly thrown: unknown } | undefined;
  running = false;

  constructor(readonly parts: Parts) {}

  get #core(): Core {
    return this.parts.cores[this.#current] as Core;
  }
  /** Ticks of the timebase, as the hart sees them whose turn it is. */
  get ticks(): bigint {
    return this.#core.hart.cycles / CYCLES_PER_TICK;
  }
  /** A deadline or an interrupt line has changed: stop the engine at the next control transfer and look again. */
  reschedule(): void {
    this.#deadlineKnown = false;
    this.#core.hart.cells32.limit = 0;
  }
  finish(reason: StopReason & { kind: 'finished' }): void {
    this.#finished = reason;
    this.reschedule();
  }
  requestReset(): void {
    this.#resetRequested = true;
    this.reschedule();
  }
  reset(): void {
    this.#current = 0;
    this.#turnEnd = this.#core.hart.cycles + this.#turn;
    this.#finished = undefined;
    this.#resetRequested = false;
    this.#deadlineKnown = false;
  }
  get #turn(): bigint {
    return this.parts.cores.length === 1 ? ALONE : this.parts.quantum;
  }

  save(): unknown {
    return { current: this.#current, turnEnd: this.#turnEnd, finished: this.#finished };
  }
  restore(state: unknown): void {
    const saved = state as {
      current: number;
      turnEnd: bigint;
      finished: (StopReason & { kind: 'finished' }) | undefined;
    };
    this.#current = saved.current;
    this.#turnEnd = saved.turnEnd;
    this.#finished = saved.finished;
    this.#deadlineKnown = false;
  }

  /** The next tick at which a device or a hart's timer does something. */
  get #deviceDeadline(): bigint {
    const { bus, clint, cores } = this.parts;
    let ticks = bus.deadline() ?? NEVER;
    for (const { privileged } of cores) {
      const mtime = privileged.timerDeadline();
      if (mtime !== undefined) ticks = min(ticks, clint.whenMtime(mtime));
    }
    return ticks;
  }
  /** The next cycle at which one of them does, or the HTIF looks at its word. */
  get #nextDeadline(): bigint {
    if (!this.#deadlineKnown) {
      const ticks = min(this.#deviceDeadline, this.parts.htif.deadline() ?? NEVER);
      this.#deadline = min(ticks * CYCLES_PER_TICK, NEVER);
      this.#deadlineKnown = true;
    }
    return this.#deadline;
  }

  /**
   * Called with what a callback of the host threw while an instruction used a device. The instruction is completed, so
   * that the state stays whole; then `run` throws it. The first one counts.
   */
  hostFailed(thrown: unknown): void {
    this.#hostError ??= { thrown };
    this.reschedule();
  }

  run(options: RunOptions): StopReason {
    this.running = true;
    try {
      const stop = this.#runUntil(options);
      this.#throwHostError();
      return stop;
    } finally {
      this.running = false;
      this.parts.flushOutput();
      this.#hostError = undefined;
    }
  }
  #throwHostError(): void {
    if (this.#hostError !== undefined) throw this.#hostError.thrown;
  }

  #runUntil(options: RunOptions): StopReason {
    let budget = options.instructions ?? Number.MAX_SAFE_INTEGER;
    this.#stepOver = this.#core.hart.pc === options.address;
    for (;;) {
      this.#throwHostError();
      if (this.#finished !== undefined) return this.#end(this.#finished);
      if (this.#resetRequested) this.parts.reboot();
      const { hart } = this.#core;
      if (budget <= 0 || hart.cycles >= (options.cycle ?? NEVER)) return this.#end({ kind: 'limit' });
      if (hart.cycles >= this.#turnEnd && hart.cells32.midBlock === 0) {
        this.#nextTurn();
        continue;
      }
      if (hart.cycles >= this.#nextDeadline && hart.cells32.midBlock === 0) {
        this.parts.bus.advance();
        this.parts.htif.advance();
        this.#deadlineKnown = false;
      }
      if (this.#isIdle()) {
        const stop = this.#idle(options);
        if (stop !== undefined) return this.#end(stop);
        continue;
      }
      const before = hart.retired;
      const stop = this.#runHart(budget, options);
      budget -= Number(hart.retired - before) + this.#trapped;
      if (stop !== undefined) return this.#end(stop);
    }
  }
  #end(reason: StopReason): StopReason {
    this.parts.flushOutput();
    return reason;
  }

  #nextTurn(): void {
    const { cores } = this.parts;
    // Another hart may store to what this one has reserved.
    if (cores.length > 1) this.#core.hart.cells.reservation = -1n;
    this.#current = (this.#current + 1) % cores.length;
    if (this.#current === 0) this.#turnEnd += this.#turn;
  }

  /** Whether the current hart has nothing to execute; wakes it if it waited and may go on. */
  #isIdle(): boolean {
    const { hart, privileged } = this.#core;
    const state = this.parts.states.get(hart.id);
    if (state === HART_STATE.stopped) return true;
    if (hart.cells32.waiting === 0) return false;
    if (!privileged.wakes()) return true;
    hart.cells32.waiting = 0;
    if (state === HART_STATE.suspended) this.parts.resumeHart(hart.id);
    return false;
  }

  /** Lets the current hart's time pass until its turn ends or something happens. Precondition: it is idle. */
  #idle({ cycle = NEVER }: RunOptions): StopReason | undefined {
    const { cores } = this.parts;
    const current = this.#core;
    const allSleep = cores.every((core) => core === current || this.#sleeps(core));
    if (allSleep && this.#nothingAhead && cycle >= NEVER) return { kind: 'idle' };
    // With every hart asleep the turns between here and the deadline would change nothing.
    const until = min(allSleep ? this.#nextDeadline : min(this.#turnEnd, this.#nextDeadline), cycle);
    const target = until > current.hart.cycles ? until : this.#turnEnd;
    for (const { hart } of allSleep ? cores : [current]) {
      const behind = target - hart.cycles;
      if (behind > 0n) hart.cells.idle += behind;
    }
    if (target > this.#turnEnd) this.#turnEnd = target;
    return undefined;
  }
  /** The HTIF looks at its word for ever, but finds nothing new while nothing executes. */
  get #nothingAhead(): boolean {
    if (this.#nextDeadline >= NEVER) return true;
    return this.parts.htif.quiet && this.#deviceDeadline * CYCLES_PER_TICK >= NEVER;
  }
  #sleeps({ hart, privileged }: Core): boolean {
    if (this.parts.states.get(hart.id) === HART_STATE.stopped) return true;
    return hart.cells32.waiting !== 0 && !privileged.wakes();
  }

  #runHart(budget: number, options: RunOptions): StopReason | undefined {
    const { hart, privileged, engine } = this.#core;
    this.#trapped = 0;
    const pending = privileged.pendingInterrupt();
    const midBlock = hart.cells32.midBlock !== 0;
    if (pending !== undefined && !midBlock) {
      const trap: Trap = {
        hart,
        interrupt: true,
        cause: pending.cause,
        value: 0n,
        value2: 0n,
        instruction: 0n,
        target: pending.target,
      };
      return this.#trap(trap, options, () => privileged.takeInterrupt(pending));
    }
    const now = hart.cycles;
    const before = hart.retired;
    const until = min(min(this.#turnEnd, this.#nextDeadline), min(options.cycle ?? NEVER, now + SLICE));
    // An interrupt that became pending between two instructions in sequence waits for the next transfer.
    const limit = pending === undefined ? Number(until - now) : 0;
    const hardLimit = Math.min(budget, Number(min((options.cycle ?? NEVER) - now, SLICE))) - PAGE_INSTRUCTIONS;
    // Only the interpreter knows breakpoints; the reference engine is asked after each instruction.
    const oneByOne = this.#stepOver || (options.address !== undefined && engine.name === 'reference');
    this.#stepOver = false;
    hart.cells.tally = 0n;
    hart.cells32.event = 0;
    hart.cells32.fault = 0;
    hart.cells32.hardLimit = hardLimit;
    let exit: Exit;
    if (hardLimit > 0 && !oneByOne) {
      hart.cells32.limit = Math.min(limit, hardLimit);
      exit = engine.run(hart);
    } else {
      // So near the end instructions are counted out. What events charge is only known when they have happened.
      const single = oneByOne || options.cycle !== undefined;
      hart.cells32.limit = limit;
      exit = engine.step(hart, single ? 1 : Math.min(budget, PAGE_INSTRUCTIONS));
    }
    this.#account(hart);
    if (exit !== EXIT.breakpoint || hart.retired > before)
      hart.cells32.midBlock = exit === EXIT.sequential || exit === EXIT.breakpoint ? 1 : 0;
    return this.#exit(exit, options);
  }

  #account(hart: Hart): void {
    const tally = hart.cells.tally;
    hart.cells.retired += tally & 0xffffffffn;
    hart.cells.accesses += tally >> 32n;
    hart.cells.tally = 0n;
  }

  #exit(exit: Exit, options: RunOptions): StopReason | undefined {
    const { hart, privileged } = this.#core;
    if (exit === EXIT.trap) this.#trapped = 1;
    else {
      if (hart.pc === options.address) return { kind: 'address', hart };
      // A breakpoint for another address with the same place in its page.
      this.#stepOver = exit === EXIT.breakpoint;
      return undefined;
    }
    const cause = Number(hart.cells.trapCause);
    const trap: Trap = {
      hart,
      interrupt: false,
      cause,
      value: hart.cells.trapValue,
      value2: hart.cells.trapValue2,
      instruction: hart.cells.trapInstruction,
      target: privileged.targetOf(cause),
    };
    return this.#trap(trap, options, () => privileged.takeException());
  }

  #trap(trap: Trap, { trap: stopAt }: RunOptions, take: () => void): StopReason | undefined {
    if (stopAt === true || stopAt?.(trap) === true) return { kind: 'trap', trap };
    const verdict = this.trapHandler?.(trap) ?? 'take';
    if (verdict === 'stop') return { kind: 'trap', trap };
    if (verdict === 'handled') {
      trap.hart.cells32.fault = 0;
      // A handler that leaves an interrupt pending must not make a run endless.
      this.#trapped = 1;
      return undefined;
    }
    const { sbi } = this.parts;
    if (trap.target !== 'M' || sbi === undefined) {
      const { pc } = trap.hart;
      take();
      return !trap.interrupt && trap.hart.pc === pc && this.#isStuck(trap) ? { kind: 'unhandled', trap } : undefined;
    }
    if (trap.interrupt || trap.cause !== SUPERVISOR_CALL) return { kind: 'unhandled', trap };
    const { hart, privileged } = this.#core;
    privileged.answered(trap.cause);
    hart.pc += 4n;
    sbi.call(hart);
    return undefined;
  }

  /**
   * Whether a trap whose handler's first instruction raised it can ever end: in the handler interrupts of its level are
   * off, so only a more privileged level or another hart could change anything.
   */
  #isStuck({ target }: Trap): boolean {
    const { cores, sbi } = this.parts;
    return cores.length === 1 && (target === 'M' || (target === 'HS' && sbi !== undefined));
  }
}

/** mcause of an ECALL from S- or HS-mode. */
const SUPERVISOR_CALL = 9;
