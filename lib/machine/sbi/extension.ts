/** How SBI extensions are declared, and what their functions return (RISC-V SBI 2.0, clause 3). */
import type { Hart } from '../hart.js';
import type { SbiHost } from './host.js';

/** Standard errors (table 1), as a0 returns them. */
export const SBI = {
  success: 0,
  failed: -1,
  notSupported: -2,
  invalidParameter: -3,
  denied: -4,
  invalidAddress: -5,
  alreadyAvailable: -6,
  alreadyStarted: -7,
  alreadyStopped: -8,
} as const;

/** a0 and a1. */
export interface SbiResult {
  readonly error: number;
  readonly value: bigint;
}
export const ok = (value: bigint | number = 0n): SbiResult => ({ error: SBI.success, value: BigInt(value) });
export const refuse = (error: number): SbiResult => ({ error, value: 0n });

/** a0 to a5, unsigned. Missing arguments are whatever the registers hold. */
export type SbiArguments = readonly [bigint, bigint, bigint, bigint, bigint, bigint];

export interface SbiCall {
  readonly host: SbiHost;
  readonly hart: Hart;
  readonly args: SbiArguments;
}

export interface SbiExtension {
  readonly name: string;
  /** What a7 holds. */
  readonly id: number;
  /** By function number, which a6 holds. */
  readonly functions: readonly ((call: SbiCall) => SbiResult)[];
}

const ALL = (1n << 64n) - 1n;

/**
 * The harts that hart_mask and hart_mask_base name (clause 3.1): bit n stands for hart base + n, and a base of -1 for
 * all of them. Undefined if one of them does not exist.
 */
export const hartsOf = ({ harts }: SbiHost, mask: bigint, base: bigint): readonly number[] | undefined => {
  if (base === ALL) return harts.map(({ id }) => id);
  const count = BigInt(harts.length);
  if (base >= count || mask >> (count - base) !== 0n) return undefined;
  return harts.map(({ id }) => id).filter((id) => BigInt(id) >= base && ((mask >> (BigInt(id) - base)) & 1n) === 1n);
};
