/**
 * The fast loop's handlers: what it does in line for common instructions. A handler that finds its fast path closed (a
 * TLB miss, floating point switched off, a reserved rounding mode) has changed nothing yet and goes to `cold`.
 */
import { add, and, eq, geS, type I32, type I64, i32, i64, ne, or, peek, shl, wrap } from '../../isa/expr.js';
import type { Row } from '../../isa/row.js';
import type { Statement } from '../../isa/semantics.js';
import { meanings, table } from '../../isa/table.js';
import { PAGE_SIZE, RECORD, TLB_AT, WRITE_SLOW } from '../layout.js';
import type { FunctionBuilder, Label, Local } from '../wasm/function.js';
import type { Callable } from '../wasm/module.js';
import { type Library, Lowering, pcOf, recordField, scratchOf } from './lower.js';
import { FIRST_ROW, nearRows, OP, OPERATIONS } from './record.js';
import { ACCESS, type HartCode, RETIRED } from './state.js';
import { entryOffset } from './tlb.js';

const HOT_EXTENSIONS: readonly Row['extension'][] = ['I', 'M', 'F', 'D', 'C'];

/** Rows whose every statement the fast loop can do in line. */
const isHot = (id: number): boolean => {
  const row = table[id] as Row;
  return (
    HOT_EXTENSIONS.includes(row.extension) &&
    (meanings[id] as readonly Statement[]).every((s) => s.kind !== 'call' || s.helper.kind === 'float')
  );
};
const isTransfer = (id: number): boolean => (meanings[id] as readonly Statement[]).some((s) => s.kind === 'jump');
/** `c.j` and `c.jr` name x0 as their link, so they have none. */
const writesLink = (id: number): boolean => {
  const rd = (table[id] as Row).fields.rd;
  return !(rd?.kind === 'fixed' && rd.value === 0);
};
const rowNamed = (name: string): number => table.findIndex((row) => row.name === name);

interface RowHandler {
  readonly kind: 'row';
  readonly op: number;
  readonly id: number;
  /** Whether a direct transfer stays in its page. */
  readonly near: boolean;
  /** Whether a jump writes rd. */
  readonly link: boolean;
}
export type Handler = RowHandler | { readonly kind: 'nop'; readonly op: number; readonly length: 2 | 4 };

/** The operations that have a handler in the fast loop. */
export const handlers: readonly Handler[] = [
  ...table.flatMap((_, id): Handler[] =>
    isHot(id) ? [{ kind: 'row', id, near: false, link: writesLink(id), op: id + FIRST_ROW }] : [],
  ),
  ...nearRows.map(({ op, id }): Handler => ({ kind: 'row', id, near: true, link: writesLink(id), op })),
  { kind: 'row', id: rowNamed('jal'), near: true, link: false, op: OP.jumpNear },
  { kind: 'row', id: rowNamed('jal'), near: false, link: false, op: OP.jumpFar },
  { kind: 'row', id: rowNamed('jalr'), near: false, link: false, op: OP.jumpRegister },
  { kind: 'nop', length: 4, op: OP.nop4 },
  { kind: 'nop', length: 2, op: OP.nop2 },
];
/** For each operation its handler's place in `handlers`, or -1. */
export const handlerOf: readonly number[] = Array.from({ length: OPERATIONS }, (_, op) =>
  handlers.findIndex((handler) => handler.op === op),
);

/** The loop's state in WebAssembly locals. */
export class LoopState {
  /** The record being executed, and the address of its instruction as `bias` + record / 4. */
  readonly record: Local<'i32'>;
  readonly bias: Local<'i64'>;
  /** Page of the code that `bias` is for; 1, equal to no page, when there is none. */
  readonly page: Local<'i64'>;
  /** Where a transfer goes that is not near. */
  readonly target: Local<'i64'>;
  readonly tally: Local<'i64'>;
  readonly limit: Local<'i32'>;
  /** The data regime's context, as in a TLB tag. */
  readonly context: Local<'i64'>;
  /** Of the access under way. */
  readonly entry: Local<'i32'>;
  readonly address: Local<'i64'>;
  readonly floatResult: Local<'i64'>;
  readonly scratch: ReturnType<typeof scratchOf>;

  constructor(readonly f: FunctionBuilder) {
    this.record = f.local('i32');
    this.bias = f.local('i64');
    this.page = f.local('i64');
    this.target = f.local('i64');
    this.tally = f.local('i64');
    this.limit = f.local('i32');
    this.context = f.local('i64');
    this.entry = f.local('i32');
    this.address = f.local('i64');
    this.floatResult = f.local('i64');
    this.scratch = scratchOf(f);
  }
  get pc(): I64 {
    return pcOf(this.bias, this.record);
  }
  get atLimit(): I32 {
    return geS(wrap(this.tally), this.limit);
  }
  retire(amount: bigint): void {
    this.f.set(this.tally, add(this.tally, i64(amount)));
  }
  /** Goes on to the record after an instruction of this length. */
  advance(length: 2 | 4): void {
    this.f.set(this.record, add(this.record, i32((length / 2) * RECORD)));
  }
}

/** Where a handler may go. */
export interface Exits {
  /** The next record. */
  readonly dispatch: Label;
  /** The whole instruction again, on the slow path. */
  readonly cold: Label;
  /** A transfer to `target`, which then retires. */
  readonly jumped: Label;
  /** A near transfer has retired and reached the limit. */
  readonly stop: Label;
}

/** Emits the handlers of the fast loop. */
export class HotCode {
  readonly #dataTlb: number;

  constructor(
    readonly hart: HartCode,
    readonly library: Library,
    readonly state: LoopState,
    readonly exits: Exits,
  ) {
    this.#dataTlb = hart.address + TLB_AT;
  }

  emit(handler: Handler): void {
    const { state } = this;
    let amount = RETIRED;
    const length = handler.kind === 'nop' ? handler.length : (table[handler.id] as Row).length;
    if (handler.kind === 'row') {
      const site = { record: state.record, pc: state.pc, length };
      const lowering = new Lowering(state.f, this.hart, this.library, site, state.scratch);
      for (const s of meanings[handler.id] as readonly Statement[]) amount += this.#lower(lowering, s, handler);
    }
    state.advance(length);
    state.retire(amount);
    state.f.branch(this.exits.dispatch);
  }

  /** Emits one statement; returns what it adds to the tally. */
  #lower(l: Lowering, s: Statement, handler: RowHandler): bigint {
    const { f, entry, address } = this.state;
    switch (s.kind) {
      case 'let':
        f.set(l.bind(s.local, s.value.type), l.rewrite(s.value));
        return 0n;
      case 'load': {
        this.#findPage(l.rewrite(s.address), s.bits);
        const host = add(peek('i32', 32, entry, this.#dataTlb + 8), wrap(address));
        f.set(l.bind(s.local, 'i64') as Local<'i64'>, peek('i64', s.bits, host, 0, s.signed));
        return ACCESS;
      }
      case 'store':
        this.#findPage(l.rewrite(s.address), s.bits);
        f.set(entry, peek('i32', 32, entry, this.#dataTlb + 12));
        f.branchIf(and(entry, i32(WRITE_SLOW)), this.exits.cold);
        f.poke(s.bits, add(entry, wrap(address)), l.rewrite(s.value));
        return ACCESS;
      case 'write':
        if (s.file === 'f') l.writeF(l.rewrite(s.value));
        else if (!isTransfer(handler.id) || handler.link) this.#writeX(l, handler.id, l.rewrite(s.value));
        return 0n;
      case 'jump':
        if (handler.near) this.#near();
        else this.#far(l.rewrite(s.target));
        return 0n;
      case 'branch':
        f.if(l.rewrite(s.condition), () => {
          if (handler.near) this.#near();
          else this.#far(add(l.site.pc, recordField.imm(l.site.record)));
        });
        return 0n;
      case 'float':
        f.branchIf(ne(this.hart.get32('floatState'), i32(2)), this.exits.cold);
        return 0n;
      case 'rounding': {
        const mode = l.bind(s.local, 'i32') as Local<'i32'>;
        f.set(mode, l.rounding());
        f.branchIf(eq(mode, i32(255)), this.exits.cold);
        return 0n;
      }
      case 'call': {
        const callee = this.library.helpers[s.helper.name] as Callable;
        const value = callee.call(...s.args.map((arg) => l.rewrite(arg)));
        f.set(l.bind(s.local as number, value.type), value);
        return 0n;
      }
      case 'conditional':
        throw new TypeError('store-conditional is not a hot instruction');
    }
  }

  /** Leaves the address and its data TLB entry in the locals; a misaligned address matches no tag. */
  #findPage(virtual: I64, bits: number): void {
    const { f, address, entry, context } = this.state;
    f.set(address, virtual);
    f.set(entry, entryOffset(address, this.hart.dataEntries));
    const wanted = or(and(address, i64(-PAGE_SIZE | (bits / 8 - 1))), context);
    f.branchIf(ne(wanted, peek('i64', 64, entry, this.#dataTlb)), this.exits.cold);
  }
  /** Pure rows never name x0 (the decoder saw to it); a floating-point instruction's integer result may go there. */
  #writeX(l: Lowering, id: number, value: I64): void {
    const { f, floatResult, record } = this.state;
    const { extension } = table[id] as Row;
    if (extension !== 'F' && extension !== 'D') {
      l.writeX(value);
      return;
    }
    f.set(floatResult, value);
    f.if(recordField.rd(record), () => l.writeX(floatResult));
  }
  /** Within a page a transfer moves the record: four bytes of records for each byte of code. */
  #near(): void {
    const { f, record } = this.state;
    f.set(record, add(record, shl(peek('i32', 32, record, 4), i32(2))));
    this.state.retire(RETIRED);
    f.branchIf(this.state.atLimit, this.exits.stop);
    f.branch(this.exits.dispatch);
  }
  #far(target: I64): void {
    this.state.f.set(this.state.target, target);
    this.state.f.branch(this.exits.jumped);
  }
}
