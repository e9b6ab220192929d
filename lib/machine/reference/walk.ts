/**
 * Page table walks: from a virtual address to a physical one through the tables in guest RAM, in one or two stages
 * (privileged specification, 12.3.2 "Virtual Address Translation Process" and 18.5 "Two-Stage Address Translation").
 * One object is one walk. Its methods return undefined once the walk has raised its exception.
 */
import type { AccessType, Environment } from '../environment.js';
import { type Hart, S, U } from '../hart.js';
import { REGIME } from '../layout.js';
import { addressIn, isLeaf, isMalformed, PTE, type Root, shiftOf, stage1Root, stage2Root } from './pte.js';

export type Regime = ReturnType<Hart['regime']>;

export const ACCESS_FAULT: Readonly<Record<AccessType, number>> = { fetch: 1, load: 5, store: 7 };
const PAGE_FAULT: Readonly<Record<AccessType, number>> = { fetch: 12, load: 13, store: 15 };
const GUEST_PAGE_FAULT: Readonly<Record<AccessType, number>> = { fetch: 20, load: 21, store: 23 };

/** Values of mtinst for guest page faults on a 64-bit access to a VS-stage entry (18.6.3, table of pseudoinstructions). */
const PSEUDO_READ = 0x3000n;
const PSEUDO_WRITE = 0x3020n;

const LEAF_COUNTERS = ['leaves4K', 'leaves2M', 'leaves1G', 'leaves512G'] as const;

/** A page table entry as read from RAM, with its guest physical address if a G-stage led to it. */
interface Slot {
  pte: bigint;
  readonly host: number;
  readonly physical: bigint;
  readonly through: bigint | undefined;
}
interface Leaf extends Slot {
  readonly level: number;
  /** The translated address. */
  readonly output: bigint;
}

export interface Translation {
  readonly physical: bigint;
  /** Whether stores to the page need no further walk: writable and dirty in both stages. */
  readonly writable: boolean;
}

export class PageWalk {
  readonly #hart: Hart;
  readonly #environment: Environment;
  readonly #address: bigint;
  readonly #access: AccessType;
  readonly #regime: Regime;

  constructor(hart: Hart, environment: Environment, address: bigint, access: AccessType, regime: Regime) {
    this.#hart = hart;
    this.#environment = environment;
    this.#address = address;
    this.#access = access;
    this.#regime = regime;
  }

  run(): Translation | undefined {
    const { stage1, stage2 } = this.#regime;
    this.#hart.count('walks');
    let physical = this.#address;
    let first: Leaf | undefined;
    let second: Leaf | undefined;
    if (stage1 !== 0n) {
      first = this.#stage1(stage1Root(stage1));
      if (first === undefined || !this.#permitted1(first)) return undefined;
      physical = first.output;
    }
    if (stage2 !== 0n) {
      second = this.#stage2(physical, 0n);
      if (second === undefined || !this.#permitted2(second, physical, this.#access, 0n)) return undefined;
      physical = second.output;
    }
    const leaves = [first, second].filter((leaf) => leaf !== undefined);
    this.#hart.count(LEAF_COUNTERS[leaves[0]?.level ?? 0] ?? 'leaves4K');
    const largest = Math.max(...leaves.map(({ level }) => level));
    if (largest > this.#hart.cells32.superpages) this.#hart.cells32.superpages = largest;
    return { physical, writable: leaves.every(({ pte }) => (pte & PTE.W) !== 0n && (pte & PTE.D) !== 0n) };
  }

  /** The first stage. Its tables lie in guest physical memory if there is a second one. */
  #stage1(root: Root): Leaf | undefined {
    const fault = () => this.#raise(PAGE_FAULT);
    // 12.4.1: the unused upper bits must equal the topmost used one.
    if (BigInt.asUintN(64, BigInt.asIntN(root.width, this.#address)) !== this.#address) return fault();
    return this.#descend(root, this.#address, (entry) => this.#entry1(entry), fault);
  }

  /** The G-stage. `pseudo` is 0 for the access itself, or mtinst's value for a VS-stage entry's address. */
  #stage2(address: bigint, pseudo: bigint): Leaf | undefined {
    const fault = () => this.#raiseGuest(address, pseudo);
    const root = stage2Root(this.#regime.stage2);
    if (address >> BigInt(root.width) !== 0n) return fault();
    return this.#descend(root, address, (entry) => this.#entry(entry, 'walkReferencesStage2', undefined), fault);
  }

  #descend(
    root: Root,
    address: bigint,
    read: (entry: bigint) => Slot | undefined,
    fault: () => undefined,
  ): Leaf | undefined {
    // The width bounds the topmost index, so only it can be wider than 9 bits (in a G-stage root table).
    const used = BigInt.asUintN(root.width, address);
    let table = root.table;
    for (let level = root.levels - 1; level >= 0; level--) {
      const shift = shiftOf(level);
      const index = level === root.levels - 1 ? used >> shift : (used >> shift) & 0x1ffn;
      const slot = read(table + index * 8n);
      if (slot === undefined) return undefined;
      if (isMalformed(slot.pte)) return fault();
      table = addressIn(slot.pte);
      if (isLeaf(slot.pte)) {
        const offset = BigInt.asUintN(Number(shift), address);
        const isMisaligned = BigInt.asUintN(Number(shift), table) !== 0n;
        return isMisaligned ? fault() : { ...slot, level, output: table + offset };
      }
      // A, D and U are reserved in an entry that points to a table.
      if ((slot.pte & (PTE.A | PTE.D | PTE.U)) !== 0n) return fault();
    }
    // An entry of the last level that is no leaf.
    return fault();
  }

  /** Reads a first-stage entry, through the G-stage if there is one. */
  #entry1(address: bigint): Slot | undefined {
    if (this.#regime.stage2 === 0n) return this.#entry(address, 'walkReferencesStage1', undefined);
    const leaf = this.#stage2(address, PSEUDO_READ);
    if (leaf === undefined || !this.#permitted2(leaf, address, 'load', PSEUDO_READ)) return undefined;
    return this.#entry(leaf.output, 'walkReferencesStage1', address);
  }

  #entry(
    physical: bigint,
    counter: 'walkReferencesStage1' | 'walkReferencesStage2',
    through: bigint | undefined,
  ): Slot | undefined {
    const host = this.#hart.memory.host(Number(physical), 8);
    if (host < 0 || !this.#protected(physical, 'load')) return this.#raise(ACCESS_FAULT);
    this.#hart.count(counter);
    this.#hart.charge(this.#hart.price('walkReference'));
    return { pte: this.#hart.memory.view.getBigUint64(host, true), host, physical, through };
  }

  /** 12.3.2, steps 5 to 9: what the leaf allows, and its A and D bits. */
  #permitted1(leaf: Leaf): true | undefined {
    const { privilege, flags } = this.#regime;
    const user = (leaf.pte & PTE.U) !== 0n;
    const mayUse =
      privilege === U ? user : !(privilege === S && user) || (this.#access !== 'fetch' && (flags & REGIME.SUM) !== 0);
    const mxr = (flags & REGIME.MXR) !== 0;
    const execute = (flags & REGIME.EXECUTE) !== 0;
    const fault = () => this.#raise(PAGE_FAULT);
    if (!mayUse || !allows(leaf.pte, this.#access, mxr, execute)) return fault();
    const missing = accessedAndDirty(this.#access) & ~leaf.pte;
    if (missing === 0n) return true;
    if ((flags & REGIME.ADUE) === 0) return fault();
    if (leaf.through !== undefined) {
      // The update is an access of its own: the G-stage translates the entry's address again, now for a store.
      const page = this.#stage2(leaf.through, PSEUDO_WRITE);
      if (page === undefined || !this.#permitted2(page, leaf.through, 'store', PSEUDO_WRITE)) return undefined;
    }
    return this.#update(leaf, missing);
  }

  /** 18.5.1: the G-stage treats every access as made in U-mode. `access` is that of the walk, or of an entry's own use. */
  #permitted2(leaf: Leaf, address: bigint, access: AccessType, pseudo: bigint): true | undefined {
    const { flags } = this.#regime;
    // MXR and HLVX are about the instruction's own load, not about the walk's.
    const mxr = pseudo === 0n && (flags & REGIME.MXR2) !== 0;
    const execute = pseudo === 0n && (flags & REGIME.EXECUTE) !== 0;
    const fault = () => this.#raiseGuest(address, pseudo);
    if ((leaf.pte & PTE.U) === 0n || !allows(leaf.pte, access, mxr, execute)) return fault();
    const missing = accessedAndDirty(access) & ~leaf.pte;
    if (missing === 0n) return true;
    if ((flags & REGIME.ADUE2) === 0) return fault();
    return this.#update(leaf, missing);
  }

  /** Sets A and D in RAM, as Svadu lets hardware do. */
  #update(leaf: Leaf, bits: bigint): true | undefined {
    if (!this.#protected(leaf.physical, 'store')) return this.#raise(ACCESS_FAULT);
    const { memory } = this.#hart;
    leaf.pte |= bits;
    memory.view.setBigUint64(leaf.host, leaf.pte, true);
    memory.written(Number(leaf.physical), 8);
    this.#hart.count('adUpdates');
    this.#hart.charge(this.#hart.price('adUpdate'));
    return true;
  }

  /** Whether the PMP lets the walk use an entry: such accesses are made with S privilege (3.7.1). */
  #protected(physical: bigint, access: AccessType): boolean {
    return this.#hart.cells32.pmpActive === 0 || this.#environment.pmp(physical, access, S);
  }

  #raise(causes: Readonly<Record<AccessType, number>>): undefined {
    const isGuest = (this.#regime.flags & REGIME.VIRTUAL) !== 0;
    this.#hart.raise(causes[this.#access], this.#address, 0n, 0n, isGuest);
  }
  #raiseGuest(address: bigint, pseudo: bigint): undefined {
    const isGuest = (this.#regime.flags & REGIME.VIRTUAL) !== 0;
    this.#hart.raise(GUEST_PAGE_FAULT[this.#access], this.#address, address >> 2n, pseudo, isGuest);
  }
}

const allows = (pte: bigint, access: AccessType, mxr: boolean, execute: boolean): boolean => {
  if (access === 'store') return (pte & PTE.W) !== 0n;
  if (access === 'fetch' || execute) return (pte & PTE.X) !== 0n;
  return (pte & PTE.R) !== 0n || (mxr && (pte & PTE.X) !== 0n);
};
const accessedAndDirty = (access: AccessType): bigint => (access === 'store' ? PTE.A | PTE.D : PTE.A);
