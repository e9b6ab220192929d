/**
 * The page-table walk in WebAssembly: Sv39 and Sv48, Sv39x4 and Sv48x4 (privileged specification, 12.3.2 and 18.5).
 * reference/mmu.ts is its obvious twin; both must count the same.
 */
import {
  add,
  and,
  call,
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
  shrS,
  shrU,
  sub,
  wrap,
} from '../../isa/expr.js';
import { PAGE_SHIFT, RAM_BASE, REGIME, REGIME_FIELD } from '../layout.js';
import type { FunctionBuilder, Local } from '../wasm/function.js';
import type { Callable, ModuleBuilder } from '../wasm/module.js';
import { type HartCode, regimeField } from './state.js';

export const LOAD = 0;
export const STORE = 1;
export const FETCH = 2;

const V = 1;
const R = 2;
const W = 4;
const XP = 8;
const UP = 16;
const A = 64;
const D = 128;

const PPN = (1n << 44n) - 1n;
/** Result of a walk that raised an exception. */
const FAILED = i64(-1);

export interface WalkImports {
  /** (physical address, access, privilege) -> allowed. */
  readonly pmp: Callable<'i32'>;
}
export interface Walker {
  /** (cause, value, value2, instruction, guest): records an exception. */
  readonly raise: Callable;
  /** (virtual address, access, regime address) -> physical address or -1; sets the `writable` cell. */
  readonly walk: Callable<'i64'>;
  /** (physical address) -> host address, or 0 if it is not RAM. */
  readonly host: Callable<'i32'>;
}

/** Exception causes by access: load, store, fetch. */
const cause = (access: I32, load: number, store: number, fetch: number): I32 =>
  select(eq(access, i32(FETCH)), i32(fetch), select(eq(access, i32(STORE)), i32(store), i32(load)));

export const buildWalker = (module: ModuleBuilder, hart: HartCode, { pmp }: WalkImports): Walker => {
  const raise = module.declare(['i32', 'i64', 'i64', 'i64', 'i32']);
  module.define(raise, (f) => {
    hart.set64(f, 'trapCause', extendU(f.param('i32', 0)));
    hart.set64(f, 'trapValue', f.param('i64', 1));
    hart.set64(f, 'trapValue2', f.param('i64', 2));
    hart.set64(f, 'trapInstruction', f.param('i64', 3));
    hart.set32(f, 'trapGuest', f.param('i32', 4));
    hart.set32(f, 'fault', i32(1));
  });

  const host = module.declare(['i64'], 'i32');
  module.define(host, (f) => {
    const offset = f.let(sub(f.param('i64', 0), i64(RAM_BASE)));
    const inRam = ltU(shrU(offset, i64(PAGE_SHIFT)), extendU(hart.get32('ramPages')));
    f.return(select(inRam, add(wrap(offset), hart.get32('ramHost')), i32(0)));
  });

  // Parameters of both stages: address to translate, access to allow, access to report, virtual address to report, regime.
  const stage2 = module.declare(['i64', 'i32', 'i32', 'i64', 'i32', 'i32'], 'i64');
  const stage1 = module.declare(['i64', 'i32', 'i32'], 'i64');

  const isGuest = (flags: I32): I32 => ne(and(flags, i32(REGIME.VIRTUAL)), i32(0));

  /** What the stages share: the loop over levels, up to a leaf whose PTE and level it returns. */
  const descend = (
    f: FunctionBuilder,
    o: {
      root: I64;
      address: Local<'i64'>;
      guestStage: boolean;
      flags: Local<'i32'>;
      /** Gives the host address of a PTE, or leaves the function. */
      reach: (entry: Local<'i64'>) => Local<'i32'>;
      fail: () => void;
    },
  ): { pte: Local<'i64'>; level: Local<'i32'>; entry: Local<'i64'>; at: Local<'i32'> } => {
    const root = f.let(o.root);
    const mode = f.let(wrap(shrU(root, i64(60))));
    const top = f.let(sub(mode, i32(6)));
    const level = f.let(top);
    const table = f.let(shl(and(root, i64(PPN)), i64(PAGE_SHIFT)));
    const entry = f.local('i64');
    const pte = f.local('i64');
    const at = f.local('i32');
    f.block((found) => {
      f.loop((next) => {
        const shift = f.let(add(i64(PAGE_SHIFT), extendU(levelBits(level))));
        const index = f.let(and(shrU(o.address, shift), i64(0x1ff)));
        if (o.guestStage) {
          // The root of a G-stage table is four pages, indexed by two more bits.
          f.if(eq(level, top), () => f.set(index, and(shrU(o.address, shift), i64(0x7ff))));
        }
        f.set(entry, add(table, shl(index, i64(3))));
        f.set(at, o.reach(entry));
        hart.count(f, o.guestStage ? 'walkReferencesStage2' : 'walkReferencesStage1');
        hart.charge(f, 'walkReference');
        f.set(pte, peek('i64', 64, at));
        const low = f.let(wrap(pte));
        const invalid = or(eqz(and(low, i32(V))), eq(and(low, i32(R | W)), i32(W)));
        f.if(or(invalid, ne(shrU(pte, i64(54)), i64(0))), o.fail);
        f.branchIf(and(low, i32(R | XP)), found);
        f.if(or(ne(and(low, i32(UP | A | D)), i32(0)), eqz(level)), o.fail);
        f.set(level, sub(level, i32(1)));
        f.set(table, shl(and(shrU(pte, i64(10)), i64(PPN)), i64(PAGE_SHIFT)));
        f.branch(next);
      });
    });
    return { pte, level, entry, at };
  };

  /** Checks permissions that both stages check alike, updates A and D, and returns the translated address. */
  const finish = (
    f: FunctionBuilder,
    o: {
      pte: Local<'i64'>;
      level: Local<'i32'>;
      at: Local<'i32'>;
      address: Local<'i64'>;
      access: Local<'i32'>;
      flags: Local<'i32'>;
      mxr: number;
      adue: number;
      /** Called before a PTE is updated in memory; leaves the function if that is refused. */
      beforeUpdate: () => void;
      /** Called when the leaf is known to serve, with whether stores need another walk. */
      found: (readOnly: I32) => void;
      fail: () => void;
    },
  ): void => {
    const low = f.let(wrap(o.pte));
    const flag = (bit: number): I32 => ne(and(o.flags, i32(bit)), i32(0));
    const readable = f.let(and(low, select(flag(o.mxr), i32(R | XP), i32(R))));
    f.if(flag(REGIME.EXECUTE), () => f.set(readable, and(low, i32(XP))));
    const needed = select(
      eq(o.access, i32(LOAD)),
      readable,
      select(eq(o.access, i32(STORE)), and(low, i32(W)), and(low, i32(XP))),
    );
    f.if(eqz(needed), o.fail);
    const inSuperpage = f.let(sub(shl(i64(1), extendU(levelBits(o.level))), i64(1)));
    f.if(ne(and(shrU(o.pte, i64(10)), inSuperpage), i64(0)), o.fail);
    const wanted = f.let(or(i32(A), select(eq(o.access, i32(STORE)), i32(D), i32(0))));
    f.if(ne(and(low, wanted), wanted), () => {
      f.if(eqz(and(o.flags, i32(o.adue))), o.fail);
      o.beforeUpdate();
      f.set(o.pte, or(o.pte, extendU(wanted)));
      f.set(low, wrap(o.pte));
      f.poke(64, o.at, o.pte);
      hart.count(f, 'adUpdates');
      hart.charge(f, 'adUpdate');
    });
    o.found(ne(and(low, i32(W | D)), i32(W | D)));
    const pageMask = f.let(or(shl(inSuperpage, i64(PAGE_SHIFT)), i64(0xfff)));
    const base = shl(and(shrU(o.pte, i64(10)), i64(PPN)), i64(PAGE_SHIFT));
    f.return(or(base, and(o.address, pageMask)));
  };

  /** Host address of a PTE: it must be RAM, and the PMP must let S-mode read it. */
  const pteInRam = (f: FunctionBuilder, physical: I64, refuse: () => void): Local<'i32'> => {
    const at = f.let(call('i32', host.index, physical));
    f.if(eqz(at), refuse);
    f.if(hart.get32('pmpActive'), () => f.if(eqz(pmp.call(physical, i32(LOAD), i32(1))), refuse));
    return at;
  };

  /** The PMP must let S-mode write a PTE that is updated. */
  const updateAllowed = (f: FunctionBuilder, physical: I64, refuse: () => void): void =>
    f.if(hart.get32('pmpActive'), () => f.if(eqz(pmp.call(physical, i32(STORE), i32(1))), refuse));

  module.define(stage2, (f) => {
    const address = f.param('i64', 0);
    const access = f.param('i32', 1);
    const reported = f.param('i32', 2);
    const virtual = f.param('i64', 3);
    const regime = f.param('i32', 4);
    // 0 for the access itself, else mtinst's pseudo-instruction for the implicit access to a first-stage PTE.
    const implicit = f.param('i32', 5);
    const flags = f.let(regimeField('i32', regime, REGIME_FIELD.flags));
    const root = f.let(regimeField('i64', regime, REGIME_FIELD.stage2));
    const fail = (): void => {
      f.do(raise.call(cause(reported, 21, 23, 20), virtual, shrU(address, i64(2)), extendU(implicit), i32(1)));
      f.return(FAILED);
    };
    const refuse = (): void => {
      f.do(raise.call(cause(reported, 5, 7, 1), virtual, i64(0), i64(0), i32(1)));
      f.return(FAILED);
    };
    // Sv39x4 takes 41 bits of guest physical address, Sv48x4 takes 50.
    const width = select(eq(shrU(root, i64(60)), i64(8)), i64(41), i64(50));
    f.if(ne(shrU(address, width), i64(0)), fail);
    // MXR and HLVX make explicit loads from executable pages possible; the walk's own loads need R.
    f.if(implicit, () => f.set(flags, and(flags, i32(~(REGIME.MXR2 | REGIME.EXECUTE)))));
    const found = descend(f, {
      root,
      address,
      guestStage: true,
      flags,
      fail,
      reach: (entry) => pteInRam(f, entry, refuse),
    });
    f.if(eqz(and(wrap(found.pte), i32(UP))), fail);
    finish(f, {
      ...found,
      address,
      access,
      flags,
      mxr: REGIME.MXR2,
      adue: REGIME.ADUE2,
      beforeUpdate: () => updateAllowed(f, found.entry, refuse),
      // What the page of a first-stage table allows says nothing about the page that the walk is for.
      found: (readOnly) =>
        f.if(eqz(implicit), () => {
          hart.set32(f, 'leafLevel2', found.level);
          f.if(readOnly, () => hart.set32(f, 'writable', i32(0)));
        }),
      fail,
    });
    f.unreachable();
  });

  module.define(stage1, (f) => {
    const address = f.param('i64', 0);
    const access = f.param('i32', 1);
    const regime = f.param('i32', 2);
    const flags = f.let(regimeField('i32', regime, REGIME_FIELD.flags));
    const root = f.let(regimeField('i64', regime, REGIME_FIELD.stage1));
    const second = f.let(ne(regimeField('i64', regime, REGIME_FIELD.stage2), i64(0)));
    const fail = (): void => {
      f.do(raise.call(cause(access, 13, 15, 12), address, i64(0), i64(0), isGuest(flags)));
      f.return(FAILED);
    };
    const refuse = (): void => {
      f.do(raise.call(cause(access, 5, 7, 1), address, i64(0), i64(0), isGuest(flags)));
      f.return(FAILED);
    };
    // Bits above the virtual address's width must repeat its top bit: 39 bits in Sv39, 48 in Sv48.
    const sign = f.let(shrS(address, select(eq(shrU(root, i64(60)), i64(8)), i64(38), i64(47))));
    f.if(and(ne(sign, i64(0)), ne(sign, i64(-1))), fail);
    const reachThrough = (entry: Local<'i64'>, need: number, pseudo: number): Local<'i64'> => {
      const physical = f.let(entry);
      f.if(second, () => {
        f.set(physical, stage2.call(entry, i32(need), access, address, regime, i32(pseudo)));
        f.if(eq(physical, FAILED), () => f.return(FAILED));
      });
      return physical;
    };
    const found = descend(f, {
      root,
      address,
      guestStage: false,
      flags,
      fail,
      reach: (entry) => pteInRam(f, reachThrough(entry, LOAD, 0x3000), refuse),
    });
    const user = f.let(and(wrap(found.pte), i32(UP)));
    const privilege = f.let(regimeField('i32', regime, REGIME_FIELD.privilege));
    f.if(
      privilege,
      () =>
        // S-mode uses user pages only for data and only with SUM.
        f.if(
          and(
            user,
            select(eq(access, i32(FETCH)), i32(UP), select(ne(and(flags, i32(REGIME.SUM)), i32(0)), i32(0), i32(UP))),
          ),
          fail,
        ),
      () => f.if(eqz(user), fail),
    );
    finish(f, {
      ...found,
      address,
      access,
      flags,
      mxr: REGIME.MXR,
      adue: REGIME.ADUE,
      beforeUpdate: () => {
        updateAllowed(f, reachThrough(found.entry, STORE, 0x3020), refuse);
      },
      found: (readOnly) => {
        hart.set32(f, 'leafLevel1', found.level);
        f.if(readOnly, () => hart.set32(f, 'writable', i32(0)));
      },
      fail,
    });
    f.unreachable();
  });

  const walk = module.declare(['i64', 'i32', 'i32'], 'i64');
  module.define(walk, (f) => {
    const address = f.param('i64', 0);
    const access = f.param('i32', 1);
    const regime = f.param('i32', 2);
    const first = regimeField('i64', regime, REGIME_FIELD.stage1);
    const second = regimeField('i64', regime, REGIME_FIELD.stage2);
    const translated = f.let(ne(or(first, second), i64(0)));
    hart.set32(f, 'writable', i32(1));
    hart.set32(f, 'leafLevel1', i32(0));
    hart.set32(f, 'leafLevel2', i32(0));
    const physical = f.let(address);
    f.if(translated, () => hart.count(f, 'walks'));
    f.if(ne(first, i64(0)), () => {
      f.set(physical, stage1.call(address, access, regime));
      f.if(eq(physical, FAILED), () => f.return(FAILED));
    });
    f.if(ne(second, i64(0)), () => {
      f.set(physical, stage2.call(physical, access, access, address, regime, i32(0)));
      f.if(eq(physical, FAILED), () => f.return(FAILED));
    });
    f.if(translated, () => {
      const leaf = select(eqz(first), hart.get32('leafLevel2'), hart.get32('leafLevel1'));
      for (const [level, name] of leafCounters.entries()) f.if(eq(leaf, i32(level)), () => hart.count(f, name));
      for (const level of ['leafLevel1', 'leafLevel2'] as const) {
        f.if(gtU(hart.get32(level), hart.get32('superpages')), () => hart.set32(f, 'superpages', hart.get32(level)));
      }
    });
    f.if(hart.get32('pmpActive'), () => {
      const privilege = f.let(regimeField('i32', regime, REGIME_FIELD.privilege));
      f.if(eqz(pmp.call(physical, access, privilege)), () => {
        f.do(
          raise.call(
            cause(access, 5, 7, 1),
            address,
            i64(0),
            i64(0),
            isGuest(regimeField('i32', regime, REGIME_FIELD.flags)),
          ),
        );
        f.return(FAILED);
      });
      f.if(eqz(pmp.call(physical, i32(STORE), privilege)), () => hart.set32(f, 'writable', i32(0)));
    });
    f.return(physical);
  });
  return { raise, walk, host };
};

const leafCounters = ['leaves4K', 'leaves2M', 'leaves1G', 'leaves512G'] as const;

/** Nine bits of address a level. */
const levelBits = (level: I32): I32 => add(shl(level, i32(3)), level);
