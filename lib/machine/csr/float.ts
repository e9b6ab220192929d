/** fflags, frm and fcsr, and what their contents and the FS fields mean to the engines (unprivileged specification, F 12.2). */
import type { Hart } from '../hart.js';
import { CELL } from '../layout.js';
import { STATUS } from './fields.js';
import type { CsrGroup, CsrRow, Verdict } from './row.js';

const FLAGS = 0x1fn;
const ILLEGAL = 2;
const RESERVED_MODE = 255;
/** In an instruction's rm field: use frm. */
const DYNAMIC = 7;

/** Whether floating-point instructions may run: FS is not Off, nor vsstatus.FS when V = 1 (18.2.11). */
export const floatEnabled = (hart: Hart): boolean =>
  (hart.csrs.mstatus & STATUS.FS) !== 0n && (!hart.virtual || (hart.csrs.vsstatus & STATUS.FS) !== 0n);

/** Sets the `floatState` cell from the FS fields in effect. */
export const refreshFloat = (hart: Hart): void => {
  const dirty =
    (hart.csrs.mstatus & STATUS.FS) === STATUS.FS && (!hart.virtual || (hart.csrs.vsstatus & STATUS.FS) === STATUS.FS);
  hart.cells32.floatState = dirty ? 2 : 0;
};

/** Marks the floating-point state dirty, at both levels when V = 1. */
export const markFloatDirty = (hart: Hart): void => {
  hart.csrs.mstatus |= STATUS.FS;
  if (hart.virtual) hart.csrs.vsstatus |= STATUS.FS;
  hart.cells32.floatState = 2;
};

/** Sets the table that resolves an instruction's rm field from frm. */
export const refreshRounding = (hart: Hart): void => {
  const at = hart.address + CELL.rounding;
  const table = hart.memory.u8;
  for (let field = 0; field < DYNAMIC; field++) table[at + field] = field <= 4 ? field : RESERVED_MODE;
  const mode = Number(hart.csrs.frm);
  table[at + DYNAMIC] = mode <= 4 ? mode : RESERVED_MODE;
};

export const floatCsrs: CsrGroup = ({ hart }) => {
  const guard = (): Verdict => (floatEnabled(hart) ? 0 : ILLEGAL);
  const flags = (): bigint => BigInt(hart.cells32.fflags);
  const setFlags = (value: bigint): void => {
    hart.cells32.fflags = Number(value & FLAGS);
  };
  const setMode = (value: bigint): void => {
    hart.csrs.frm = value & 7n;
    refreshRounding(hart);
  };
  const row = (name: string, number: number, read: () => bigint, set: (value: bigint) => void): CsrRow => ({
    name,
    number,
    read,
    write: (value) => {
      set(value);
      markFloatDirty(hart);
    },
    guard,
  });
  return [
    row('fflags', 0x001, flags, setFlags),
    row('frm', 0x002, () => hart.csrs.frm, setMode),
    row(
      'fcsr',
      0x003,
      () => (hart.csrs.frm << 5n) | flags(),
      (value) => {
        setFlags(value);
        setMode(value >> 5n);
      },
    ),
  ];
};
