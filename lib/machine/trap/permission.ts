/** In which modes the privileged instructions may run (privileged specification, 3.1.6.5, 3.3, 12.2.1, 18.2.1, 18.3 and 18.6.1). */
import { HSTATUS, STATUS } from '../csr/fields.js';
import type { Verdict } from '../csr/row.js';
import { type Hart, M, S, U, VIRTUAL } from '../hart.js';

const ILLEGAL = 2;
const VIRTUAL_INSTRUCTION = 22;
const VS = S + VIRTUAL;
const VU = U + VIRTUAL;

const has = (hart: Hart, name: 'mstatus' | 'hstatus', bit: bigint): boolean => (hart.csr(name) & bit) !== 0n;

/** A supervisor instruction that `machineTrap` in mstatus forbids to S-mode and `guestTrap` in hstatus to VS-mode. */
const supervisor =
  (machineTrap: bigint, guestTrap: bigint) =>
  (hart: Hart): Verdict => {
    const mode = hart.cells32.mode;
    if (mode === U) return ILLEGAL;
    if (mode === S) return has(hart, 'mstatus', machineTrap) ? ILLEGAL : 0;
    if (mode === VS) return has(hart, 'hstatus', guestTrap) ? VIRTUAL_INSTRUCTION : 0;
    return mode === VU ? VIRTUAL_INSTRUCTION : 0;
  };

export const mayMret = (hart: Hart): Verdict => (hart.cells32.mode === M ? 0 : ILLEGAL);
export const maySret = supervisor(STATUS.TSR, HSTATUS.VTSR);
export const maySfence = supervisor(STATUS.TVM, HSTATUS.VTVM);

/** WFI never completes within a bounded time here, so every limit on it traps at once. */
export const mayWait = (hart: Hart): Verdict => {
  const mode = hart.cells32.mode;
  if (mode === M) return 0;
  if (has(hart, 'mstatus', STATUS.TW) || mode === U) return ILLEGAL;
  if (mode === VU || (mode === VS && has(hart, 'hstatus', HSTATUS.VTW))) return VIRTUAL_INSTRUCTION;
  return 0;
};

/** HFENCE.VVMA: TVM does not matter. */
export const mayHfenceVvma = (hart: Hart): Verdict => {
  if (hart.virtual) return VIRTUAL_INSTRUCTION;
  return hart.privilege === U ? ILLEGAL : 0;
};
export const mayHfenceGvma = (hart: Hart): Verdict => {
  if (hart.cells32.mode === S && has(hart, 'mstatus', STATUS.TVM)) return ILLEGAL;
  return mayHfenceVvma(hart);
};

/** HLV, HLVX and HSV: in U-mode by hstatus.HU. */
export const mayAccessGuest = (hart: Hart): Verdict => {
  if (hart.virtual) return VIRTUAL_INSTRUCTION;
  return hart.privilege === U && !has(hart, 'hstatus', HSTATUS.HU) ? ILLEGAL : 0;
};
