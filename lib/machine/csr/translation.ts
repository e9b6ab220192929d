/** satp, vsatp and hgatp (privileged specification, 12.1.11, 18.2.10 and 18.2.18). */
import { S, VIRTUAL } from '../hart.js';
import { ASID_SHIFT, ATP_MODE_SHIFT, HSTATUS, STATUS, VMID_MASK, WORD } from './fields.js';
import type { CsrGroup, CsrRow, Verdict } from './row.js';

/** Bare, Sv39 and Sv48, which are also the numbers of Sv39x4 and Sv48x4. */
const isSupported = (mode: bigint): boolean => mode === 0n || mode === 8n || mode === 9n;
const modeOf = (value: bigint): bigint => value >> ATP_MODE_SHIFT;
const ILLEGAL = 2;
const VIRTUAL_INSTRUCTION = 22;

/** The root of a G-stage table has 16 KiB, so PPN bits 1:0 are zero; VMID has 14 bits. */
const HGATP_FIELDS = (VMID_MASK << ASID_SHIFT) | (((1n << 44n) - 1n) & ~3n);

export const translationCsrs: CsrGroup = (parts) => {
  const { hart, regimes, options } = parts;
  const store = (name: 'satp' | 'vsatp' | 'hgatp', value: bigint): void => {
    if (hart.csr(name) === value) return;
    hart.setCsr(name, value);
    regimes.tablesChanged();
    hart.cells32.event = 1;
  };
  /** A write with an unsupported MODE changes nothing at all. */
  const firstStage = (name: 'satp' | 'vsatp', value: bigint): void => {
    if (isSupported(modeOf(value))) store(name, value & WORD);
  };
  /** TVM traps S-mode's accesses; it has no force over a guest, for which hstatus.VTVM does the same. */
  const guard = (mode: number): Verdict => {
    if (mode === S && (hart.csrs.mstatus & STATUS.TVM) !== 0n) return ILLEGAL;
    if (mode === S + VIRTUAL && (hart.csrs.hstatus & HSTATUS.VTVM) !== 0n) return VIRTUAL_INSTRUCTION;
    return 0;
  };
  const satp: CsrRow = {
    name: 'satp',
    number: 0x180,
    read: () => hart.csrs.satp,
    write: (value) => firstStage('satp', value),
    guard,
    virtual: 'vsatp',
  };
  if (!options.hypervisor) return [satp];
  return [
    satp,
    { name: 'vsatp', number: 0x280, read: () => hart.csrs.vsatp, write: (value) => firstStage('vsatp', value) },
    {
      name: 'hgatp',
      number: 0x680,
      read: () => hart.csrs.hgatp,
      // An unsupported MODE is not ignored as for satp: only that field keeps its value (18.2.10).
      write: (value) => {
        const mode = isSupported(modeOf(value)) ? modeOf(value) : modeOf(hart.csrs.hgatp);
        store('hgatp', (mode << ATP_MODE_SHIFT) | (value & HGATP_FIELDS));
      },
      guard,
    },
  ];
};
