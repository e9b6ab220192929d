/** MRET and SRET once they are permitted (privileged specification, 3.3.2 and 18.6.4). The pc to continue at goes to the `next` cell. */
import { HSTATUS, MPP_SHIFT, STATUS } from '../csr/fields.js';
import { M, S, U } from '../hart.js';
import type { HartParts } from '../parts.js';
import { switchMode } from './mode.js';

const { SIE, SPIE, SPP, MIE, MPIE, MPP, MPV, MPRV } = STATUS;

const resume = (parts: HartParts, pc: bigint, privilege: number, virtual: boolean): void => {
  const { hart } = parts;
  hart.setCell('next', pc);
  switchMode(parts, privilege, virtual, parts.options.costs.trapReturn);
  hart.setCell32('event', 1);
};

export const returnFromM = (parts: HartParts): void => {
  const { hart } = parts;
  const old = hart.csr('mstatus');
  const privilege = Number((old & MPP) >> MPP_SHIFT);
  let status = (old & ~(MIE | MPP | MPV)) | MPIE;
  if ((old & MPIE) !== 0n) status |= MIE;
  if (privilege !== M) status &= ~MPRV;
  hart.setCsr('mstatus', status);
  resume(parts, hart.csr('mepc'), privilege, privilege !== M && (old & MPV) !== 0n);
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
  const status = hart.csr('mstatus');
  const hypervisor = hart.csr('hstatus');
  // The new mode is less privileged than M, so MPRV ends (3.1.6.3).
  hart.setCsr('mstatus', popSupervisor(status) & ~MPRV);
  hart.setCsr('hstatus', hypervisor & ~HSTATUS.SPV);
  resume(parts, hart.csr('sepc'), previous(status), (hypervisor & HSTATUS.SPV) !== 0n);
};

/** SRET in VS: returns within the guest. */
export const returnFromVS = (parts: HartParts): void => {
  const { hart } = parts;
  const status = hart.csr('vsstatus');
  hart.setCsr('vsstatus', popSupervisor(status));
  hart.setCsr('mstatus', hart.csr('mstatus') & ~MPRV);
  resume(parts, hart.csr('vsepc'), previous(status), true);
};
