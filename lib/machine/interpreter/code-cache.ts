/** The pages of decoded code: which page of RAM each stands for, and decoding into them. */
import { decode, lengthOf } from '../../isa/decode.js';
import type { Row } from '../../isa/row.js';
import type { Hart } from '../hart.js';
import {
  CODE_PAGE,
  PAGE_SHIFT,
  PAGE_SIZE,
  PARCELS,
  RECORD,
  STRADDLE_RECORD,
  TLB_AT,
  TLB_ENTRY,
  WRITE_CODE,
  WRITE_SLOW,
} from '../layout.js';
import type { MachineMemory } from '../memory.js';
import { OP, recordOf, UNDECODED } from './record.js';

const TRANSFERS = new Set(['jal', 'jalr', 'c.j', 'c.jr', 'c.jalr', 'ecall', 'ebreak', 'c.ebreak', 'mret', 'sret']);

/** One per machine: all harts share the decoded code. */
export class CodeCache {
  /** Page of RAM by decoded page, -1 if free; filled in turn, so the oldest is replaced. */
  readonly #pages: Int32Array;
  #next = 0;
  /** Offsets in their page of the addresses to stop at. */
  #breakpoints: ReadonlySet<number> = new Set();
  /** The record that `unmask` has replaced, or 0. */
  #unmasked = 0;

  constructor(
    readonly memory: MachineMemory,
    readonly harts: readonly Hart[],
  ) {
    this.#pages = new Int32Array(memory.layout.codePages).fill(-1);
  }

  /** Makes the interpreter stop before instructions at these virtual addresses, and before others that have their place in a page. */
  stopAt(addresses: readonly bigint[]): void {
    const offsets = new Set(addresses.map((a) => Number(a & 0xfffn)));
    if (offsets.size === this.#breakpoints.size && [...offsets].every((o) => this.#breakpoints.has(o))) return;
    this.#breakpoints = offsets;
    this.drop();
  }
  /** Decodes the instruction that a breakpoint's record hides, so that it can be executed once; then `mask` is due. */
  unmask(record: number): void {
    this.memory.view.setUint8(record, UNDECODED);
    this.#unmasked = record;
    this.decodeFrom(record);
  }
  mask(): void {
    const record = this.#unmasked;
    this.#unmasked = 0;
    if (record !== 0 && this.memory.view.getUint8(record) !== UNDECODED)
      this.memory.view.setUint8(record, OP.breakpoint);
  }

  /** Forgets everything decoded. */
  drop(): void {
    this.memory.dropCode();
    this.#pages.fill(-1);
    this.#next = 0;
    this.#forgetPages(() => true);
  }

  /** Address of the decoded page for the page of RAM at a host address, made if there is none. */
  page(host: number): number {
    const { layout, i32 } = this.memory;
    const ramPage = ((host >>> 0) - layout.ram) >>> PAGE_SHIFT;
    const known = i32[(layout.codeMap >>> 2) + ramPage] as number;
    if (known !== 0) return known;
    const slot = this.#next;
    this.#next = (slot + 1) % layout.codePages;
    const code = layout.codePool + slot * CODE_PAGE;
    this.#evict(slot, code);
    this.#pages[slot] = ramPage;
    i32[(layout.codeMap >>> 2) + ramPage] = code;
    this.memory.u8[code + PARCELS * RECORD] = OP.pageEnd;
    this.#guardStores((host & ~0xfff) | 0);
    return code;
  }

  #evict(slot: number, code: number): void {
    const old = this.#pages[slot] as number;
    if (old < 0) return;
    this.memory.i32[(this.memory.layout.codeMap >>> 2) + old] = 0;
    this.memory.u8.fill(0, code, code + CODE_PAGE);
    this.#forgetPages((page) => page === code);
  }

  /** Takes decoded pages out of the fetch TLBs; the translations stay. */
  #forgetPages(which: (code: number) => boolean): void {
    const { i32, layout } = this.memory;
    for (const { address } of this.harts) {
      for (let i = 0; i < layout.fetchEntries; i++) {
        const at = (address + layout.fetchTlbAt + i * TLB_ENTRY + 8) >>> 2;
        if (which(i32[at] as number)) i32[at] = 0;
      }
    }
  }

  /** From now on stores to this page must be seen: takes the fast path away from TLB entries that allow them. */
  #guardStores(hostPage: number): void {
    const { i32, layout } = this.memory;
    for (const hart of this.harts) {
      for (let i = 0; i < layout.dataEntries; i++) {
        const at = (hart.address + TLB_AT + i * TLB_ENTRY) >>> 2;
        const write = i32[at + 3] as number;
        const virtualPage = (i32[at] as number) & ~0xfff;
        if ((write & WRITE_SLOW) === 0 && ((write + virtualPage) | 0) === hostPage)
          i32[at + 3] = write | WRITE_SLOW | WRITE_CODE;
      }
    }
  }

  /** Decodes from the record at this address on, up to a transfer, the page's end or a record already there. */
  decodeFrom(address: number): void {
    const { layout, view } = this.memory;
    const slot = Math.floor((address - layout.codePool) / CODE_PAGE);
    const code = layout.codePool + slot * CODE_PAGE;
    const page = layout.ram + (this.#pages[slot] as number) * PAGE_SIZE;
    let offset = ((address - code) / RECORD) * 2;
    while (offset < PAGE_SIZE) {
      const at = code + (offset / 2) * RECORD;
      if (view.getUint8(at) !== UNDECODED) return;
      const low = view.getUint16(page + offset, true);
      const length = lengthOf(low);
      if (length === 4 && offset === PAGE_SIZE - 2) {
        view.setUint8(at, OP.straddle);
        return;
      }
      const row = this.#write(at, length === 4 ? view.getUint32(page + offset, true) : low, offset);
      if (this.#breakpoints.has(offset) && at !== this.#unmasked) view.setUint8(at, OP.breakpoint);
      if (row === undefined || TRANSFERS.has(row.name)) return;
      offset += length;
    }
  }

  /** Decodes the instruction that straddles the end of a page, given the record of its first parcel. */
  decodeStraddle(address: number, upperHalf: number): void {
    const { layout, view } = this.memory;
    const slot = Math.floor((address - layout.codePool) / CODE_PAGE);
    const code = layout.codePool + slot * CODE_PAGE;
    const low = view.getUint16(layout.ram + (this.#pages[slot] as number) * PAGE_SIZE + PAGE_SIZE - 2, true);
    this.#write(code + STRADDLE_RECORD, ((upperHalf << 16) | low) >>> 0);
  }

  #write(at: number, encoding: number, offset?: number): Row | undefined {
    const { view } = this.memory;
    const found = decode(encoding);
    if (found === undefined) {
      view.setUint8(at, OP.illegal);
      return undefined;
    }
    const record = recordOf(found.id, found.row, found.operands, offset);
    view.setUint8(at, record.op);
    view.setUint8(at + 1, record.rd);
    view.setUint8(at + 2, record.rs1);
    view.setUint8(at + 3, record.rs2);
    view.setInt32(at + 4, record.imm, true);
    return found.row;
  }
}
