/** mip and mie and their views sip, sie, hip, hie, hvip, vsip and vsie (privileged specification, 3.1.9, 12.1.3, 18.2.3 and 18.2.12). */
import type { CsrSlot } from '../hart.js';
import type { HartParts } from '../parts.js';
import { pendingBits } from '../trap/pending.js';
import { ENVCFG, IRQ, M_INTERRUPTS, S_INTERRUPTS, VS_INTERRUPTS } from './fields.js';
import type { CsrGroup, CsrRow } from './row.js';

export const interruptCsrs: CsrGroup = (parts) => {
  const { hart, options } = parts;
  const guest = options.guestExternalInterrupts > 0 ? IRQ.SGEI : 0n;
  const hypervisor = options.hypervisor ? VS_INTERRUPTS | guest : 0n;
  const all = M_INTERRUPTS | S_INTERRUPTS | hypervisor;
  /** Replaces the bits of a word that `mask` selects; interrupts must then be looked at. */
  const replace = (name: CsrSlot, mask: bigint, value: bigint): void => {
    hart.setCsr(name, (hart.csr(name) & ~mask) | (value & mask));
    hart.cells32.event = 1;
  };
  const rows: CsrRow[] = [
    {
      name: 'mip',
      number: 0x344,
      read: () => pendingBits(parts),
      // SEIP reads as the software bit or the controller's line, but only the software bit is written back (3.1.9).
      modified: () => (pendingBits(parts) & ~IRQ.SEI) | (hart.csrs.mip & IRQ.SEI),
      write: (value) => {
        // With STCE set STIP is the timer's and read-only (Sstc).
        const timer = (hart.csrs.menvcfg & ENVCFG.STCE) === 0n ? IRQ.STI : 0n;
        replace('mip', IRQ.SSI | IRQ.SEI | timer, value);
        if (options.hypervisor) replace('hvip', IRQ.VSSI, value);
      },
    },
    { name: 'mie', number: 0x304, read: () => hart.csrs.mie, write: (value) => replace('mie', all, value) },
    {
      name: 'sip',
      number: 0x144,
      read: () => pendingBits(parts) & hart.csrs.mideleg & S_INTERRUPTS,
      write: (value) => replace('mip', IRQ.SSI & hart.csrs.mideleg, value),
      virtual: 'vsip',
    },
    {
      name: 'sie',
      number: 0x104,
      read: () => hart.csrs.mie & hart.csrs.mideleg & S_INTERRUPTS,
      write: (value) => replace('mie', S_INTERRUPTS & hart.csrs.mideleg, value),
      virtual: 'vsie',
    },
  ];
  return options.hypervisor ? [...rows, ...hypervisorRows(parts, hypervisor, replace)] : rows;
};

const hypervisorRows = (
  parts: HartParts,
  mask: bigint,
  replace: (name: CsrSlot, mask: bigint, value: bigint) => void,
): readonly CsrRow[] => {
  const { hart } = parts;
  /** VS-level interrupts that a guest sees: those in hideleg, one position lower. */
  const delegated = (): bigint => hart.csrs.hideleg & VS_INTERRUPTS;
  return [
    {
      name: 'hip',
      number: 0x644,
      read: () => pendingBits(parts) & mask,
      write: (value) => replace('hvip', IRQ.VSSI, value),
    },
    {
      name: 'hie',
      number: 0x604,
      read: () => hart.csrs.mie & mask,
      write: (value) => replace('mie', mask, value),
    },
    {
      name: 'hvip',
      number: 0x645,
      read: () => hart.csrs.hvip,
      write: (value) => replace('hvip', VS_INTERRUPTS, value),
    },
    {
      name: 'vsip',
      number: 0x244,
      read: () => (pendingBits(parts) & delegated()) >> 1n,
      write: (value) => replace('hvip', IRQ.VSSI & delegated(), value << 1n),
    },
    {
      name: 'vsie',
      number: 0x204,
      read: () => (hart.csrs.mie & delegated()) >> 1n,
      write: (value) => replace('mie', delegated(), value << 1n),
    },
  ];
};
