/**
 * The fast loop: one WebAssembly function that dispatches on decoded records. Common instructions are handled
 * in line, and a load or store whose page is in the TLB touches nothing but that entry; whatever is not on its
 * fast path (a TLB miss, a CSR, a device) is done again from the start by the step function.
 */
import {
  add,
  and,
  eq,
  eqz,
  extendU,
  geS,
  type I32,
  type I64,
  i32,
  i64,
  ltS,
  ne,
  or,
  peek,
  shl,
  shrU,
  sub,
  wrap,
} from '../../isa/expr.js';
import type { Row } from '../../isa/row.js';
import type { Statement } from '../../isa/semantics.js';
import { meanings, table } from '../../isa/table.js';
import { EXIT } from '../engine.js';
import { PAGE_SIZE, RECORD, RECORD_SHIFT, REGIME_AT, REGIME_FIELD, TLB_AT, WRITE_SLOW } from '../layout.js';
import type { Local } from '../wasm/function.js';
import type { Callable, ModuleBuilder } from '../wasm/module.js';
import { type Accessors, entryOffset } from './access.js';
import { type Library, Lowering, pcOf, recordField, scratchOf } from './lower.js';
import { FIRST_ROW, nearRows, OP, OPERATIONS, UNDECODED } from './record.js';
import { ACCESS, type HartCode, RETIRED } from './state.js';
import { nestHandlers, STEP } from './step.js';

const HOT_EXTENSIONS: readonly Row['extension'][] = ['I', 'M', 'F', 'D', 'C'];

/** Rows whose every statement the fast loop can do in line. */
const isHot = (id: number): boolean => {
  const row = table[id] as Row;
  return (
    HOT_EXTENSIONS.includes(row.extension) &&
    (meanings[id] as readonly Statement[]).every((s) => s.kind !== 'call' || s.helper.kind === 'float')
  );
};
type Handler =
  | { readonly kind: 'row'; readonly id: number; readonly near: boolean; readonly link: boolean; readonly op: number }
  | { readonly kind: 'nop'; readonly length: 2 | 4; readonly op: number };

const rowNamed = (name: string): number => table.findIndex((row) => row.name === name);

/** The operations that have a handler in the fast loop. */
const hotHandlers = (): Handler[] => [
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
/** `c.j` and `c.jr` name x0 as their link, so they have none. */
const writesLink = (id: number): boolean => {
  const rd = (table[id] as Row).fields.rd;
  return !(rd?.kind === 'fixed' && rd.value === 0);
};

export interface RunImports {
  /** (record): decodes it and those after it up to the next transfer. */
  readonly decode: Callable;
  /** (record): decodes the instruction that a breakpoint hides there. */
  readonly unmask: Callable;
}

/** () -> EXIT: runs from the pc cell. */
export const buildRun = (
  module: ModuleBuilder,
  hart: HartCode,
  library: Library,
  access: Accessors,
  step: Callable<'i32'>,
  imports: RunImports,
): Callable<'i32'> => {
  const run = module.declare([], 'i32');
  const dataTlb = hart.address + TLB_AT;
  const fetchTlb = hart.address + hart.fetchTlbAt;
  const handlers = hotHandlers();

  module.define(run, (f) => {
    const record = f.local('i32');
    const tally = f.local('i64');
    const limit = f.local('i32');
    const bias = f.local('i64');
    /** Page of the code that `bias` is for; odd, so equal to no page, when there is none. */
    const page = f.local('i64');
    const target = f.local('i64');
    const context = f.local('i64');
    const entry = f.local('i32');
    const address = f.local('i64');
    const status = f.local('i32');
    const floatResult = f.local('i64');
    const scratch = scratchOf(f);

    const retire = (amount: bigint): void => f.set(tally, add(tally, i64(amount)));
    const pageOf = (a: I64): I64 => and(a, i64(-PAGE_SIZE));
    const pc = pcOf(bias, record);

    f.set(target, hart.get64('pc'));
    f.set(limit, hart.get32('limit'));
    f.set(page, i64(1));
    f.set(context, extendU(peek('i32', 32, i32(0), hart.address + REGIME_AT.data + REGIME_FIELD.context)));
    const fetchContext = f.let(extendU(peek('i32', 32, i32(0), hart.address + REGIME_AT.fetch + REGIME_FIELD.context)));

    f.block((exit) => {
      const leave = (reason: number): void => {
        f.set(status, i32(reason));
        f.branch(exit);
      };
      f.loop((far) => {
        // Find the record of the instruction at `target`.
        f.block((found) => {
          f.if(eq(pageOf(target), page), () => {
            f.set(record, shl(wrap(sub(target, bias)), i32(2)));
            f.branch(found);
          });
          const tag = f.let(or(pageOf(target), fetchContext));
          f.set(entry, entryOffset(target, hart.fetchEntries));
          f.block((looked) => {
            f.if(eq(peek('i64', 64, entry, fetchTlb), tag), () => {
              const code = f.let(peek('i32', 32, entry, fetchTlb + 8));
              f.if(code, () => {
                f.if(ne(hart.get64('fetchPage'), tag), () => {
                  hart.set64(f, 'fetchPage', tag);
                  hart.count(f, 'fetchLookups');
                });
                f.set(record, add(code, shl(and(wrap(target), i32(PAGE_SIZE - 2)), i32(RECORD_SHIFT - 1))));
                f.branch(looked);
              });
            });
            f.set(record, access.fetch.call(target));
            // A walk has its price, which brings the limit nearer.
            f.set(limit, hart.get32('limit'));
            f.if(eqz(record), () => {
              hart.set64(f, 'pc', target);
              leave(EXIT.trap);
            });
          });
          f.set(page, pageOf(target));
          f.set(bias, sub(target, extendU(shrU(record, i32(2)))));
        });

        // A jump has set `target`; a near one has set `record`. Both retire and look at the limit.
        f.block((jumped) => {
          f.block((stop) => {
            f.loop((dispatch) => {
              f.block((cold) => {
                const nop = (length: 2 | 4): void => {
                  f.set(record, add(record, i32((length / 2) * RECORD)));
                  retire(RETIRED);
                  f.branch(dispatch);
                };
                /** After a near transfer: go on unless the limit is reached. */
                const near = (): void => {
                  f.set(record, add(record, shl(peek('i32', 32, record, 4), i32(2))));
                  retire(RETIRED);
                  f.branchIf(ltS(wrap(tally), limit), dispatch);
                  f.branch(stop);
                };
                const tlbHit = (va: I64, bits: number): void => {
                  f.set(address, va);
                  f.set(entry, entryOffset(address, hart.dataEntries));
                  const wanted = or(and(address, i64(-PAGE_SIZE | (bits / 8 - 1))), context);
                  f.branchIf(ne(wanted, peek('i64', 64, entry, dataTlb)), cold);
                };
                const lower = (l: Lowering, s: Statement, h: Handler & { kind: 'row' }): bigint => {
                  switch (s.kind) {
                    case 'let':
                      f.set(l.bind(s.local, s.value.type), l.rewrite(s.value));
                      return 0n;
                    case 'load': {
                      tlbHit(l.rewrite(s.address), s.bits);
                      const host = add(peek('i32', 32, entry, dataTlb + 8), wrap(address));
                      f.set(l.bind(s.local, 'i64') as Local<'i64'>, peek('i64', s.bits, host, 0, s.signed));
                      return ACCESS;
                    }
                    case 'store': {
                      tlbHit(l.rewrite(s.address), s.bits);
                      f.set(entry, peek('i32', 32, entry, dataTlb + 12));
                      f.branchIf(and(entry, i32(WRITE_SLOW)), cold);
                      f.poke(s.bits, add(entry, wrap(address)), l.rewrite(s.value));
                      return ACCESS;
                    }
                    case 'write':
                      if (s.file === 'f') l.writeF(l.rewrite(s.value));
                      else if (!isTransfer(h.id) || h.link) writeChecked(l, h.id, l.rewrite(s.value));
                      return 0n;
                    case 'jump':
                      if (h.near) near();
                      else {
                        f.set(target, l.rewrite(s.target));
                        f.branch(jumped);
                      }
                      return 0n;
                    case 'branch':
                      f.if(l.rewrite(s.condition), () => {
                        if (h.near) near();
                        else {
                          f.set(target, add(pc, recordField.imm(record)));
                          f.branch(jumped);
                        }
                      });
                      return 0n;
                    case 'float':
                      f.branchIf(ne(hart.get32('floatState'), i32(2)), cold);
                      return 0n;
                    case 'rounding': {
                      const mode = l.bind(s.local, 'i32') as Local<'i32'>;
                      f.set(mode, l.rounding());
                      f.branchIf(eq(mode, i32(255)), cold);
                      return 0n;
                    }
                    case 'call': {
                      const callee = library.helpers[s.helper.name] as Callable;
                      const value = callee.call(...s.args.map((arg) => l.rewrite(arg)));
                      f.set(l.bind(s.local as number, value.type), value);
                      return 0n;
                    }
                    case 'conditional':
                      throw new TypeError('store-conditional is not a hot instruction');
                  }
                };
                /** Pure rows never name x0 (the decoder saw to it); a floating-point result may go there. */
                const writeChecked = (l: Lowering, id: number, value: I64): void => {
                  const { extension } = table[id] as Row;
                  if (extension === 'F' || extension === 'D') {
                    f.set(floatResult, value);
                    f.if(recordField.rd(record), () => l.writeX(floatResult));
                  } else l.writeX(value);
                };
                const handle = (slot: number): void => {
                  const h = handlers[slot] as Handler;
                  if (h.kind === 'nop') {
                    nop(h.length);
                    return;
                  }
                  const { length } = table[h.id] as Row;
                  const lowering = new Lowering(f, hart, library, { record, pc, length }, scratch);
                  let accesses = 0n;
                  for (const s of meanings[h.id] as readonly Statement[]) accesses += lower(lowering, s, h);
                  f.set(record, add(record, i32((length / 2) * RECORD)));
                  retire(RETIRED + accesses);
                  f.branch(dispatch);
                };
                const slotOf = Array.from({ length: OPERATIONS }, (_, op) => handlers.findIndex((h) => h.op === op));
                nestHandlers(f, peek('i32', 8, record), handlers.length, slotOf, handle, () => f.branch(cold));
              });

              // Everything else.
              const op = f.let(peek('i32', 8, record));
              hart.set64(f, 'tally', tally);
              f.if(eq(op, i32(UNDECODED)), () => {
                f.do(imports.decode.call(record));
                f.branch(dispatch);
              });
              /** In sequence into the next page, unless the run ends at this page's end. */
              const turnPage = (): void => {
                f.if(geS(wrap(tally), hart.get32('hardLimit')), () => {
                  hart.set64(f, 'pc', target);
                  leave(EXIT.sequential);
                });
                f.branch(far);
              };
              f.if(eq(op, i32(OP.pageEnd)), () => {
                f.set(target, pc);
                turnPage();
              });
              f.set(address, pc);
              hart.set64(f, 'pc', address);
              f.if(eq(op, i32(OP.breakpoint)), () => leave(EXIT.breakpoint));
              const at = f.let(record);
              f.if(eq(op, i32(OP.straddle)), () => {
                f.set(at, access.straddle.call(address, record));
                f.if(eqz(at), () => leave(EXIT.trap));
                // The fetch moved on to the next page: look the page up again, whatever comes next.
                f.set(page, i64(1));
              });
              f.set(status, step.call(at, address));
              f.set(tally, hart.get64('tally'));
              f.set(limit, hart.get32('limit'));
              f.if(eq(status, i32(STEP.trap)), () => leave(EXIT.trap));
              f.if(eq(status, i32(STEP.jumped)), () => {
                f.set(target, hart.get64('pc'));
                f.branch(jumped);
              });
              retire(RETIRED);
              f.if(eq(status, i32(STEP.event)), () => {
                hart.set64(f, 'pc', hart.get64('next'));
                leave(EXIT.event);
              });
              f.if(eq(op, i32(OP.straddle)), () => {
                f.set(target, add(address, i64(4)));
                turnPage();
              });
              f.set(record, add(record, shl(i32(RECORD), status)));
              f.branch(dispatch);
            });
            f.unreachable();
          });
          // A near transfer reached the limit.
          hart.set64(f, 'pc', pc);
          leave(EXIT.transfer);
        });
        retire(RETIRED);
        f.branchIf(ltS(wrap(tally), limit), far);
        hart.set64(f, 'pc', target);
        leave(EXIT.transfer);
      });
    });
    hart.set64(f, 'tally', tally);
    f.return(status);
  });
  return run;
};

const isTransfer = (id: number): boolean => (meanings[id] as readonly Statement[]).some((s) => s.kind === 'jump');

/** (count) -> EXIT: executes up to `count` instructions, at least one, one at a time. */
export const buildSteps = (
  module: ModuleBuilder,
  hart: HartCode,
  access: Accessors,
  step: Callable<'i32'>,
  imports: RunImports,
): Callable<'i32'> => {
  const steps = module.declare(['i32'], 'i32');
  module.define(steps, (f) => {
    const count = f.param('i32', 0);
    const op = (): I32 => peek('i32', 8, record);
    const pc = f.local('i64');
    const record = f.local('i32');
    const status = f.local('i32');
    const trapIfZero = (): void => f.if(eqz(record), () => f.return(i32(EXIT.trap)));
    f.loop((next) => {
      f.set(pc, hart.get64('pc'));
      f.set(record, access.fetch.call(pc));
      trapIfZero();
      f.if(eq(op(), i32(UNDECODED)), () => f.do(imports.decode.call(record)));
      f.if(eq(op(), i32(OP.breakpoint)), () => f.do(imports.unmask.call(record)));
      f.if(eq(op(), i32(OP.straddle)), () => {
        f.set(record, access.straddle.call(pc, record));
        trapIfZero();
      });
      f.set(status, step.call(record, pc));
      f.if(eq(status, i32(STEP.trap)), () => f.return(i32(EXIT.trap)));
      hart.tally(f, RETIRED);
      f.if(eq(status, i32(STEP.event)), () => {
        hart.set64(f, 'pc', hart.get64('next'));
        f.return(i32(EXIT.event));
      });
      const retired = f.let(wrap(hart.get64('tally')));
      f.if(
        eq(status, i32(STEP.jumped)),
        () => f.if(or(geS(retired, hart.get32('limit')), geS(retired, count)), () => f.return(i32(EXIT.transfer))),
        () => {
          hart.set64(f, 'pc', add(pc, shl(i64(2), extendU(status))));
          f.if(geS(retired, count), () => f.return(i32(EXIT.sequential)));
        },
      );
      f.branch(next);
    });
    f.unreachable();
  });
  return steps;
};
