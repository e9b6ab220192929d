/** Executing instructions one at a time: exact counts, and the instruction at a breakpoint. */
import { add, eq, eqz, extendU, geS, type I32, i32, i64, or, peek, shl, wrap } from '../../isa/expr.js';
import { EXIT } from '../engine.js';
import type { Callable, ModuleBuilder } from '../wasm/module.js';
import type { Fetcher } from './fetch.js';
import { OP, UNDECODED } from './record.js';
import type { RunImports } from './run.js';
import { type HartCode, RETIRED } from './state.js';
import { STEP } from './step.js';

/** (count) -> EXIT: executes up to `count` instructions, at least one, one at a time. */
export const buildSteps = (
  module: ModuleBuilder,
  hart: HartCode,
  fetcher: Fetcher,
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
      f.set(record, fetcher.fetch.call(pc));
      trapIfZero();
      f.if(eq(op(), i32(UNDECODED)), () => f.do(imports.decode.call(record)));
      f.if(eq(op(), i32(OP.breakpoint)), () => f.do(imports.unmask.call(record)));
      f.if(eq(op(), i32(OP.straddle)), () => {
        f.set(record, fetcher.straddle.call(pc, record));
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
