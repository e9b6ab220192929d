import { expect } from 'chai';
import { M, S, U } from '../../lib/machine/hart.js';
import { ALL, Rig } from './rig.js';

const R = 1n;
const W = 2n;
const X = 4n;
const TOR = 1n << 3n;
const NA4 = 2n << 3n;
const NAPOT = 3n << 3n;
const L = 0x80n;

describe('Physical memory protection (3.7), granularity one page', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });
  const allowed = (physical: number, privilege: number): string =>
    (['load', 'store', 'fetch'] as const)
      .map((access) => (rig.cpu.pmpAllows(physical, access, privilege) ? access[0] : '-'))
      .join('');
  const active = (): number => rig.hart.cell32('pmpActive');

  it('with no entry on, M may do all and others nothing', () => {
    expect([M, S, U].map((privilege) => allowed(0x80000000, privilege))).to.deep.equal(['lsf', '---', '---']);
    expect(active()).to.equal(1);
  });

  it('an entry over all memory makes asking unnecessary', () => {
    rig.put('pmpaddr0', ALL);
    rig.put('pmpcfg0', NAPOT | R | W | X);
    expect(active()).to.equal(0);
    expect(allowed(0x80000000, U)).to.equal('lsf');
    rig.put('pmpcfg0', NAPOT | R | X);
    expect(active()).to.equal(1);
    rig.put('pmpaddr0', (1n << 54n) - 1n);
    rig.put('pmpcfg0', TOR | R | W | X);
    expect(active()).to.equal(0);
  });

  it('3.7.1: NAPOT encodes the size in trailing ones, never less than a page', () => {
    rig.put('pmpcfg0', NAPOT | R);
    // 64 KiB at 0x80010000: 2^(n+3) bytes with n = 13 trailing ones.
    rig.put('pmpaddr0', (0x80010000n >> 2n) | 0x1fffn);
    expect([0x8000ffff, 0x80010000, 0x8001ffff, 0x80020000].map((a) => allowed(a, U))).to.deep.equal([
      '---',
      'l--',
      'l--',
      '---',
    ]);
    expect(rig.put('pmpaddr0', 0x80010000n >> 2n)).to.equal((0x80010000n >> 2n) | 0x1ffn);
    expect([0x80010000, 0x80010fff, 0x80011000].map((a) => allowed(a, U))).to.deep.equal(['l--', 'l--', '---']);
  });

  it('TOR reaches from the entry before, or 0; the first matching entry decides', () => {
    rig.put('pmpaddr0', 0x80004000n >> 2n);
    rig.put('pmpaddr1', 0x80008000n >> 2n);
    rig.put('pmpaddr2', 0x80006000n >> 2n);
    rig.put('pmpcfg0', TOR | R | (((TOR | R | W) << 8n) | ((TOR | X) << 16n)));
    expect([0, 0x80003fff, 0x80004000, 0x80007fff, 0x80008000].map((a) => allowed(a, S))).to.deep.equal([
      'l--',
      'l--',
      'ls-',
      'ls-',
      '---',
    ]);
  });

  it('entries 8 to 15 are in pmpcfg2', () => {
    rig.put('pmpaddr8', ALL);
    rig.put('pmpcfg2', NAPOT | X);
    expect(allowed(0x80000000, U)).to.equal('--f');
    rig.put('pmpaddr15', 0x80004000n >> 2n);
    rig.put('pmpcfg2', (TOR | R) << 56n);
    expect(allowed(0x80003000, U)).to.equal('l--');
  });

  it('an entry that matches binds M only if locked', () => {
    rig.put('pmpaddr0', ALL);
    rig.put('pmpcfg0', NAPOT | R);
    expect([allowed(0x80000000, M), allowed(0x80000000, S)]).to.deep.equal(['lsf', 'l--']);
    rig.put('pmpcfg0', L | NAPOT | R);
    expect([allowed(0x80000000, M), allowed(0x80000000, S)]).to.deep.equal(['l--', 'l--']);
  });

  it('a locked entry cannot be changed, nor the base of a locked TOR entry', () => {
    rig.put('pmpaddr0', 0x1000n);
    rig.put('pmpaddr1', 0x2000n);
    rig.put('pmpcfg0', (L | TOR | R) << 8n);
    expect(rig.put('pmpcfg0', 0n)).to.equal((L | TOR | R) << 8n);
    expect(rig.put('pmpaddr1', 0n)).to.equal(0x2000n);
    expect(rig.put('pmpaddr0', 0n)).to.equal(0x1000n);
    expect(rig.put('pmpcfg0', NAPOT)).to.equal(NAPOT | ((L | TOR | R) << 8n));
    // Neither an unlocked TOR entry nor a locked NAPOT one binds the address before it.
    rig.put('pmpcfg0', (TOR << 24n) | ((L | NAPOT) << 40n));
    expect(rig.put('pmpaddr2', 0x4000n)).to.equal(0x4000n);
    expect(rig.put('pmpaddr4', 0x4000n)).to.equal(0x4000n);
  });

  it('WARL: reserved bits are 0, W needs R, NA4 cannot be selected', () => {
    expect(rig.put('pmpcfg2', ALL)).to.equal(0x9f9f9f9f9f9f9f9fn);
    expect(rig.put('pmpcfg0', W | TOR)).to.equal(TOR);
    expect(rig.put('pmpcfg0', NA4 | R)).to.equal(TOR | R);
    expect(rig.put('pmpcfg0', 0n)).to.equal(0n);
    expect(rig.put('pmpcfg0', NA4 | R)).to.equal(R);
  });

  it('pmpaddr has 54 bits; those below the granularity read 0 while the entry is off or TOR, and come back', () => {
    expect(rig.put('pmpaddr3', ALL)).to.equal((1n << 54n) - 1024n);
    rig.put('pmpcfg0', NAPOT << 24n);
    expect(rig.cpu.readCsr('pmpaddr3')).to.equal((1n << 54n) - 1n);
    rig.put('pmpcfg0', TOR << 24n);
    expect(rig.cpu.readCsr('pmpaddr3')).to.equal((1n << 54n) - 1024n);
  });

  it('changing it drops all translations', () => {
    rig.fetched(0x13);
    const { fetchTlbAt, fetchEntries } = rig.memory.layout;
    const fetchTlb = rig.memory.u8.subarray(
      rig.hart.address + fetchTlbAt,
      rig.hart.address + fetchTlbAt + 16 * fetchEntries,
    );
    expect(fetchTlb.some((byte) => byte !== 0)).to.equal(true);
    rig.attempt(() => rig.cpu.system.csr(0x3a0, NAPOT, 1, 0, 1));
    expect(fetchTlb.some((byte) => byte !== 0)).to.equal(false);
    expect(rig.event).to.equal(true);
  });
});
