/**
 * Keeps a hart's translation regimes in step with its CSRs: which page tables an access uses, with what privilege and
 * under which TLB context (privileged specification, 12.3 and 18.5).
 */
import { ATP_MODE_SHIFT, ENVCFG, HSTATUS, MPP_SHIFT, STATUS } from '../csr/fields.js';
import { type Hart, M, S, U } from '../hart.js';
import { CONTEXT_SHIFT, REGIME, type RegimeName } from '../layout.js';
import { Contexts, type ContextsState } from './contexts.js';

/** Flags that change nothing where no first stage, or no G-stage, translates. */
const STAGE1_FLAGS = REGIME.SUM | REGIME.MXR | REGIME.ADUE;
const STAGE2_FLAGS = REGIME.MXR2 | REGIME.ADUE2;
/** Privilege and flags together, for the cache of ids. */
const COMBINATIONS = 1 << 9;

/** satp, vsatp or hgatp as a regime holds it: 0 if it selects no translation. */
const stageOf = (atp: bigint): bigint => (atp >> ATP_MODE_SHIFT === 0n ? 0n : atp);

export class Regimes {
  readonly #contexts: Contexts;
  /** Ids of the contexts that the current page-table registers make, by privilege and flags; 0 if not yet asked. */
  readonly #cache = new Uint8Array(COMBINATIONS);
  #host = 0n;
  #guest = 0n;
  #gStage = 0n;

  constructor(private readonly hart: Hart) {
    this.#contexts = new Contexts(hart);
  }

  /** After satp, vsatp or hgatp was written. */
  tablesChanged(): void {
    this.#readTables();
    this.update();
  }

  #readTables(): void {
    this.#host = stageOf(this.hart.csrs.satp);
    this.#guest = stageOf(this.hart.csrs.vsatp);
    this.#gStage = stageOf(this.hart.csrs.hgatp);
    this.#cache.fill(0);
  }

  /** After the mode, or a CSR that qualifies translation (mstatus, vsstatus, menvcfg, henvcfg), was written. */
  update(): void {
    // Both ids must stem from one numbering, so a restart may not fall between them.
    if (!this.#contexts.hasRoom(2)) this.#restart();
    const { hart } = this;
    const { privilege, virtual } = hart;
    const status = hart.csrs.mstatus;
    if ((status & STATUS.MPRV) !== 0n && privilege === M) {
      const effective = Number((status & STATUS.MPP) >> MPP_SHIFT);
      this.#set('data', effective, effective !== M && (status & STATUS.MPV) !== 0n, status, 0);
    } else {
      this.#set('data', privilege, virtual, status, 0);
    }
    // Instruction fetches heed neither SUM nor MXR nor MPRV.
    this.#set('fetch', privilege, virtual, undefined, 0);
  }

  /**
   * Sets the `explicit` regime for a virtual-machine load or store: as though V = 1, with the privilege in
   * hstatus.SPVP (18.3.1). `execute` selects HLVX.
   */
  explicit(execute: boolean): void {
    if (!this.#contexts.hasRoom(1)) this.wipe();
    const privilege = (this.hart.csrs.hstatus & HSTATUS.SPVP) !== 0n ? S : U;
    this.#set('explicit', privilege, true, this.hart.csrs.mstatus, execute ? REGIME.EXECUTE : 0);
  }

  /** Forgets the translations of the contexts that match. */
  retire(matches: Parameters<Contexts['retire']>[0]): void {
    this.#contexts.retire(matches);
    this.#cache.fill(0);
    this.update();
  }

  /** Forgets all translations. */
  wipe(): void {
    this.#restart();
    this.update();
  }

  save(): ContextsState {
    return this.#contexts.save();
  }
  /** The regimes themselves are part of the hart's block; asking for new contexts here would make the restored world differ. */
  restore(state: ContextsState): void {
    this.#contexts.restore(state);
    this.#readTables();
  }

  #restart(): void {
    this.#contexts.restart();
    this.#cache.fill(0);
  }

  /** `status` is mstatus for data accesses, undefined for fetches. */
  #set(name: RegimeName, privilege: number, virtual: boolean, status: bigint | undefined, extra: number): void {
    const stage1 = privilege === M ? 0n : virtual ? this.#guest : this.#host;
    const stage2 = virtual ? this.#gStage : 0n;
    let flags = extra | this.#updateFlags(virtual) | (virtual ? REGIME.VIRTUAL : 0);
    if (status !== undefined) flags |= this.#accessFlags(privilege, virtual, status);
    if (stage1 === 0n) flags &= ~STAGE1_FLAGS;
    if (stage2 === 0n) flags &= ~STAGE2_FLAGS;
    const context = this.#id(privilege, flags, stage1, stage2) << CONTEXT_SHIFT;
    this.hart.setRegime(name, { context, privilege, flags, stage1, stage2 });
  }

  #accessFlags(privilege: number, virtual: boolean, status: bigint): number {
    const first = virtual ? this.hart.csrs.vsstatus : status;
    let flags = 0;
    if (privilege === S && (first & STATUS.SUM) !== 0n) flags |= REGIME.SUM;
    // With V = 1 the HS-level MXR applies to both stages, vsstatus.MXR to the first only (18.3.1).
    if (((first | status) & STATUS.MXR) !== 0n) flags |= REGIME.MXR;
    if (virtual && (status & STATUS.MXR) !== 0n) flags |= REGIME.MXR2;
    return flags;
  }

  /** menvcfg.ADUE governs S-mode and the G-stage, henvcfg.ADUE the VS-stage (Svadu). */
  #updateFlags(virtual: boolean): number {
    if ((this.hart.csrs.menvcfg & ENVCFG.ADUE) === 0n) return 0;
    if (!virtual) return REGIME.ADUE;
    return (this.hart.csrs.henvcfg & ENVCFG.ADUE) !== 0n ? REGIME.ADUE | REGIME.ADUE2 : REGIME.ADUE2;
  }

  #id(privilege: number, flags: number, stage1: bigint, stage2: bigint): number {
    const combination = (flags << 2) | privilege;
    const cached = this.#cache[combination] as number;
    if (cached !== 0) return cached;
    const id = this.#contexts.id({ privilege, flags, stage1, stage2 });
    this.#cache[combination] = id;
    return id;
  }
}
