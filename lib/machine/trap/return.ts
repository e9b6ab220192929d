/** MRET and SRET once they are permitted (privileged specification, 3.3.2 and 18.6.4). The pc to continue at goes to the `next` cell. */
import { HSTATUS, MPP_SHIFT, STATUS } from '../csr/fields.js';
import { M, S, U } from '../hart.js';
import type { HartParts } from '../parts.js';
import { switchMode } from './mode.js';

const { SIE, SPIE, SPP, MIE, MPIE, MPP, MPV, MPRV } = STATUS;

const resume = (parts: HartParts, pc: bigint, privilege: number, virtual: boolean): void => {
  const { hart } = parts;
  hart.cells.next = pc;
  switchMode(parts, privilege, virtual, parts.options.costs.trapReturn);
  hart.cells32.event = 1;
};

export const returnFromM = (parts: HartParts): void => {
  const { hart } = parts;
  const old = hart.csrs.mstatus;
  const privilege = Number((old & MPP) >> MPP_SHIFT);
  let status = (old & ~(MIE | MPP | MPV)) | MPIE;
  if ((old & MPIE) !== 0n) status |= MIE;
  if (privilege !== M) status &= ~MPRV;
  hart.csrs.mstatus = status;
  resume(parts, hart.csrs.mepc, privilege, privilege !== M && (old & MPV) !== 0n);
};

/** SIE = SPIE, SPIE = 1, SPP = U. */
const popSupervisor = (old: bigint): bigint => {
  const status = (old & ~(SIE | SPP)) | SPIE;
  return (old & SPIE) !== 0n ? status | SIE : status;
};
const previous = (status: bigint): number => ((status & SPP) !== 0n ? S : U);

/** SRET in M or HS: returns to what sstatus.SPP and hstatus.SPV name. */
export const returnFromHS = (parts: HartParts): void => {
  const { hart } = parts;
  const status = hart.csrs.mstatus;
  const hypervisor = hart.csrs.hstatus;
  // The new mode is less privileged than M, so MPRV ends (3.1.6.3).
  hart.csrs.mstatus = popSupervisor(status) & ~MPRV;
  hart.csrs.hstatus = hypervisor & ~HSTATUS.SPV;
  resume(parts, hart.csrs.sepc, previous(status), (hypervisor & HSTATUS.SPV) !== 0n);
};

/** SRET in VS: returns within the guest. */
export const returnFromVS = (parts: HartParts): void => {
  const { hart } = parts;
  const status = hart.csrs.vsstatus;
  hart.csrs.vsstatus = popSupervisor(status);
  hart.csrs.mstatus &= ~MPRV;
  resume(parts, hart.csrs.vsepc, previous(status), true);
};
