import { expect } from 'chai';
import { Plic } from '../../../lib/machine/devices/plic.js';
import { read32, TestHost, write32 } from '../../support/devices.js';
import { Random } from '../../support/random.js';

const enableAt = (context: number, word = 0): number => 0x2000 + context * 0x80 + word * 4;
const thresholdAt = (context: number): number => 0x200000 + context * 0x1000;
const claimAt = (context: number): number => thresholdAt(context) + 4;
const M0 = 0;
const S0 = 1;
const S1 = 3;

describe('devices/plic', () => {
  let host: TestHost;
  let plic: Plic;
  beforeEach(() => {
    host = new TestHost();
    plic = new Plic(host, 2);
  });
  const set = (source: number, priority: number, ...contexts: number[]): void => {
    write32(plic, source * 4, priority);
    for (const context of contexts) {
      const at = enableAt(context, source >> 5);
      write32(plic, at, (read32(plic, at) | (1 << (source & 31))) >>> 0);
    }
  };

  it('raises SEIP or MEIP of the contexts that enabled the source, and drops it on claim', () => {
    set(10, 1, S0, M0);
    plic.interrupt(10, true);
    expect([host.isUp(0, 9), host.isUp(0, 11), host.isUp(1, 9)]).to.deep.equal([true, true, false]);
    expect(read32(plic, 0x1000)).to.equal(1 << 10);
    expect(read32(plic, claimAt(S0))).to.equal(10);
    expect([host.isUp(0, 9), host.isUp(0, 11)]).to.deep.equal([false, false]);
    expect(read32(plic, claimAt(M0))).to.equal(0);
  });

  it('level-triggered: still up at completion means a new request; a taken request outlives its wire', () => {
    set(10, 1, S0);
    plic.interrupt(10, true);
    expect(read32(plic, claimAt(S0))).to.equal(10);
    plic.interrupt(10, false);
    plic.interrupt(10, true);
    expect(host.isUp(0, 9)).to.equal(false);
    write32(plic, claimAt(S0), 10);
    expect(host.isUp(0, 9)).to.equal(true);
    plic.interrupt(10, false);
    expect(read32(plic, claimAt(S0))).to.equal(10);
    write32(plic, claimAt(S0), 10);
    expect(host.isUp(0, 9)).to.equal(false);
  });

  it('highest priority first, then lowest number; priority 0 never', () => {
    for (const [source, priority] of [
      [3, 2],
      [40, 5],
      [7, 5],
      [95, 5],
      [2, 0],
    ] as const) {
      set(source, priority, S1);
      plic.interrupt(source, true);
    }
    expect([1, 2, 3, 4, 5].map(() => read32(plic, claimAt(S1)))).to.deep.equal([7, 40, 95, 3, 0]);
  });

  it('the threshold masks the line but not the claim', () => {
    set(5, 3, S0);
    write32(plic, thresholdAt(S0), 3);
    plic.interrupt(5, true);
    expect(host.isUp(0, 9)).to.equal(false);
    write32(plic, thresholdAt(S0), 2);
    expect(host.isUp(0, 9)).to.equal(true);
    write32(plic, thresholdAt(S0), 7);
    expect(read32(plic, claimAt(S0))).to.equal(5);
  });

  it('ignores completion of a source that is not enabled for the context, or not claimed', () => {
    set(5, 1, S0);
    plic.interrupt(5, true);
    expect(read32(plic, claimAt(S0))).to.equal(5);
    write32(plic, claimAt(S1), 5);
    write32(plic, claimAt(S0), 6);
    write32(plic, claimAt(S0), 0xffffffff);
    expect(host.isUp(0, 9)).to.equal(false);
    write32(plic, claimAt(S0), 5);
    expect(host.isUp(0, 9)).to.equal(true);
  });

  it('source 0, sources above 95 and pending bits cannot be written; priorities have 3 bits', () => {
    write32(plic, 0, 7);
    write32(plic, 96 * 4, 7);
    write32(plic, 0x1000, 0xffffffff);
    write32(plic, enableAt(S0), 0xffffffff);
    write32(plic, 4, 0xff);
    expect([0, 96 * 4, 0x1000, 4].map((at) => read32(plic, at))).to.deep.equal([0, 0, 0, 7]);
    expect(read32(plic, enableAt(S0))).to.equal(0xfffffffe);
    expect(read32(plic, enableAt(4))).to.equal(0);
    expect(read32(plic, enableAt(S0, 3))).to.equal(0);
  });

  it('a saved controller goes on exactly like the original, under random driving', () => {
    const random = new Random(7);
    const drive = (device: Plic, r: Random): number => {
      const source = 1 + r.below(95);
      const context = r.below(4);
      const action = r.below(6);
      if (action === 0) device.interrupt(source, r.below(2) === 1);
      if (action === 1) write32(device, source * 4, r.below(8));
      if (action === 2) write32(device, enableAt(context, r.below(3)), r.next32());
      if (action === 3) write32(device, thresholdAt(context), r.below(8));
      if (action === 4) write32(device, claimAt(context), source);
      return action === 5 ? read32(device, claimAt(context)) : 0;
    };
    for (let i = 0; i < 3000; i++) drive(plic, random);
    const twinHost = new TestHost();
    const twin = new Plic(twinHost, 2);
    twin.restore(plic.save());
    for (let i = 0; i < 3000; i++) {
      const seed = random.next64();
      expect(drive(plic, new Random(seed))).to.equal(drive(twin, new Random(seed)));
    }
    expect(twin.save()).to.deep.equal(plic.save());
  });
});
