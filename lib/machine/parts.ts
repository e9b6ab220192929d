/** What the privileged parts of one hart share: its state, its surroundings and each other. */
import type { Costs } from './costs.js';
import type { Hart } from './hart.js';
import type { Pmp } from './mmu/pmp.js';
import type { Regimes } from './mmu/regimes.js';

/** What the privileged architecture of a hart needs of the machine around it. */
export interface PrivilegedHost {
  /** mtime now, in ticks of the timebase, as the running hart sees it. */
  time(): bigint;
  /** stimecmp, vstimecmp, htimedelta or an STCE bit has changed: the hart's next timer event may be another. */
  timerChanged(hart: Hart): void;
  /**
   * Translates a guest virtual address under the hart's `explicit` regime, for HLV, HLVX and HSV: the host address of
   * its byte in RAM (above 0); 0 if it faulted, with the trap cells set; -1 if it is not RAM, with its physical address
   * in the `physical` cell.
   */
  translate(hart: Hart, address: bigint, access: 'load' | 'store'): number;
  /** Reads 1, 2, 4 or 8 bytes of a device, naturally aligned; undefined is an access fault. */
  deviceLoad(physical: number, bytes: number): bigint | undefined;
  /** Writes a device; false is an access fault. */
  deviceStore(physical: number, bytes: number, value: bigint): boolean;
}

export interface PrivilegedOptions {
  readonly costs: Costs;
  /** Whether the hart has the H extension. */
  readonly hypervisor: boolean;
  /** GEILEN: how many guest external interrupts the hart has, 0 to 63. */
  readonly guestExternalInterrupts: number;
}

export interface HartParts {
  readonly hart: Hart;
  readonly host: PrivilegedHost;
  readonly options: PrivilegedOptions;
  readonly regimes: Regimes;
  readonly pmp: Pmp;
  /** Whether a CSR is accessed by an instruction, in the hart's mode, or from outside, as M-mode would. */
  byInstruction: boolean;
}
