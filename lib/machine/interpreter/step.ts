/**
 * The step function: executes one decoded instruction of any kind, with all its checks. The fast loop calls it
 * for what it does not handle itself and for whatever leaves its fast paths.
 */
import {
  add,
  and,
  type Expr,
  eq,
  eqz,
  extendU,
  type I32,
  i32,
  i64,
  ne,
  peek,
  sext8,
  sext16,
  sext32,
  sub,
} from '../../isa/expr.js';
import type { Statement } from '../../isa/semantics.js';
import { meanings, table } from '../../isa/table.js';
import { RAM_BASE } from '../layout.js';
import type { FunctionBuilder, Label } from '../wasm/function.js';
import type { Callable, ModuleBuilder } from '../wasm/module.js';
import type { Accessors } from './access.js';
import { type Library, Lowering, recordField, scratchOf } from './lower.js';
import { FIRST_ROW, nearRows, OP, OPERATIONS } from './record.js';
import { ACCESS, type HartCode } from './state.js';

/** What a step did. `next2` and `next4` go on after an instruction of that length. */
export const STEP = { next2: 0, next4: 1, jumped: 2, trap: 3, event: 4 } as const;

export interface StepImports {
  readonly illegal: Callable;
  /** Checks and marks the floating-point state; 0 if it raised an exception. */
  readonly floatUse: Callable<'i32'>;
}

/** (record, pc) -> STEP. After `jumped` the pc cell is the target; the caller adds to the tally. */
export const buildStep = (
  module: ModuleBuilder,
  hart: HartCode,
  library: Library,
  access: Accessors,
  imports: StepImports,
): Callable<'i32'> => {
  const step = module.declare(['i32', 'i64'], 'i32');
  module.define(step, (f) => {
    const record = f.param('i32', 0);
    const pc = f.param('i64', 1);
    const scratch = scratchOf(f);
    const trapped = (): void => f.return(i32(STEP.trap));

    const handler = (id: number): void => {
      const row = table[id] as (typeof table)[number];
      const lowering = new Lowering(f, hart, library, { record, pc, length: row.length }, scratch);
      for (const statement of meanings[id] as readonly Statement[]) lowerStatement(lowering, statement);
      if (hasSystemCall(id)) f.if(hart.get32('event'), () => f.return(i32(STEP.event)));
      f.return(i32(row.length === 4 ? STEP.next4 : STEP.next2));
    };

    const jumpTo = (target: Expr<'i64'>): void => {
      hart.set64(f, 'pc', target);
      f.return(i32(STEP.jumped));
    };

    const lowerStatement = (l: Lowering, s: Statement): void => {
      switch (s.kind) {
        case 'let':
          f.set(l.bind(s.local, s.value.type), l.rewrite(s.value));
          return;
        case 'load': {
          const value = l.bind(s.local, 'i64') as Expr<'i64'> & { kind: 'local' };
          hart.tally(f, ACCESS);
          const address = l.rewrite(s.address);
          const bytes = i32(s.bits / 8);
          if (s.access === 'load') {
            f.set(value, access.load.call(address, bytes));
            f.if(hart.get32('fault'), trapped);
            if (s.signed) f.set(value, signExtend(value, s.bits));
            return;
          }
          const host = f.let(access.atomic.call(address, bytes, i32(s.access === 'reserve' ? 1 : 0)));
          f.if(eqz(host), trapped);
          if (s.access === 'reserve') hart.set64(f, 'reservation', granule(hart, host));
          f.set(value, peek('i64', s.bits, host, 0, s.signed));
          return;
        }
        case 'store':
          hart.tally(f, ACCESS);
          f.do(access.store.call(l.rewrite(s.address), i32(s.bits / 8), l.rewrite(s.value)));
          f.if(hart.get32('fault'), trapped);
          return;
        case 'conditional': {
          const result = l.bind(s.local, 'i64') as Expr<'i64'> & { kind: 'local' };
          hart.tally(f, ACCESS);
          const host = f.let(access.atomic.call(l.rewrite(s.address), i32(s.bits / 8), i32(0)));
          f.if(eqz(host), trapped);
          f.if(
            eq(hart.get64('reservation'), granule(hart, host)),
            () => {
              f.poke(s.bits, host, l.rewrite(s.value));
              f.do(access.forget.call(host, i32(s.bits / 8)));
              f.set(result, i64(0));
            },
            () => f.set(result, i64(1)),
          );
          hart.set64(f, 'reservation', i64(-1));
          return;
        }
        case 'write':
          if (s.file === 'f') l.writeF(l.rewrite(s.value));
          else {
            const value = l.rewrite(s.value);
            f.if(recordField.rd(record), () => l.writeX(value));
          }
          return;
        case 'jump':
          jumpTo(l.rewrite(s.target));
          return;
        case 'branch':
          f.if(l.rewrite(s.condition), () => jumpTo(add(pc, recordField.imm(record))));
          return;
        case 'float':
          f.if(ne(hart.get32('floatState'), i32(2)), () => f.if(eqz(imports.floatUse.call()), trapped));
          return;
        case 'rounding': {
          const mode = l.bind(s.local, 'i32') as I32 & { kind: 'local' };
          f.set(mode, l.rounding());
          f.if(eq(mode, i32(255)), () => {
            f.do(imports.illegal.call());
            trapped();
          });
          return;
        }
        case 'call': {
          const callee = library.helpers[s.helper.name] as Callable;
          if (s.helper.kind === 'system') hart.set64(f, 'next', add(pc, i64(l.site.length)));
          const value = callee.call(...s.args.map((arg) => l.rewrite(arg)));
          if (s.local === undefined) f.do(value);
          else f.set(l.bind(s.local, value.type), value);
          if (s.helper.kind === 'system') f.if(hart.get32('fault'), trapped);
        }
      }
    };

    // Special operations share the handler of the row they abbreviate: with rd = x0 it writes nothing.
    const shared = new Map<number, string>([
      [OP.jumpNear, 'jal'],
      [OP.jumpFar, 'jal'],
      [OP.jumpRegister, 'jalr'],
    ]);
    const handlerOf: number[] = Array.from({ length: OPERATIONS }, (_, op) => op - FIRST_ROW);
    for (const { op, id } of nearRows) handlerOf[op] = id;
    for (const [op, name] of shared) handlerOf[op] = table.findIndex((row) => row.name === name);

    nestHandlers(f, peek('i32', 8, record), table.length, handlerOf, handler, () => {
      f.if(eq(peek('i32', 8, record), i32(OP.nop4)), () => f.return(i32(STEP.next4)));
      f.if(eq(peek('i32', 8, record), i32(OP.nop2)), () => f.return(i32(STEP.next2)));
      f.if(eq(peek('i32', 8, record), i32(OP.loadToZero)), () => {
        hart.tally(f, ACCESS);
        const base = peek('i64', 64, recordField.rs1(record), hart.address);
        f.do(access.load.call(add(base, recordField.imm(record)), recordField.rd(record)), true);
        f.if(hart.get32('fault'), trapped);
        f.return(i32(STEP.next4));
      });
      f.do(imports.illegal.call());
      trapped();
    });
    f.unreachable();
  });
  return step;
};

/** Address of the 8 bytes around a host address: what a reservation covers. */
const granule = (hart: HartCode, host: I32): Expr<'i64'> =>
  and(add(extendU(sub(host, hart.get32('ramHost'))), i64(RAM_BASE)), i64(-8));

const signExtend = (value: Expr<'i64'>, bits: number): Expr<'i64'> =>
  bits === 8 ? sext8(value) : bits === 16 ? sext16(value) : bits === 32 ? sext32(value) : value;

const hasSystemCall = (id: number): boolean =>
  (meanings[id] as readonly Statement[]).some((s) => s.kind === 'call' && s.helper.kind === 'system');

/**
 * A switch: `index` selects a slot through `slotOf`; slots outside 0 to `slots` - 1 go to `otherwise`. Handlers must not
 * fall off their end.
 */
export const nestHandlers = (
  f: FunctionBuilder,
  index: I32,
  slots: number,
  slotOf: readonly number[],
  handler: (slot: number) => void,
  otherwise: () => void,
): void => {
  const nest = (slot: number, labels: readonly Label[]): void => {
    if (slot < 0) {
      const fallback = labels[0] as Label;
      // labels[0] is the outermost block; slot s has labels[slots - s].
      f.branchTable(
        index,
        slotOf.map((s) => (s >= 0 && s < slots ? (labels[slots - s] as Label) : fallback)),
        fallback,
      );
      return;
    }
    f.block((end) => nest(slot - 1, [...labels, end]));
    handler(slot);
  };
  f.block((end) => nest(slots - 1, [end]));
  otherwise();
};
