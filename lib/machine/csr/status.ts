/** mstatus, its views sstatus and vsstatus, and hstatus (privileged specification, 3.1.6, 12.1.1, 18.2.1 and 18.2.11). */
import type { HartParts } from '../parts.js';
import { HSTATUS, MPP_SHIFT, STATUS, VGEIN_SHIFT } from './fields.js';
import { refreshFloat } from './float.js';
import type { CsrGroup, CsrRow } from './row.js';

const SSTATUS = STATUS.SIE | STATUS.SPIE | STATUS.SPP | STATUS.FS | STATUS.SUM | STATUS.MXR;
const MSTATUS = SSTATUS | STATUS.MIE | STATUS.MPIE | STATUS.MPP | STATUS.MPRV | STATUS.TVM | STATUS.TW | STATUS.TSR;
const MSTATUS_H = MSTATUS | STATUS.GVA | STATUS.MPV;
const HSTATUS_WRITABLE =
  HSTATUS.GVA | HSTATUS.SPV | HSTATUS.SPVP | HSTATUS.HU | HSTATUS.VTVM | HSTATUS.VTW | HSTATUS.VTSR;

/** Bits that decide how accesses are translated. */
const TRANSLATION = STATUS.MPRV | STATUS.MPP | STATUS.MPV | STATUS.SUM | STATUS.MXR;
/** Bits whose rise may let a pending interrupt through. */
const ENABLES = STATUS.SIE | STATUS.MIE;

/** SD summarises FS, the only extension state there is. */
const withDirty = (status: bigint): bigint => ((status & STATUS.FS) === STATUS.FS ? status | STATUS.SD : status);

/** Stores a new mstatus or vsstatus and brings up to date what depends on the bits that changed. */
const store = ({ hart, regimes }: HartParts, name: 'mstatus' | 'vsstatus', value: bigint): void => {
  const old = hart.csr(name);
  hart.setCsr(name, value);
  const changed = old ^ value;
  if ((changed & STATUS.FS) !== 0n) refreshFloat(hart);
  if ((changed & TRANSLATION) !== 0n) {
    regimes.update();
    hart.cells32.event = 1;
  } else if ((changed & value & ENABLES) !== 0n) hart.cells32.event = 1;
};

export const statusCsrs: CsrGroup = (parts) => {
  const { hart, options } = parts;
  const writable = options.hypervisor ? MSTATUS_H : MSTATUS;
  const mstatus: CsrRow = {
    name: 'mstatus',
    number: 0x300,
    read: () => withDirty(hart.csrs.mstatus),
    write: (value) => {
      const old = hart.csrs.mstatus;
      // Privilege 2 does not exist; MPP then keeps its value (WARL).
      const mask = (value & STATUS.MPP) >> MPP_SHIFT === 2n ? writable & ~STATUS.MPP : writable;
      store(parts, 'mstatus', (old & ~mask) | (value & mask));
    },
  };
  const sstatus: CsrRow = {
    name: 'sstatus',
    number: 0x100,
    read: () => withDirty(hart.csrs.mstatus & (SSTATUS | STATUS.UXL64)),
    write: (value) => store(parts, 'mstatus', (hart.csrs.mstatus & ~SSTATUS) | (value & SSTATUS)),
    virtual: 'vsstatus',
  };
  if (!options.hypervisor) return [mstatus, sstatus];
  const vsstatus: CsrRow = {
    name: 'vsstatus',
    number: 0x200,
    read: () => withDirty(hart.csrs.vsstatus),
    write: (value) => store(parts, 'vsstatus', (value & SSTATUS) | STATUS.UXL64),
  };
  const hstatus: CsrRow = {
    name: 'hstatus',
    number: 0x600,
    read: () => hart.csrs.hstatus,
    write: (value) => {
      // VGEIN names no guest external interrupt, or one of those that exist; otherwise it keeps its value (WARL).
      const chosen = (value & HSTATUS.VGEIN) >> VGEIN_SHIFT;
      const known = chosen <= BigInt(options.guestExternalInterrupts);
      const mask = known ? HSTATUS_WRITABLE | HSTATUS.VGEIN : HSTATUS_WRITABLE;
      hart.csrs.hstatus = (hart.csrs.hstatus & ~mask) | (value & mask);
      if (options.guestExternalInterrupts > 0) hart.cells32.event = 1;
    },
  };
  return [mstatus, sstatus, vsstatus, hstatus];
};
