/** Bit positions and masks in the privileged CSRs (privileged specification, chapters 3, 12, 17 and 18). */

/** mstatus, and the same bits in sstatus and vsstatus. */
export const STATUS = {
  SIE: 1n << 1n,
  MIE: 1n << 3n,
  SPIE: 1n << 5n,
  MPIE: 1n << 7n,
  SPP: 1n << 8n,
  MPP: 3n << 11n,
  FS: 3n << 13n,
  MPRV: 1n << 17n,
  SUM: 1n << 18n,
  MXR: 1n << 19n,
  TVM: 1n << 20n,
  TW: 1n << 21n,
  TSR: 1n << 22n,
  /** UXL = 2: U-mode is RV64. */
  UXL64: 2n << 32n,
  SXL64: 2n << 34n,
  GVA: 1n << 38n,
  MPV: 1n << 39n,
  SD: 1n << 63n,
} as const;
export const MPP_SHIFT = 11n;

export const HSTATUS = {
  GVA: 1n << 6n,
  SPV: 1n << 7n,
  SPVP: 1n << 8n,
  HU: 1n << 9n,
  VGEIN: 0x3fn << 12n,
  VTVM: 1n << 20n,
  VTW: 1n << 21n,
  VTSR: 1n << 22n,
  /** VSXL = 2: VS-mode is RV64. */
  VSXL64: 2n << 32n,
} as const;
export const VGEIN_SHIFT = 12n;

/** menvcfg, senvcfg and henvcfg. */
export const ENVCFG = {
  FIOM: 1n << 0n,
  /** Hardware updates A and D bits (Svadu). */
  ADUE: 1n << 61n,
  /** stimecmp or vstimecmp drives STIP or VSTIP (Sstc). */
  STCE: 1n << 63n,
} as const;

/** Bits of mip, mie, mideleg and their views; the position is the cause. */
export const IRQ = {
  SSI: 1n << 1n,
  VSSI: 1n << 2n,
  MSI: 1n << 3n,
  STI: 1n << 5n,
  VSTI: 1n << 6n,
  MTI: 1n << 7n,
  SEI: 1n << 9n,
  VSEI: 1n << 10n,
  MEI: 1n << 11n,
  /** Supervisor guest external interrupt. */
  SGEI: 1n << 12n,
} as const;
export const S_INTERRUPTS = IRQ.SSI | IRQ.STI | IRQ.SEI;
export const M_INTERRUPTS = IRQ.MSI | IRQ.MTI | IRQ.MEI;
export const VS_INTERRUPTS = IRQ.VSSI | IRQ.VSTI | IRQ.VSEI;

/** Bits of mcounteren, scounteren, hcounteren and mcountinhibit. */
export const COUNTER_BIT = { CY: 0, TM: 1, IR: 2 } as const;

/** satp, vsatp and hgatp. */
export const ATP_MODE_SHIFT = 60n;
export const ASID_SHIFT = 44n;
export const ASID_MASK = 0xffffn;
export const VMID_MASK = 0x3fffn;

export const WORD = (1n << 64n) - 1n;
