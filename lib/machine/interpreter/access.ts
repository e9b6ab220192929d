/**
 * Guest data access off the fast path, in WebAssembly: TLB look-up and refill, misaligned and page-crossing data,
 * devices, stores into decoded code.
 */
import {
  add,
  and,
  eq,
  eqz,
  extendU,
  gtU,
  type I32,
  type I64,
  i32,
  i64,
  ltU,
  ne,
  or,
  peek,
  select,
  shl,
  shrU,
  sub,
  wrap,
} from '../../isa/expr.js';
import {
  PAGE_SHIFT,
  PAGE_SIZE,
  RECORD,
  RECORD_SHIFT,
  REGIME_AT,
  STRADDLE_HALF,
  TAG_SLOW,
  TLB_AT,
  WRITE_CODE,
  WRITE_SLOW,
} from '../layout.js';
import type { FunctionBuilder, Local } from '../wasm/function.js';
import type { Callable, ModuleBuilder } from '../wasm/module.js';
import type { HartCode } from './state.js';
import { codeOf, entryOffset, isGuest, tagOf, translates } from './tlb.js';
import { LOAD, STORE, type Walker } from './walk.js';

export interface AccessImports {
  /** (physical address, bytes, virtual address) -> value, or an access fault. */
  readonly deviceLoad: Callable<'i64'>;
  /** (physical address, bytes, value, virtual address). */
  readonly deviceStore: Callable;
}
export interface Accessors {
  /** (virtual address, bytes) -> zero-extended value; the fault cell tells whether it trapped. */
  readonly load: Callable<'i64'>;
  /** (virtual address, bytes, value). */
  readonly store: Callable;
  /** (virtual address, bytes, for LR) -> host address for an atomic, 0 if it trapped. */
  readonly atomic: Callable<'i32'>;
  /** (host address, bytes): forgets instructions decoded from those bytes. */
  readonly forget: Callable;
}

const DEVICE = -1;

export const buildAccessors = (
  module: ModuleBuilder,
  hart: HartCode,
  walker: Walker,
  imports: AccessImports,
): Accessors => {
  const dataTlb = hart.address + TLB_AT;
  const DATA = i32(hart.address + REGIME_AT.data);
  const raise = (f: FunctionBuilder, cause: I32, address: I64): void =>
    f.do(walker.raise.call(cause, address, i64(0), i64(0), isGuest(DATA)));
  /** (virtual address, LOAD or STORE) -> host address, DEVICE (see the physical cell) or 0 after a trap. */
  const data = module.declare(['i64', 'i32'], 'i32');
  module.define(data, (f) => {
    const address = f.param('i64', 0);
    const access = f.param('i32', 1);
    const entry = f.let(entryOffset(address, hart.dataEntries));
    const tag = f.let(tagOf(address, DATA));
    const found = f.let(peek('i64', 64, entry, dataTlb));
    const writeAddend = f.let(peek('i32', 32, entry, dataTlb + 12));
    const storable = or(eqz(access), eqz(and(writeAddend, i32(WRITE_SLOW))));
    f.if(eq(found, tag), () => {
      f.if(or(storable, and(writeAddend, i32(WRITE_CODE))), () =>
        f.return(add(peek('i32', 32, entry, dataTlb + 8), wrap(address))),
      );
    });
    f.if(eq(found, or(tag, i64(TAG_SLOW))), () => {
      f.if(storable, () => {
        const page = shl(peek('i64', 32, entry, dataTlb + 8), i64(PAGE_SHIFT));
        hart.set64(f, 'physical', or(page, and(address, i64(0xfff))));
        f.return(i32(DEVICE));
      });
    });
    f.if(translates(DATA), () => hart.count(f, 'dataMisses'));
    const physical = f.let(walker.walk.call(address, access, DATA));
    f.if(hart.get32('fault'), () => f.return(i32(0)));
    const host = f.let(walker.host.call(physical));
    const writable = hart.get32('writable');
    f.if(
      host,
      () => {
        const addend = f.let(sub(and(host, i32(~0xfff)), and(wrap(address), i32(~0xfff))));
        const write = f.let(select(writable, addend, i32(WRITE_SLOW)));
        f.if(and(writable, ne(codeOf(hart, host), i32(0))), () =>
          f.set(write, or(addend, i32(WRITE_SLOW | WRITE_CODE))),
        );
        f.poke(64, entry, tag, dataTlb);
        f.poke(32, entry, addend, dataTlb + 8);
        f.poke(32, entry, write, dataTlb + 12);
      },
      () => {
        // An entry has room for 32 bits of page number; what lies above is no device of ours.
        f.if(eqz(shrU(physical, i64(32 + PAGE_SHIFT))), () => {
          f.poke(64, entry, or(tag, i64(TAG_SLOW)), dataTlb);
          f.poke(32, entry, wrap(shrU(physical, i64(PAGE_SHIFT))), dataTlb + 8);
          f.poke(32, entry, eqz(writable), dataTlb + 12);
        });
        hart.set64(f, 'physical', physical);
        f.set(host, i32(DEVICE));
      },
    );
    f.return(host);
  });

  const forget = module.declare(['i32', 'i32'], undefined);
  module.define(forget, (f) => {
    const host = f.param('i32', 0);
    const bytes = f.param('i32', 1);
    const code = f.let(codeOf(hart, host));
    f.if(code, () => {
      const offset = f.let(and(host, i32(0xfff)));
      // The parcel before may start an instruction that reaches into these bytes.
      const first = shrU(offset, i32(1));
      const at = f.let(add(code, shl(sub(first, ne(first, i32(0))), i32(RECORD_SHIFT))));
      const last = shrU(sub(add(offset, bytes), i32(1)), i32(1));
      const end = f.let(add(code, shl(add(last, i32(1)), i32(RECORD_SHIFT))));
      f.loop((next) => {
        f.poke(64, at, i64(0));
        f.set(at, add(at, i32(RECORD)));
        f.branchIf(ltU(at, end), next);
      });
      f.poke(32, code, i32(0), STRADDLE_HALF);
    });
  });

  /** Counts and charges a misaligned access, and says whether it crosses a page. */
  const misaligned = (
    f: FunctionBuilder,
    address: Local<'i64'>,
    bytes: Local<'i32'>,
    crossing: () => void,
  ): Local<'i32'> => {
    const off = f.let(and(wrap(address), sub(bytes, i32(1))));
    f.if(off, () => {
      hart.count(f, 'misaligned');
      hart.charge(f, 'misaligned');
      f.if(gtU(add(and(wrap(address), i32(0xfff)), bytes), i32(PAGE_SIZE)), crossing);
    });
    return off;
  };
  const countDevice = (f: FunctionBuilder): void => {
    hart.count(f, 'deviceAccesses');
    hart.charge(f, 'deviceAccess');
  };
  /** Runs the body for each byte of an access in increasing order of address. */
  const eachByte = (f: FunctionBuilder, bytes: Local<'i32'>, body: (i: Local<'i32'>) => void): void => {
    const i = f.let(i32(0));
    f.loop((next) => {
      body(i);
      f.set(i, add(i, i32(1)));
      f.branchIf(ltU(i, bytes), next);
    });
  };
  const hostOfByte = (
    f: FunctionBuilder,
    address: I64,
    access: number,
    cause: number,
    failed: () => void,
  ): Local<'i32'> => {
    const host = f.let(data.call(address, i32(access)));
    f.if(eq(host, i32(DEVICE)), () => {
      raise(f, i32(cause), address);
      f.set(host, i32(0));
    });
    f.if(eqz(host), failed);
    return host;
  };

  const load = module.declare(['i64', 'i32'], 'i64');
  module.define(load, (f) => {
    const address = f.param('i64', 0);
    const bytes = f.param('i32', 1);
    const none = (): void => f.return(i64(0));
    const off = misaligned(f, address, bytes, () => {
      const value = f.local('i64');
      f.set(value, i64(0));
      eachByte(f, bytes, (i) => {
        const host = hostOfByte(f, add(address, extendU(i)), LOAD, 5, none);
        f.set(value, or(value, shl(peek('i64', 8, host), extendU(shl(i, i32(3))))));
      });
      f.return(value);
    });
    const host = f.let(data.call(address, i32(LOAD)));
    f.if(eqz(host), none);
    f.if(eq(host, i32(DEVICE)), () => {
      f.if(off, () => {
        raise(f, i32(5), address);
        none();
      });
      countDevice(f);
      f.return(imports.deviceLoad.call(hart.get64('physical'), bytes, address));
    });
    for (const size of [8, 4, 2] as const) {
      f.if(eq(bytes, i32(size)), () => f.return(peek('i64', (size * 8) as 64 | 32 | 16, host)));
    }
    f.return(peek('i64', 8, host));
  });

  const store = module.declare(['i64', 'i32', 'i64']);
  module.define(store, (f) => {
    const address = f.param('i64', 0);
    const bytes = f.param('i32', 1);
    const value = f.param('i64', 2);
    const none = (): void => f.return();
    const off = misaligned(f, address, bytes, () => {
      // Both pages must take the store before either is changed. Each is translated once: they may share a TLB entry.
      const last = f.let(add(address, extendU(sub(bytes, i32(1)))));
      const low = hostOfByte(f, address, STORE, 7, none);
      const high = hostOfByte(f, and(last, i64(-PAGE_SIZE)), STORE, 7, none);
      const inLow = f.let(sub(i32(PAGE_SIZE), and(wrap(address), i32(0xfff))));
      eachByte(f, bytes, (i) => {
        const host = f.let(select(ltU(i, inLow), add(low, i), add(high, sub(i, inLow))));
        f.poke(8, host, shrU(value, extendU(shl(i, i32(3)))));
        f.do(forget.call(host, i32(1)));
      });
      f.return();
    });
    const host = f.let(data.call(address, i32(STORE)));
    f.if(eqz(host), none);
    f.if(eq(host, i32(DEVICE)), () => {
      f.if(off, () => {
        raise(f, i32(7), address);
        f.return();
      });
      countDevice(f);
      f.do(imports.deviceStore.call(hart.get64('physical'), bytes, value, address));
      f.return();
    });
    f.block((done) => {
      for (const size of [8, 4, 2, 1] as const) {
        f.if(eq(bytes, i32(size)), () => {
          f.poke((size * 8) as 64 | 32 | 16 | 8, host, value);
          f.branch(done);
        });
      }
    });
    f.do(forget.call(host, bytes));
  });

  const atomic = module.declare(['i64', 'i32', 'i32'], 'i32');
  module.define(atomic, (f) => {
    const address = f.param('i64', 0);
    const bytes = f.param('i32', 1);
    const reserve = f.param('i32', 2);
    f.if(and(wrap(address), sub(bytes, i32(1))), () => {
      raise(f, select(reserve, i32(4), i32(6)), address);
      f.return(i32(0));
    });
    const host = f.let(data.call(address, select(reserve, i32(LOAD), i32(STORE))));
    f.if(eq(host, i32(DEVICE)), () => {
      raise(f, select(reserve, i32(5), i32(7)), address);
      f.return(i32(0));
    });
    f.return(host);
  });

  return { load, store, atomic, forget };
};
