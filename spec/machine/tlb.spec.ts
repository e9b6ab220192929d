import { expect } from 'chai';
import { defaultCosts } from '../../lib/machine/costs.js';
import { Hart, M, S, U } from '../../lib/machine/hart.js';
import { CONTEXT_SHIFT, layoutOf, REGIME, type RegimeName, TAG_SLOW } from '../../lib/machine/layout.js';
import { MachineMemory } from '../../lib/machine/memory.js';
import { clearAt, clearMegapage, dataEntryAt, fetchEntryAt, tagOf, wipe } from '../../lib/machine/mmu/tlb.js';
import { bit, type ModeName, Rig } from './rig.js';

const sv39 = (asid: bigint, ppn: bigint): bigint => (8n << 60n) | (asid << 44n) | ppn;
const SUM = bit(18);
const MXR = bit(19);

describe('TLB', () => {
  it('is indexed by page number and tagged by page and context', () => {
    const { hart } = new Rig();
    expect(dataEntryAt(hart, 0x41fffn) - dataEntryAt(hart, 0x40000n)).to.equal(16);
    expect(dataEntryAt(hart, 0x40000n)).to.equal(dataEntryAt(hart, 0n));
    expect(fetchEntryAt(hart, 0x10000n)).to.equal(fetchEntryAt(hart, 0n));
    expect(tagOf(0xffffffff80000123n, 5 << CONTEXT_SHIFT)).to.equal(0xffffffff80000028n);
  });

  it('clearAt drops one index of both, wipe drops all and forgets superpages', () => {
    const { hart, memory } = new Rig();
    const at = (address: bigint): [bigint | undefined, bigint | undefined] => [
      memory.u64[dataEntryAt(hart, address) / 8],
      memory.u64[fetchEntryAt(hart, address) / 8],
    ];
    for (const address of [0x1000n, 0x2000n]) {
      memory.u64[dataEntryAt(hart, address) / 8] = tagOf(address, 8);
      memory.u64[fetchEntryAt(hart, address) / 8] = tagOf(address, 8);
    }
    clearAt(hart, 0x1234n);
    expect(at(0x1000n)).to.deep.equal([0n, 0n]);
    expect(at(0x2000n)).to.deep.equal([0x2008n, 0x2008n]);
    hart.setCell32('superpages', 1);
    wipe(hart);
    expect(at(0x2000n)).to.deep.equal([0n, 0n]);
    expect(hart.cell32('superpages')).to.equal(0);
  });
});

describe('clearMegapage', () => {
  it('drops the 2 MiB around an address and nothing else, in TLBs of any size', () => {
    for (const dataEntries of [16, 512, 4096]) {
      const memory = new MachineMemory(
        layoutOf({ harts: 1, dataEntries, fetchEntries: 1024, ramSize: 1 << 20, codePages: 4 }),
      );
      const hart = new Hart(0, memory);
      const inside = [0xffffffc0_81200000n, 0xffffffc0_81201000n, 0xffffffc0_813ff000n];
      const outside = [0xffffffc0_811ff000n, 0xffffffc0_81400000n, 0x00000000_81200000n, 0xffffffc1_81200000n];
      for (const entryAt of [dataEntryAt, fetchEntryAt]) {
        for (const address of [...inside, ...outside]) {
          memory.u64[entryAt(hart, address) / 8] = tagOf(address, 0x7f8) | BigInt(TAG_SLOW);
          clearMegapage(hart, 0xffffffc0_81234567n);
          const kept = memory.u64[entryAt(hart, address) / 8] !== 0n;
          expect(kept, address.toString(16)).to.equal(outside.includes(address));
        }
      }
    }
  });
});

describe('Translation regimes', () => {
  let rig: Rig;
  const satp = sv39(1n, 0x80000n);
  const vsatp = sv39(2n, 0x90000n);
  const hgatp = sv39(3n, 0xa0000n);
  beforeEach(() => {
    rig = new Rig();
    rig.put('satp', satp);
    rig.put('vsatp', vsatp);
    rig.put('hgatp', hgatp);
  });
  const regime = (name: RegimeName): Omit<ReturnType<typeof rig.hart.regime>, 'context'> => {
    const { context, ...rest } = rig.hart.regime(name);
    expect(context & 7).to.equal(0);
    expect(context >> CONTEXT_SHIFT).to.be.within(1, 255);
    return rest;
  };
  const of = (privilege: number, flags: number, stage1: bigint, stage2 = 0n) => ({ privilege, flags, stage1, stage2 });

  it('each mode has its stages', () => {
    const expected: Record<ModeName, ReturnType<typeof of>> = {
      M: of(M, 0, 0n),
      S: of(S, 0, satp),
      U: of(U, 0, satp),
      VS: of(S, REGIME.VIRTUAL, vsatp, hgatp),
      VU: of(U, REGIME.VIRTUAL, vsatp, hgatp),
    };
    const contexts = new Set<number>();
    for (const mode of ['M', 'S', 'U', 'VS', 'VU'] as const) {
      rig.mode(mode);
      expect(regime('data'), mode).to.deep.equal(expected[mode]);
      expect(regime('fetch'), mode).to.deep.equal(expected[mode]);
      contexts.add(rig.hart.regime('data').context);
    }
    expect(contexts.size).to.equal(5);
  });

  it('a bare stage is 0', () => {
    for (const name of ['satp', 'vsatp', 'hgatp']) rig.put(name, 0n);
    rig.mode('VS');
    expect(regime('data')).to.deep.equal(of(S, REGIME.VIRTUAL, 0n));
    rig.mode('S');
    expect(regime('data')).to.deep.equal(of(S, 0, 0n));
  });

  it('SUM binds S only, MXR loads only; fetches heed neither', () => {
    rig.put('mstatus', SUM | MXR);
    rig.mode('S');
    expect(regime('data').flags).to.equal(REGIME.SUM | REGIME.MXR);
    expect(regime('fetch').flags).to.equal(0);
    rig.mode('U');
    expect(regime('data').flags).to.equal(REGIME.MXR);
  });

  it('flags that change nothing in a bare stage are left out, so that fewer contexts are needed', () => {
    rig.put('menvcfg', bit(61));
    rig.put('henvcfg', bit(61));
    rig.put('mstatus', SUM | MXR);
    rig.put('vsstatus', SUM | MXR);
    rig.put('satp', 0n);
    rig.mode('S');
    expect(regime('data').flags).to.equal(0);
    rig.put('hgatp', 0n);
    rig.mode('VS');
    expect(regime('data').flags).to.equal(REGIME.VIRTUAL | REGIME.SUM | REGIME.MXR | REGIME.ADUE);
  });

  it('follows each bit of mstatus by itself', () => {
    rig.mode('S');
    rig.put('sstatus', SUM);
    expect(regime('data').flags).to.equal(REGIME.SUM);
    rig.put('sstatus', MXR);
    rig.put('sstatus', 0n);
    expect(regime('data').flags).to.equal(0);
    rig.mode('M');
    rig.put('mstatus', bit(17));
    rig.put('mstatus', bit(17) | bit(39));
    expect(regime('data').stage2).to.equal(hgatp);
    rig.put('mstatus', bit(39));
    expect(regime('data').privilege).to.equal(M);
  });

  it('in a guest vsstatus governs its own stage, and sstatus.MXR both', () => {
    rig.put('mstatus', SUM);
    rig.put('vsstatus', MXR);
    rig.mode('VS');
    expect(regime('data').flags).to.equal(REGIME.VIRTUAL | REGIME.MXR);
    rig.put('mstatus', MXR);
    rig.put('vsstatus', SUM);
    expect(regime('data').flags).to.equal(REGIME.VIRTUAL | REGIME.SUM | REGIME.MXR | REGIME.MXR2);
  });

  it('18.4.1: MPRV in M gives data accesses the mode in MPP and MPV', () => {
    const data = (mstatus: bigint) => {
      rig.put('mstatus', mstatus | bit(17));
      return regime('data');
    };
    expect(data(0n)).to.deep.equal(of(U, 0, satp));
    expect(data(1n << 11n)).to.deep.equal(of(S, 0, satp));
    expect(data(bit(39))).to.deep.equal(of(U, REGIME.VIRTUAL, vsatp, hgatp));
    expect(data((1n << 11n) | bit(39))).to.deep.equal(of(S, REGIME.VIRTUAL, vsatp, hgatp));
    expect(data((3n << 11n) | bit(39))).to.deep.equal(of(M, 0, 0n));
    expect(regime('fetch')).to.deep.equal(of(M, 0, 0n));
  });

  it('Svadu: menvcfg.ADUE for S and the G-stage, henvcfg.ADUE for the VS-stage', () => {
    rig.put('menvcfg', bit(61));
    rig.mode('S');
    expect(regime('data').flags).to.equal(REGIME.ADUE);
    rig.mode('VS');
    expect(regime('fetch').flags).to.equal(REGIME.VIRTUAL | REGIME.ADUE2);
    rig.put('henvcfg', bit(61));
    expect(regime('fetch').flags).to.equal(REGIME.VIRTUAL | REGIME.ADUE | REGIME.ADUE2);
    rig.put('menvcfg', 0n);
    expect(regime('fetch').flags).to.equal(REGIME.VIRTUAL);
  });

  it('18.3.1: HLV acts as VU or VS by SPVP, with vsstatus.SUM, both MXR, and execute permission for HLVX', () => {
    rig.mode('S');
    rig.put('mstatus', SUM);
    rig.cpu.explicitRegime();
    expect(regime('explicit')).to.deep.equal(of(U, REGIME.VIRTUAL, vsatp, hgatp));
    const load = rig.hart.regime('explicit').context;
    rig.put('hstatus', bit(8));
    rig.put('vsstatus', SUM);
    rig.put('mstatus', MXR);
    rig.cpu.explicitRegime(true);
    const flags = REGIME.VIRTUAL | REGIME.SUM | REGIME.MXR | REGIME.MXR2 | REGIME.EXECUTE;
    expect(regime('explicit')).to.deep.equal(of(S, flags, vsatp, hgatp));
    expect(rig.hart.regime('explicit').context).to.not.equal(load);
  });

  it('a context returns with its id when its page tables do', () => {
    rig.mode('S');
    const first = rig.hart.regime('data').context;
    rig.put('satp', sv39(2n, 0x80001n));
    expect(rig.hart.regime('data').context).to.not.equal(first);
    rig.put('satp', satp);
    expect(rig.hart.regime('data').context).to.equal(first);
  });

  it('when ids run out the TLBs are wiped, and no live regime keeps an old id', () => {
    rig.mode('S');
    let wiped = 0;
    const at = dataEntryAt(rig.hart, 0n) / 8;
    for (let i = 0n; i < 1000n; i++) {
      rig.memory.u64[at] = 1n;
      rig.put('mstatus', i % 2n === 0n ? SUM : 0n);
      rig.put('satp', sv39(i & 0xffffn, i + 1n));
      if (rig.memory.u64[at] === 0n) wiped++;
      const [data, fetch] = [rig.hart.regime('data'), rig.hart.regime('fetch')];
      expect(data.context === fetch.context).to.equal(data.flags === fetch.flags);
    }
    expect(wiped).to.be.within(3, 12);
  });

  it('save and restore keep the meaning of tags', () => {
    for (const mode of ['S', 'U', 'VS', 'M'] as const) rig.mode(mode);
    const state = structuredClone(rig.cpu.save());
    const copy = new Rig();
    copy.memory.u8.set(rig.memory.u8);
    copy.cpu.restore(state);
    for (const mode of ['U', 'VU', 'VS', 'S', 'M'] as const) {
      expect(copy.mode(mode).hart.regime('data'), mode).to.deep.equal(rig.mode(mode).hart.regime('data'));
    }
    expect(copy.cpu.save()).to.deep.equal(rig.cpu.save());
  });
});

describe('Flushes (12.2.1 and 18.3.2)', () => {
  let rig: Rig;
  /** Address spaces: two of the host, and two guests of two address spaces each. */
  const spaces: Record<string, [ModeName, Record<string, bigint>]> = {
    host1: ['S', { satp: sv39(1n, 1n) }],
    host2: ['S', { satp: sv39(2n, 2n) }],
    guest1a: ['VS', { vsatp: sv39(1n, 3n), hgatp: sv39(1n, 8n) }],
    guest1b: ['VS', { vsatp: sv39(2n, 4n), hgatp: sv39(1n, 8n) }],
    guest1bare: ['VS', { vsatp: 0n, hgatp: sv39(1n, 8n) }],
    guest2a: ['VS', { vsatp: sv39(1n, 5n), hgatp: sv39(2n, 12n) }],
    bare: ['S', { satp: 0n }],
  };
  const enter = (name: string): number => {
    const [mode, registers] = spaces[name] as (typeof spaces)[string];
    for (const [csr, value] of Object.entries(registers)) rig.put(csr, value);
    return rig.mode(mode).hart.regime('data').context;
  };
  /** The spaces whose translations were forgotten by an instruction executed in `where`. */
  const forgotten = (where: string, act: () => void): string[] => {
    const before = Object.fromEntries(Object.keys(spaces).map((name) => [name, enter(name)]));
    enter(where);
    expect(rig.attempt(act)).to.equal(undefined);
    expect(rig.event).to.equal(true);
    return Object.keys(spaces).filter((name) => enter(name) !== before[name]);
  };
  beforeEach(() => {
    rig = new Rig();
  });
  const sfence = (address?: bigint, asid?: bigint) => () =>
    rig.cpu.system['sfence.vma'](address ?? 0n, asid ?? 0n, Number(address !== undefined), Number(asid !== undefined));
  const vvma = (address?: bigint, asid?: bigint) => () => {
    rig.mode('S');
    rig.cpu.system['hfence.vvma'](address ?? 0n, asid ?? 0n, Number(address !== undefined), Number(asid !== undefined));
  };
  const gvma = (address?: bigint, vmid?: bigint) => () => {
    rig.mode('S');
    rig.cpu.system['hfence.gvma'](address ?? 0n, vmid ?? 0n, Number(address !== undefined), Number(vmid !== undefined));
  };

  it('sfence.vma with V = 0 affects satp only: all, or one ASID', () => {
    expect(forgotten('host1', sfence())).to.deep.equal(['host1', 'host2']);
    expect(forgotten('host1', sfence(undefined, 2n))).to.deep.equal(['host2']);
    expect(forgotten('host1', sfence(undefined, 0x10002n))).to.deep.equal(['host2']);
    expect(rig.hart.counter('flushes')).to.equal(3n);
    expect(rig.hart.counter('guestFlushes')).to.equal(0n);
  });

  it('sfence.vma in a guest affects its own virtual machine', () => {
    expect(forgotten('guest1a', sfence())).to.deep.equal(['guest1a', 'guest1b']);
    expect(forgotten('guest1a', sfence(undefined, 2n))).to.deep.equal(['guest1b']);
    expect(rig.hart.counter('guestFlushes')).to.equal(2n);
  });

  it('hfence.vvma does the same from outside, for the virtual machine in hgatp', () => {
    expect(forgotten('guest1b', vvma())).to.deep.equal(['guest1a', 'guest1b']);
    expect(forgotten('guest2a', vvma(undefined, 1n))).to.deep.equal(['guest2a']);
  });

  it('a remote fence names the virtual machine itself', () => {
    expect(
      forgotten('guest1a', () => {
        rig.cpu.flushGuest({ vmid: 2n });
        rig.hart.setCell32('event', 1);
      }),
    ).to.deep.equal(['guest2a']);
  });

  it('hfence.gvma forgets one virtual machine or all, whatever the address', () => {
    expect(forgotten('host1', gvma())).to.deep.equal(['guest1a', 'guest1b', 'guest1bare', 'guest2a']);
    expect(forgotten('host1', gvma(undefined, 2n))).to.deep.equal(['guest2a']);
    expect(forgotten('host1', gvma(0x1000n, 1n))).to.deep.equal(['guest1a', 'guest1b', 'guest1bare']);
  });

  it('one address clears its index; its 2 MiB if an entry may stem from such a page; else the whole scope', () => {
    const entry = (address: bigint): number => dataEntryAt(rig.hart, address) / 8;
    for (const address of [0x1000n, 0x2000n, 0x203000n]) rig.memory.u64[entry(address)] = tagOf(address, 8);
    expect(forgotten('host1', sfence(0x1008n, 1n))).to.deep.equal([]);
    expect(rig.memory.u64[entry(0x1000n)]).to.equal(0n);
    expect(rig.memory.u64[entry(0x2000n)]).to.equal(0x2008n);
    rig.hart.setCell32('superpages', 1);
    expect(forgotten('host1', sfence(0x1008n, 1n))).to.deep.equal([]);
    expect(rig.memory.u64[entry(0x2000n)]).to.equal(0n);
    expect(rig.memory.u64[entry(0x203000n)]).to.equal(0x203008n);
    rig.hart.setCell32('superpages', 2);
    expect(forgotten('host1', sfence(0x1008n, 1n))).to.deep.equal(['host1']);
    expect(forgotten('guest1a', vvma(0x1008n))).to.deep.equal(['guest1a', 'guest1b']);
  });

  it('each is charged', () => {
    enter('host1');
    const start = rig.hart.cycles;
    rig.cpu.flush();
    rig.cpu.flushGuest({ asid: 1n });
    rig.cpu.flushGStage(1n);
    expect(rig.hart.cycles - start).to.equal(BigInt(3 * defaultCosts.tlbFlush));
  });
});
