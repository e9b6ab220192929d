/**
 * What events cost, in hart cycles. An instruction costs one cycle; everything that makes a real machine slower than
 * that is counted as an event and priced here. The prices are modelling choices, not measurements of this simulator:
 * each states what it follows, and each can be replaced.
 */
export interface Costs {
  /** Each retired instruction. Fixed at 1: the engines count cycles as instructions plus what events add. */
  readonly instruction: 1;
  /** Each page-table entry that a walk reads. */
  readonly walkReference: number;
  /** Entering a trap handler, at any privilege. */
  readonly trapEntry: number;
  /** MRET or SRET. */
  readonly trapReturn: number;
  /** Added to either when the privilege changes. */
  readonly modeSwitch: number;
  /** Added to either when V changes: entering or leaving a guest. */
  readonly worldSwitch: number;
  /** SFENCE.VMA, HFENCE.VVMA or HFENCE.GVMA, local or on behalf of another hart. */
  readonly tlbFlush: number;
  /** FENCE.I. */
  readonly fenceI: number;
  /** A data access that is not naturally aligned. */
  readonly misaligned: number;
  /** A write of A or D bits into a PTE. */
  readonly adUpdate: number;
  /** An access to a device register. */
  readonly deviceAccess: number;
}

export const defaultCosts: Costs = {
  instruction: 1,
  /** Modelling choice: PTEs are found in the second-level cache, 12 cycles on Sandy Bridge (Intel optimization manual, cache parameters). */
  walkReference: 12,
  /**
   * Modelling choice: a pipeline flush, serialised CSR updates and a refetch from the handler. With trapReturn and two
   * mode switches a null system call pays about 100 cycles in hardware, the order of SYSCALL and SYSRET on recent x86;
   * Adams and Agesen (ASPLOS 2006) give 242 for the whole native call on a Pentium 4.
   */
  trapEntry: 40,
  /** Modelling choice: as trapEntry, without the serialised writes of cause and value. */
  trapReturn: 30,
  /** Modelling choice: the refetch under other permissions, where trapEntry covers the flush. */
  modeSwitch: 15,
  /**
   * Half a round trip of VM exit and resume. Bugnion, Nieh and Tsafrir (Hardware and Software Support for
   * Virtualization, 2017, table 4.3) measure 265 cycles for an exit by VMCALL and 348 for VMRESUME on Broadwell: 613
   * together, of which trapEntry, trapReturn and the two mode switches already account for 100.
   */
  worldSwitch: 256,
  /** Modelling choice: the order of INVLPG, whose kernel users state some hundred cycles. The misses that follow are counted as they happen. */
  tlbFlush: 100,
  /** Modelling choice: drains the pipeline and refetches; the refilling of the instruction cache is not modelled. */
  fenceI: 50,
  /** Modelling choice: a second cache access and the merge. */
  misaligned: 4,
  /** Modelling choice: a locked read-modify-write, about 20 cycles on Intel cores (Fog, instruction tables). */
  adUpdate: 20,
  /** Modelling choice: an uncached access to an on-chip peripheral, some 50 ns at 2 GHz. Legacy ports are far slower: 3,209 cycles for IN in Adams and Agesen. */
  deviceAccess: 100,
};
