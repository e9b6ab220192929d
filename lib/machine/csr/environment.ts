/** menvcfg, senvcfg and henvcfg: FIOM, ADUE and STCE (privileged specification, 3.1.18, 12.1.10 and 18.2.5). */
import type { CsrSlot } from '../hart.js';
import type { HartParts } from '../parts.js';
import { ENVCFG } from './fields.js';
import { type CsrGroup, type CsrRow, plain } from './row.js';

/** Bits of henvcfg that are read-only zero while menvcfg withholds them. */
const GRANTED = ENVCFG.ADUE | ENVCFG.STCE;

export const environmentCsrs: CsrGroup = (parts) => {
  const { hart, options } = parts;
  const rows = [
    environment(
      parts,
      'menvcfg',
      0x30a,
      (value) => value,
      () => {
        hart.csrs.henvcfg &= grantedBy(hart.csrs.menvcfg);
      },
    ),
    plain(parts)('senvcfg', 0x10a, ENVCFG.FIOM),
  ];
  if (!options.hypervisor) return rows;
  return [...rows, environment(parts, 'henvcfg', 0x60a, (value) => value & grantedBy(hart.csrs.menvcfg))];
};

const grantedBy = (menvcfg: bigint): bigint => ENVCFG.FIOM | (menvcfg & GRANTED);

const environment = (
  { hart, host, regimes }: HartParts,
  name: CsrSlot,
  number: number,
  legal: (value: bigint) => bigint,
  written?: () => void,
): CsrRow => ({
  name,
  number,
  read: () => hart.csr(name),
  write: (value) => {
    const old = hart.csr(name);
    const next = legal(value & (ENVCFG.FIOM | GRANTED));
    hart.setCsr(name, next);
    written?.();
    if (((old ^ next) & GRANTED) === 0n) return;
    regimes.update();
    host.timerChanged(hart);
    hart.cells32.event = 1;
  },
});
