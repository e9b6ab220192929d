/** Taking a trap: who handles it, and what is written where (privileged specification, 3.1.6.1, 3.1.8 and 18.6.2). */
import { HSTATUS, MPP_SHIFT, STATUS } from '../csr/fields.js';
import { M, S } from '../hart.js';
import { TRAPS_BY_CAUSE } from '../layout.js';
import type { HartParts } from '../parts.js';
import { INTERRUPT, type Target } from './causes.js';
import { switchMode } from './mode.js';
import type { PendingInterrupt } from './pending.js';
import { transformedInstruction } from './transformed.js';

/** What a trap reports, as the CSRs of its target will hold it. */
interface Report {
  readonly cause: bigint;
  readonly value: bigint;
  readonly value2: bigint;
  readonly instruction: bigint;
  /** Whether `value` is a guest virtual address. */
  readonly guest: boolean;
}

/** Who handles an exception raised in the current mode. Traps never go to a less privileged mode. */
export const targetOf = ({ hart }: HartParts, cause: number): Target => {
  const bit = 1n << BigInt(cause);
  if (hart.privilege === M || (hart.csrs.medeleg & bit) === 0n) return 'M';
  return hart.virtual && (hart.csrs.hedeleg & bit) !== 0n ? 'VS' : 'HS';
};

/** Takes the exception in the trap cells and clears `fault`. */
export const takeException = (parts: HartParts): void => {
  const { hart } = parts;
  const cause = Number(hart.cells.trapCause);
  const target = targetOf(parts, cause);
  hart.cells32.fault = 0;
  const pseudo = hart.cells.trapInstruction;
  const report: Report = {
    cause: BigInt(cause),
    value: hart.cells.trapValue,
    value2: hart.cells.trapValue2,
    instruction: pseudo !== 0n || target === 'VS' ? pseudo : transformedInstruction(hart, cause),
    guest: hart.cells32.trapGuest !== 0,
  };
  countTrap(parts, cause);
  enter(parts, target, report);
};

/** Takes an interrupt that {@link pendingInterrupt} found. */
export const takeInterrupt = (parts: HartParts, { cause, target }: PendingInterrupt): void => {
  const { hart } = parts;
  hart.cells32.waiting = 0;
  hart.count('interrupts');
  countTrap(parts, 64 + cause);
  // A guest sees its VS-level interrupts under the numbers of S-level ones (18.2.2).
  const number = target === 'VS' ? cause - 1 : cause;
  enter(parts, target, { cause: INTERRUPT | BigInt(number), value: 0n, value2: 0n, instruction: 0n, guest: false });
};

/** Counts and charges a trap to M-mode that returns at once with nothing but registers changed. */
export const answered = (parts: HartParts, cause: number): void => {
  const { hart, options } = parts;
  const { trapEntry, trapReturn, modeSwitch } = options.costs;
  hart.cells32.fault = 0;
  countTrap(parts, cause);
  hart.count('modeSwitches', 2);
  hart.charge(trapEntry + trapReturn + 2 * modeSwitch);
};

const countTrap = ({ hart }: HartParts, index: number): void => {
  hart.count('traps');
  const at = (hart.address + TRAPS_BY_CAUSE) / 8 + index;
  hart.memory.u64[at] = (hart.memory.u64[at] as bigint) + 1n;
};

const enter = (parts: HartParts, target: Target, report: Report): void => {
  if (target === 'M') enterM(parts, report);
  else if (target === 'HS') enterHS(parts, report);
  else enterVS(parts, report);
};

/** The handler's address: in vectored mode, interrupts go to base + 4 x cause (3.1.7). */
const vector = (tvec: bigint, cause: bigint): bigint => {
  const base = tvec & ~3n;
  return (tvec & 1n) !== 0n && (cause & INTERRUPT) !== 0n ? BigInt.asUintN(64, base + 4n * (cause & ~INTERRUPT)) : base;
};

const enterM = (parts: HartParts, report: Report): void => {
  const { hart } = parts;
  const { MIE, MPIE, MPP, GVA, MPV } = STATUS;
  const old = hart.csrs.mstatus;
  let status = old & ~(MIE | MPIE | MPP | GVA | MPV);
  if ((old & MIE) !== 0n) status |= MPIE;
  if (report.guest) status |= GVA;
  if (hart.virtual) status |= MPV;
  hart.csrs.mstatus = status | (BigInt(hart.privilege) << MPP_SHIFT);
  hart.csrs.mepc = hart.pc;
  hart.csrs.mcause = report.cause;
  hart.csrs.mtval = report.value;
  hart.csrs.mtval2 = report.value2;
  hart.csrs.mtinst = report.instruction;
  hart.pc = vector(hart.csrs.mtvec, report.cause);
  switchMode(parts, M, false, parts.options.costs.trapEntry);
};

/** SPP, SPIE and SIE of a status word after a trap into supervisor mode. */
const pushSupervisor = (old: bigint, privilege: number): bigint => {
  const { SIE, SPIE, SPP } = STATUS;
  let status = old & ~(SIE | SPIE | SPP);
  if ((old & SIE) !== 0n) status |= SPIE;
  if (privilege === S) status |= SPP;
  return status;
};

const enterHS = (parts: HartParts, report: Report): void => {
  const { hart } = parts;
  const { GVA, SPV, SPVP } = HSTATUS;
  let hypervisor = hart.csrs.hstatus & ~(GVA | SPV);
  if (report.guest) hypervisor |= GVA;
  if (hart.virtual) {
    // SPVP keeps the guest's privilege for HLV and HSV; a trap from V = 0 leaves it alone.
    hypervisor = (hypervisor & ~SPVP) | SPV | (hart.privilege === S ? SPVP : 0n);
  }
  hart.csrs.hstatus = hypervisor;
  hart.csrs.mstatus = pushSupervisor(hart.csrs.mstatus, hart.privilege);
  hart.csrs.sepc = hart.pc;
  hart.csrs.scause = report.cause;
  hart.csrs.stval = report.value;
  hart.csrs.htval = report.value2;
  hart.csrs.htinst = report.instruction;
  hart.pc = vector(hart.csrs.stvec, report.cause);
  switchMode(parts, S, false, parts.options.costs.trapEntry);
};

const enterVS = (parts: HartParts, report: Report): void => {
  const { hart } = parts;
  hart.csrs.vsstatus = pushSupervisor(hart.csrs.vsstatus, hart.privilege);
  hart.csrs.vsepc = hart.pc;
  hart.csrs.vscause = report.cause;
  hart.csrs.vstval = report.value;
  hart.pc = vector(hart.csrs.vstvec, report.cause);
  switchMode(parts, S, true, parts.options.costs.trapEntry);
};
