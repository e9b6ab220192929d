/**
 * What floating-point operations read and change besides their operands: the two fields of the `fcsr` register.
 * Source: RISC-V Unprivileged ISA, chapter "F", section "Floating-Point Control and Status Register".
 */

/** Exception flags, as the bits of `fflags`: inexact, underflow, overflow, divide by zero, invalid operation. */
export const FLAG = { NX: 1, UF: 2, OF: 4, DZ: 8, NV: 16 } as const;

/**
 * Rounding modes, as encoded in `frm` and in the `rm` field of an instruction: to nearest with ties to even, towards
 * zero, down, up, to nearest with ties to the larger magnitude. 5 and 6 are reserved, 7 means "use frm": a hart
 * resolves or refuses these before it calls an operation.
 */
export const ROUND = { RNE: 0, RTZ: 1, RDN: 2, RUP: 3, RMM: 4 } as const;

/**
 * Operations round as `rounding` says and OR the exceptions they raise into `flags`. One that has to round throws a
 * RangeError if `rounding` is not one of {@link ROUND}.
 */
export interface FloatEnvironment {
  rounding: number;
  flags: number;
}
