/** Which interrupts are pending, and which of them a hart takes (privileged specification, 3.1.9, 18.2.3 and Sstc). */
import { ENVCFG, HSTATUS, IRQ, M_INTERRUPTS, STATUS, VGEIN_SHIFT, VS_INTERRUPTS } from '../csr/fields.js';
import { M, S } from '../hart.js';
import type { HartParts } from '../parts.js';
import type { Target } from './causes.js';

/** An interrupt about to be taken: its cause as M or HS numbers it, and who handles it. */
export interface PendingInterrupt {
  readonly cause: number;
  readonly target: Target;
}

/** Time as V = 1 sees it: htimedelta added, overflow ignored (18.2.7). */
export const guestTime = ({ hart, host }: HartParts): bigint => BigInt.asUintN(64, host.time() + hart.csrs.htimedelta);

/** mip in full: what software set, what devices drive, and what the timers compare to. */
export const pendingBits = (parts: HartParts): bigint => {
  const { hart, host, options } = parts;
  let bits = hart.csrs.mip | (hart.csrs.lines & (M_INTERRUPTS | IRQ.SEI));
  const timers = (hart.csrs.menvcfg & ENVCFG.STCE) !== 0n;
  if (timers) {
    bits &= ~IRQ.STI;
    if (host.time() >= hart.csrs.stimecmp) bits |= IRQ.STI;
  }
  if (!options.hypervisor) return bits;
  bits |= hart.csrs.hvip;
  if (timers && (hart.csrs.henvcfg & ENVCFG.STCE) !== 0n && guestTime(parts) >= hart.csrs.vstimecmp) {
    bits |= IRQ.VSTI;
  }
  if (options.guestExternalInterrupts > 0) {
    const lines = hart.csrs.hgeip;
    if ((lines & hart.csrs.hgeie) !== 0n) bits |= IRQ.SGEI;
    // VGEIN = 0 selects none; bit 0 of hgeip is always 0.
    if (((lines >> ((hart.csrs.hstatus & HSTATUS.VGEIN) >> VGEIN_SHIFT)) & 1n) !== 0n) bits |= IRQ.VSEI;
  }
  return bits;
};

/** Causes in decreasing priority: MEI, MSI, MTI, SEI, SSI, STI, SGEI, VSEI, VSSI, VSTI (3.1.9 and 18.4.3). */
const PRIORITY = [11, 3, 7, 9, 1, 5, 12, 10, 2, 6];

const highest = (bits: bigint, target: Target): PendingInterrupt | undefined => {
  for (const cause of PRIORITY) if (((bits >> BigInt(cause)) & 1n) !== 0n) return { cause, target };
  return undefined;
};

/**
 * The interrupt that the hart would take before its next instruction, if any. Interrupts for a more privileged mode
 * come first; those for the current mode need its global enable, those for a less privileged mode stay pending.
 */
export const pendingInterrupt = (parts: HartParts): PendingInterrupt | undefined => {
  const { hart } = parts;
  const enabled = hart.csrs.mie;
  if (enabled === 0n) return undefined;
  const bits = pendingBits(parts) & enabled;
  if (bits === 0n) return undefined;
  const { privilege, virtual } = hart;
  const status = hart.csrs.mstatus;
  const toM = bits & ~hart.csrs.mideleg;
  if (toM !== 0n && (privilege !== M || (status & STATUS.MIE) !== 0n)) return highest(toM, 'M');
  if (privilege === M) return undefined;
  const toGuest = bits & hart.csrs.mideleg & hart.csrs.hideleg & VS_INTERRUPTS;
  const toHS = bits & hart.csrs.mideleg & ~toGuest;
  if (toHS !== 0n && (virtual || privilege !== S || (status & STATUS.SIE) !== 0n)) return highest(toHS, 'HS');
  // VS-level interrupts that are delegated further are taken in the guest only.
  if (toGuest === 0n || !virtual) return undefined;
  if (privilege === S && (hart.csrs.vsstatus & STATUS.SIE) === 0n) return undefined;
  return highest(toGuest, 'VS');
};

/** Whether WFI may end: any enabled interrupt is pending, whatever the global enables and delegation say (3.3.3). */
export const wakes = (parts: HartParts): boolean => {
  const enabled = parts.hart.csrs.mie;
  return enabled !== 0n && (pendingBits(parts) & enabled) !== 0n;
};

/** The next mtime at which stimecmp or vstimecmp raises its interrupt, if it is armed and has not yet done so. */
export const timerDeadline = (parts: HartParts): bigint | undefined => {
  const { hart, host, options } = parts;
  if ((hart.csrs.menvcfg & ENVCFG.STCE) === 0n) return undefined;
  const now = host.time();
  let deadline: bigint | undefined;
  if (hart.csrs.stimecmp > now) deadline = hart.csrs.stimecmp;
  if (options.hypervisor && (hart.csrs.henvcfg & ENVCFG.STCE) !== 0n) {
    const wait = hart.csrs.vstimecmp - guestTime(parts);
    if (wait > 0n && (deadline === undefined || now + wait < deadline)) deadline = now + wait;
  }
  return deadline;
};
