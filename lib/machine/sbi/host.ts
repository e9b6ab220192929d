/** What the supervisor binary interface needs of the machine that answers it. */
import type { Hart } from '../hart.js';
import type { MachineMemory } from '../memory.js';

/** Hart states, clause 9 (Hart State Management). */
export const HART_STATE = {
  started: 0,
  stopped: 1,
  startPending: 2,
  stopPending: 3,
  suspended: 4,
  suspendPending: 5,
  resumePending: 6,
} as const;
export type HartState = (typeof HART_STATE)[keyof typeof HART_STATE];

/** Addresses that a fence covers, in bytes; none means all of them. */
export interface FenceRange {
  readonly start: bigint;
  readonly size: bigint;
}

/** Where a hart begins in S-mode: pc, and what it finds in a1 (in a0 is its number). satp is 0 and interrupts are off. */
export interface HartStart {
  readonly address: bigint;
  readonly opaque: bigint;
}

export type ResetKind = 'shutdown' | 'cold' | 'warm';

export interface SbiHost {
  readonly harts: readonly Hart[];
  readonly memory: MachineMemory;
  /** Whether the harts have the H extension. */
  readonly hypervisor: boolean;

  /** The hart's supervisor timer interrupt is pending from this mtime on, and not before. All ones means never. */
  setTimer(hart: number, time: bigint): void;
  /** Raises or clears a hart's supervisor software interrupt (SSIP). */
  softwareInterrupt(hart: number, pending: boolean): void;

  /** FENCE.I on another hart. */
  fenceInstructions(hart: number): void;
  /** SFENCE.VMA: drops first-stage translations of a range, of one address space if `asid` is given. */
  flushVirtual(hart: number, range?: FenceRange, asid?: number): void;
  /** HFENCE.VVMA: drops the guest's own translations, of guest virtual addresses, under `vmid`. */
  flushGuestVirtual(hart: number, vmid: number, range?: FenceRange, asid?: number): void;
  /** HFENCE.GVMA: drops G-stage translations, of guest physical addresses, of one guest if `vmid` is given. */
  flushGuest(hart: number, range?: FenceRange, vmid?: number): void;

  hartState(hart: number): HartState;
  /** Precondition: the hart is stopped. */
  startHart(hart: number, start: HartStart): void;
  stopHart(hart: number): void;
  /**
   * Stops a hart until an interrupt that it has enabled is pending; without `resume` it then goes on where it was. The
   * call's results are written to a0 and a1 after this returns, so `resume` must be applied when the hart wakes.
   */
  suspendHart(hart: number, resume?: HartStart): void;

  /** Ends or restarts the machine. `reason` as SBI encodes it: 0 none, 1 system failure, others by the implementation. */
  reset(kind: ResetKind, reason: number): void;

  /** A byte for the console, and the next byte from it if there is one. */
  output(byte: number): void;
  input(): number | undefined;

  /** The 64-bit word at a virtual address as the hart's supervisor would read it; undefined if it cannot. */
  loadVirtual(hart: Hart, address: bigint): bigint | undefined;
}
