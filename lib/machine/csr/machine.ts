/** What identifies the machine, physical memory protection, and the absent triggers (privileged specification, 3.1.1 to 3.1.5 and 3.7). */
import { PMP_ENTRIES } from '../mmu/pmp.js';
import type { HartParts } from '../parts.js';
import { type CsrGroup, type CsrRow, constant } from './row.js';

/** misa: a bit for each letter, and MXL = 2 for RV64. */
const misaOf = (letters: string): bigint =>
  [...letters].reduce((bits, letter) => bits | (1n << BigInt(letter.charCodeAt(0) - 65)), 2n << 62n);

export const machineCsrs: CsrGroup = (parts) => [
  constant('misa', 0x301, misaOf(parts.options.hypervisor ? 'ACDFHIMSU' : 'ACDFIMSU')),
  constant('mvendorid', 0xf11),
  constant('marchid', 0xf12),
  constant('mimpid', 0xf13),
  constant('mhartid', 0xf14, BigInt(parts.hart.id)),
  constant('mconfigptr', 0xf15),
  ...protection(parts),
  // tselect holds only 0 and tdata1 reads as type 0: there are no triggers (debug specification, 5.7).
  constant('tselect', 0x7a0),
  constant('tdata1', 0x7a1),
  constant('tdata2', 0x7a2),
  constant('tdata3', 0x7a3),
];

const protection = ({ hart, pmp, regimes }: HartParts): readonly CsrRow[] => {
  /** TLB entries embody permissions, so none may outlive the rules under which they were made. */
  const changed = (): void => {
    pmp.refresh();
    regimes.wipe();
    hart.cells32.event = 1;
  };
  const config = (name: 'pmpcfg0' | 'pmpcfg2', number: number): CsrRow => ({
    name,
    number,
    read: () => hart.csr(name),
    write: (value) => {
      if (pmp.writeConfig(name, value)) changed();
    },
  });
  const address = (index: number): CsrRow => ({
    name: `pmpaddr${index}`,
    number: 0x3b0 + index,
    read: () => pmp.readAddress(index),
    write: (value) => {
      if (pmp.writeAddress(index, value)) changed();
    },
  });
  return [
    config('pmpcfg0', 0x3a0),
    config('pmpcfg2', 0x3a2),
    ...Array.from({ length: PMP_ENTRIES }, (_, index) => address(index)),
  ];
};
