/**
 * The fast loop: one WebAssembly function that dispatches on decoded records. Common instructions are handled
 * in line (hot.ts), and a load or store whose page is in the TLB touches nothing but that entry; whatever is not on its
 * fast path (a TLB miss, a CSR, a device) is done again from the start by the step function.
 */
import {
  add,
  and,
  eq,
  eqz,
  extendU,
  geS,
  type I64,
  i32,
  i64,
  ne,
  or,
  peek,
  shl,
  shrU,
  sub,
  wrap,
} from '../../isa/expr.js';
import { EXIT, type Exit } from '../engine.js';
import { PAGE_SIZE, RECORD, RECORD_SHIFT, REGIME_AT, REGIME_FIELD } from '../layout.js';
import type { Label } from '../wasm/function.js';
import type { Callable, ModuleBuilder } from '../wasm/module.js';
import type { Fetcher } from './fetch.js';
import { type Handler, HotCode, handlerOf, handlers, LoopState } from './hot.js';
import type { Library } from './lower.js';
import { OP, UNDECODED } from './record.js';
import { type HartCode, RETIRED } from './state.js';
import { nestHandlers, STEP } from './step.js';
import { entryOffset } from './tlb.js';

export interface RunImports {
  /** (record): decodes it and those after it up to the next transfer. */
  readonly decode: Callable;
  /** (record): decodes the instruction that a breakpoint hides there. */
  readonly unmask: Callable;
}

const pageOf = (address: I64): I64 => and(address, i64(-PAGE_SIZE));

/** () -> EXIT: runs from the pc cell. */
export const buildRun = (
  module: ModuleBuilder,
  hart: HartCode,
  library: Library,
  fetcher: Fetcher,
  step: Callable<'i32'>,
  imports: RunImports,
): Callable<'i32'> => {
  const run = module.declare([], 'i32');
  const fetchTlb = hart.address + hart.fetchTlbAt;

  module.define(run, (f) => {
    const state = new LoopState(f);
    const { record, bias, page, target, tally, limit, context, entry, address } = state;
    const status = f.local('i32');
    const contextOf = (regime: 'data' | 'fetch'): I64 =>
      extendU(peek('i32', 32, i32(0), hart.address + REGIME_AT[regime] + REGIME_FIELD.context));

    f.set(target, hart.get64('pc'));
    f.set(limit, hart.get32('limit'));
    f.set(page, i64(1));
    f.set(context, contextOf('data'));
    const fetchContext = f.let(contextOf('fetch'));

    f.block((exit) => {
      const leave = (reason: Exit): void => {
        f.set(status, i32(reason));
        f.branch(exit);
      };
      const leaveAt = (pc: I64, reason: Exit): void => {
        hart.set64(f, 'pc', pc);
        leave(reason);
      };

      /** Leaves the record of the instruction at `target` in its local. */
      const enterPage = (): void =>
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
            f.set(record, fetcher.fetch.call(target));
            // A walk has its price, which brings the limit nearer.
            f.set(limit, hart.get32('limit'));
            f.if(eqz(record), () => leaveAt(target, EXIT.trap));
          });
          f.set(page, pageOf(target));
          f.set(bias, sub(target, extendU(shrU(record, i32(2)))));
        });

      /** What has no handler, or whose handler found its fast path closed. */
      const slowPath = (dispatch: Label, jumped: Label, far: Label): void => {
        const op = f.let(peek('i32', 8, record));
        hart.set64(f, 'tally', tally);
        f.if(eq(op, i32(UNDECODED)), () => {
          f.do(imports.decode.call(record));
          f.branch(dispatch);
        });
        /** In sequence into the next page, unless the run ends at this page's end. */
        const turnPage = (): void => {
          f.if(geS(wrap(tally), hart.get32('hardLimit')), () => leaveAt(target, EXIT.sequential));
          f.branch(far);
        };
        f.if(eq(op, i32(OP.pageEnd)), () => {
          f.set(target, state.pc);
          turnPage();
        });
        f.set(address, state.pc);
        hart.set64(f, 'pc', address);
        f.if(eq(op, i32(OP.breakpoint)), () => leave(EXIT.breakpoint));
        const at = f.let(record);
        f.if(eq(op, i32(OP.straddle)), () => {
          f.set(at, fetcher.straddle.call(address, record));
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
        state.retire(RETIRED);
        f.if(eq(status, i32(STEP.event)), () => leaveAt(hart.get64('next'), EXIT.event));
        f.if(eq(op, i32(OP.straddle)), () => {
          f.set(target, add(address, i64(4)));
          turnPage();
        });
        // STEP.next2 and STEP.next4 are 0 and 1: one record on, or two.
        f.set(record, add(record, shl(i32(RECORD), status)));
        f.branch(dispatch);
      };

      f.loop((far) => {
        enterPage();
        f.block((jumped) => {
          f.block((stop) => {
            f.loop((dispatch) => {
              f.block((cold) => {
                const hot = new HotCode(hart, library, state, { dispatch, cold, jumped, stop });
                const emit = (slot: number): void => hot.emit(handlers[slot] as Handler);
                nestHandlers(f, peek('i32', 8, record), handlers.length, handlerOf, emit, () => f.branch(cold));
              });
              slowPath(dispatch, jumped, far);
            });
            f.unreachable();
          });
          leaveAt(state.pc, EXIT.transfer);
        });
        state.retire(RETIRED);
        f.if(state.atLimit, () => leaveAt(target, EXIT.transfer));
        f.branch(far);
      });
    });
    hart.set64(f, 'tally', tally);
    f.return(status);
  });
  return run;
};
