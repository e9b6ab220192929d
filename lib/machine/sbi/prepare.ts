/** The state that M-mode firmware leaves to supervisor software; here the machine itself sets it. */
import type { Privileged } from '../privileged.js';

/** Everything is delegated but the calls that are meant for the SBI or for a hypervisor's own handling: ECALL from S (9) and from M (11). */
const DELEGATED_EXCEPTIONS = ~((1n << 9n) | (1n << 11n));
const DELEGATED_INTERRUPTS = 0x3666n;
/** cycle, time and instret for supervisor software. */
const COUNTERS = 7n;
const STCE = 1n << 63n;
const ADUE = 1n << 61n;
/** NAPOT over the whole address space, with read, write and execute permission. */
const PMP_ALL = 0x1fn;

/** @param hardwareDirty - whether the MMU sets A and D bits (Svadu) */
export const prepareForSupervisor = (privileged: Privileged, hardwareDirty: boolean): void => {
  privileged.writeCsr('medeleg', DELEGATED_EXCEPTIONS);
  privileged.writeCsr('mideleg', DELEGATED_INTERRUPTS);
  privileged.writeCsr('mcounteren', COUNTERS);
  privileged.writeCsr('menvcfg', STCE | (hardwareDirty ? ADUE : 0n));
  privileged.writeCsr('pmpaddr0', (1n << 54n) - 1n);
  privileged.writeCsr('pmpcfg0', PMP_ALL);
};
