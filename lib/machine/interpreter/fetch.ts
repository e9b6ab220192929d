/** Instruction fetch off the fast path, in WebAssembly: from a pc to the record of the instruction there. */
import { add, and, eq, eqz, i32, i64, ne, or, peek, shl, sub, wrap } from '../../isa/expr.js';
import { PARCELS, RECORD, RECORD_SHIFT, REGIME_AT, STRADDLE_HALF, STRADDLE_RECORD } from '../layout.js';
import type { Callable, ModuleBuilder } from '../wasm/module.js';
import type { HartCode } from './state.js';
import { codeOf, entryOffset, isGuest, tagOf, translates } from './tlb.js';
import { FETCH, type Walker } from './walk.js';

const INSTRUCTION_ACCESS_FAULT = 1;

export interface FetchImports {
  /** (host address of a page of RAM) -> address of its decoded page, made if need be. */
  readonly codePage: Callable<'i32'>;
  /** (address of the record that straddles, upper half of its encoding): decodes it into the straddle record. */
  readonly decodeStraddle: Callable;
}
export interface Fetcher {
  /** (pc) -> record of the instruction there, 0 if the fetch trapped. */
  readonly fetch: Callable<'i32'>;
  /** (pc, its record) -> record of the instruction that straddles the page end, 0 if the fetch trapped. */
  readonly straddle: Callable<'i32'>;
}

export const buildFetcher = (module: ModuleBuilder, hart: HartCode, walker: Walker, imports: FetchImports): Fetcher => {
  const fetchTlb = hart.address + hart.fetchTlbAt;
  const REGIME = i32(hart.address + REGIME_AT.fetch);

  /** (virtual address) -> offset of its fetch TLB entry, filled; -1 after a trap. */
  const fetchEntry = module.declare(['i64'], 'i32');
  module.define(fetchEntry, (f) => {
    const address = f.param('i64', 0);
    const entry = f.let(entryOffset(address, hart.fetchEntries));
    const tag = f.let(tagOf(address, REGIME));
    f.if(ne(hart.get64('fetchPage'), tag), () => {
      hart.set64(f, 'fetchPage', tag);
      hart.count(f, 'fetchLookups');
    });
    f.if(ne(peek('i64', 64, entry, fetchTlb), tag), () => {
      f.if(translates(REGIME), () => hart.count(f, 'fetchMisses'));
      const physical = f.let(walker.walk.call(address, i32(FETCH), REGIME));
      f.if(hart.get32('fault'), () => f.return(i32(-1)));
      const host = f.let(walker.host.call(physical));
      f.if(eqz(host), () => {
        f.do(walker.raise.call(i32(INSTRUCTION_ACCESS_FAULT), address, i64(0), i64(0), isGuest(REGIME)));
        f.return(i32(-1));
      });
      f.poke(64, entry, tag, fetchTlb);
      f.poke(32, entry, codeOf(hart, host), fetchTlb + 8);
      f.poke(32, entry, and(host, i32(~0xfff)), fetchTlb + 12);
    });
    f.return(entry);
  });

  const fetch = module.declare(['i64'], 'i32');
  module.define(fetch, (f) => {
    const address = f.param('i64', 0);
    const entry = f.let(fetchEntry.call(address));
    f.if(eq(entry, i32(-1)), () => f.return(i32(0)));
    const code = f.let(peek('i32', 32, entry, fetchTlb + 8));
    f.if(eqz(code), () => {
      f.set(code, imports.codePage.call(peek('i32', 32, entry, fetchTlb + 12)));
      f.poke(32, entry, code, fetchTlb + 8);
    });
    f.return(add(code, shl(and(wrap(address), i32(0xffe)), i32(RECORD_SHIFT - 1))));
  });

  const straddle = module.declare(['i64', 'i32'], 'i32');
  module.define(straddle, (f) => {
    const pc = f.param('i64', 0);
    const record = f.param('i32', 1);
    const entry = f.let(fetchEntry.call(add(pc, i64(2))));
    f.if(eq(entry, i32(-1)), () => f.return(i32(0)));
    const page = f.let(sub(record, i32((PARCELS - 1) * RECORD)));
    const half = f.let(peek('i32', 16, peek('i32', 32, entry, fetchTlb + 12)));
    f.if(ne(peek('i32', 32, page, STRADDLE_HALF), or(half, i32(0x10000))), () => {
      f.do(imports.decodeStraddle.call(record, half));
      f.poke(32, page, or(half, i32(0x10000)), STRADDLE_HALF);
    });
    f.return(add(page, i32(STRADDLE_RECORD)));
  });

  return { fetch, straddle };
};
