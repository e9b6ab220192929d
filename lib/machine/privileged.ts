/**
 * The privileged architecture of one hart: CSRs, traps, interrupts, translation regimes and physical memory protection,
 * shared by all engines. Follows the RISC-V privileged specification with Sstc, Svadu and, unless it is left out, the
 * hypervisor extension.
 */
import { type Costs, defaultCosts } from './costs.js';
import { HSTATUS, STATUS, WORD } from './csr/fields.js';
import { CsrFile } from './csr/file.js';
import { floatEnabled, markFloatDirty, refreshFloat, refreshRounding } from './csr/float.js';
import { csrSlots } from './csr/slots.js';
import { delegatedForGood } from './csr/trap-handling.js';
import { type Hart, M } from './hart.js';
import type { ContextsState } from './mmu/contexts.js';
import { type FlushScope, flush, flushGStage, flushGuest, type GuestFlushScope } from './mmu/flush.js';
import { Pmp, type PmpAccess } from './mmu/pmp.js';
import { Regimes } from './mmu/regimes.js';
import type { HartParts, PrivilegedHost } from './parts.js';
import { CAUSE, type Target } from './trap/causes.js';
import { answered, takeException, takeInterrupt, targetOf } from './trap/enter.js';
import { refuse, type SystemHelpers, systemHelpers } from './trap/instructions.js';
import { setMode } from './trap/mode.js';
import { type PendingInterrupt, pendingBits, pendingInterrupt, timerDeadline, wakes } from './trap/pending.js';

export type { FlushScope, GuestFlushScope } from './mmu/flush.js';
export type { PrivilegedHost } from './parts.js';
export type { Target } from './trap/causes.js';
export type { SystemHelpers } from './trap/instructions.js';
export type { PendingInterrupt } from './trap/pending.js';

/** What the TLB tags in a hart's block mean: goes into a snapshot beside the machine's memory. */
export type PrivilegedState = ContextsState;

export class Privileged {
  /** Behaviour of the `system` helpers of lib/isa/helpers.ts. Preconditions: `pc`, `next` and `tally` are exact. */
  readonly system: SystemHelpers;
  readonly #parts: HartParts;
  readonly #csrs: CsrFile;

  constructor(
    readonly hart: Hart,
    host: PrivilegedHost,
    options: {
      readonly costs?: Costs;
      /** Whether the hart has the H extension; default true. */
      readonly hypervisor?: boolean;
      /** GEILEN, 0 to 63; default 0. Lines are driven through the `hgeip` slot. */
      readonly guestExternalInterrupts?: number;
    } = {},
  ) {
    const { costs = defaultCosts, hypervisor = true, guestExternalInterrupts = 0 } = options;
    this.#parts = {
      hart,
      host,
      options: { costs, hypervisor, guestExternalInterrupts },
      regimes: new Regimes(hart),
      pmp: new Pmp(hart),
      byInstruction: true,
    };
    this.#csrs = new CsrFile(this.#parts);
    this.system = systemHelpers(this.#parts, this.#csrs);
  }

  /** Reset (3.4): M-mode, interrupts off, no translation, no PMP entry. Leaves registers, pc and counters to the machine. */
  reset(): void {
    const { hart } = this;
    const { costs, hypervisor } = this.#parts.options;
    for (const slot of csrSlots) hart.setCsr(slot, 0n);
    hart.csrs.mstatus = STATUS.UXL64 | STATUS.SXL64;
    hart.csrs.mideleg = delegatedForGood(this.#parts);
    // A comparator that was never written must not fire.
    hart.csrs.stimecmp = WORD;
    if (hypervisor) {
      hart.csrs.hstatus = HSTATUS.VSXL64;
      hart.csrs.vsstatus = STATUS.UXL64;
      hart.csrs.vstimecmp = WORD;
    }
    hart.cells.reservation = -1n;
    for (const cell of ['fault', 'event', 'waiting', 'fflags'] as const) hart.setCell32(cell, 0);
    for (const name of ['walkReference', 'misaligned', 'adUpdate', 'deviceAccess'] as const) {
      hart.setPrice(name, costs[name]);
    }
    hart.cells32.mode = M;
    this.#parts.regimes.wipe();
    this.refresh();
  }

  /** Recomputes what is derived from the CSRs; due after they were changed other than through this class. */
  refresh(): void {
    refreshFloat(this.hart);
    refreshRounding(this.hart);
    this.#parts.pmp.refresh();
    this.#parts.regimes.tablesChanged();
  }

  /** Raises illegal instruction for the instruction at pc, with its encoding as trap value. */
  illegal(): void {
    refuse(this.hart, CAUSE.illegalInstruction);
  }

  /**
   * Slow path of a floating-point instruction, taken unless the `floatState` cell is 2: raises illegal instruction and
   * returns false if FS is off, else marks the state dirty and returns true.
   */
  floatUse(): boolean {
    if (!floatEnabled(this.hart)) {
      this.illegal();
      return false;
    }
    markFloatDirty(this.hart);
    return true;
  }

  /** Takes the exception in the trap cells; pc becomes its handler's. */
  takeException(): void {
    takeException(this.#parts);
  }
  /** An ECALL that the machine answers in place of firmware: counted and charged as the trap there and back. */
  answered(cause: number): void {
    answered(this.#parts, cause);
  }
  /** The interrupt that would be taken now, if any. */
  pendingInterrupt(): PendingInterrupt | undefined {
    return pendingInterrupt(this.#parts);
  }
  /** Takes that interrupt between two instructions; pc becomes its handler's. */
  takeInterrupt(pending: PendingInterrupt): void {
    takeInterrupt(this.#parts, pending);
  }
  /** Where an exception of this cause would go now. */
  targetOf(cause: number): Target {
    return targetOf(this.#parts, cause);
  }
  /** mip in full, with device lines and timers. */
  get pending(): bigint {
    return pendingBits(this.#parts);
  }
  /** Whether WFI may end. */
  wakes(): boolean {
    return wakes(this.#parts);
  }
  /** The next mtime at which stimecmp or vstimecmp raises its interrupt, if one is armed. */
  timerDeadline(): bigint | undefined {
    return timerDeadline(this.#parts);
  }

  /** Changes the mode as a loader, an SBI or a kernel outside the machine does: uncounted and free of charge. */
  setMode(privilege: number, virtual: boolean): void {
    setMode(this.#parts, privilege, virtual);
  }

  /** As SFENCE.VMA of V = 0 does: for remote fences and kernels outside the machine. */
  flush(scope: FlushScope = {}): void {
    flush(this.#parts, scope);
  }
  /** As HFENCE.VVMA does, for the virtual machine that the scope or else hgatp names. */
  flushGuest(scope: GuestFlushScope = {}): void {
    flushGuest(this.#parts, scope);
  }
  /** As HFENCE.GVMA does, for one virtual machine or all. */
  flushGStage(vmid?: bigint): void {
    flushGStage(this.#parts, vmid);
  }
  /** Sets the `explicit` regime from hstatus, vsstatus, vsatp and hgatp; HLV, HLVX and HSV do so themselves. */
  explicitRegime(execute = false): void {
    this.#parts.regimes.explicit(execute);
  }

  /** Whether the PMP lets an access pass; one answer for all addresses of a page. */
  pmpAllows(physical: number, access: PmpAccess, privilege: number): boolean {
    return this.#parts.pmp.allows(physical, access, privilege);
  }

  /** A CSR as M-mode reads it. Throws RangeError if the hart has none of this name or number. */
  readCsr(csr: string | number): bigint {
    return this.#fromOutside(() => this.#csrs.row(csr).read());
  }
  /** Writes a CSR as M-mode does, under its WARL rules. Throws RangeError as {@link readCsr}; read-only CSRs ignore it. */
  writeCsr(csr: string | number, value: bigint): void {
    this.#fromOutside(() => this.#csrs.row(csr).write?.(BigInt.asUintN(64, value)));
  }
  #fromOutside<T>(access: () => T): T {
    this.#parts.byInstruction = false;
    try {
      return access();
    } finally {
      this.#parts.byInstruction = true;
    }
  }
  /** Names and numbers of the hart's CSRs, by number. */
  get csrs(): readonly { readonly name: string; readonly number: number }[] {
    return this.#csrs.all;
  }

  save(): PrivilegedState {
    return this.#parts.regimes.save();
  }
  /** Precondition: the machine's memory holds the same snapshot's contents. */
  restore(state: PrivilegedState): void {
    this.#parts.regimes.restore(state);
    this.#parts.pmp.refresh();
  }
}
