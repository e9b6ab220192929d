import { expect } from 'chai';
import { Clint } from '../../../lib/machine/devices/clint.js';
import { read32, TestHost, write32 } from '../../support/devices.js';

const write64 = (device: Clint, offset: number, value: bigint): void => {
  write32(device, offset, Number(value & 0xffffffffn));
  write32(device, offset + 4, Number(value >> 32n));
};
const read64 = (device: Clint, offset: number): bigint =>
  BigInt(read32(device, offset)) | (BigInt(read32(device, offset + 4)) << 32n);

describe('devices/clint', () => {
  let host: TestHost;
  let clint: Clint;
  beforeEach(() => {
    host = new TestHost();
    clint = new Clint(host, 2);
  });

  it('MSIP: only bit 0 counts, one register a hart, none beyond the last', () => {
    write32(clint, 4, 0xffffffff);
    expect(read32(clint, 4)).to.equal(1);
    expect([host.isUp(0, 3), host.isUp(1, 3)]).to.deep.equal([false, true]);
    write32(clint, 4, 0xfffffffe);
    expect(host.isUp(1, 3)).to.equal(false);
    write32(clint, 8, 1);
    expect(read32(clint, 8)).to.equal(0);
  });

  it('MTIP follows mtime >= mtimecmp, and the deadline is when that becomes true', () => {
    host.now = 100n;
    expect(clint.deadline()).to.equal(undefined);
    write64(clint, 0x4008, 250n);
    expect(clint.deadline()).to.equal(250n);
    expect(host.isUp(1, 7)).to.equal(false);
    host.now = 250n;
    clint.advance();
    expect(host.isUp(1, 7)).to.equal(true);
    write64(clint, 0x4008, 251n);
    expect(host.isUp(1, 7)).to.equal(false);
    expect(host.reschedules).to.be.greaterThan(0);
  });

  it('mtime can be written, half by half, and moves deadlines with it', () => {
    host.now = 1000n;
    write64(clint, 0xbff8, 0x500000010n);
    expect(read64(clint, 0xbff8)).to.equal(0x500000010n);
    write64(clint, 0x4000, 0x500000040n);
    host.now += 16n;
    expect(read64(clint, 0xbff8)).to.equal(0x500000020n);
    expect(clint.deadline()).to.equal(1000n + 48n);
    write32(clint, 0xbffc, 6);
    expect(host.isUp(0, 7)).to.equal(true);
  });

  it('mtime wraps at 64 bits', () => {
    write64(clint, 0xbff8, (1n << 64n) - 2n);
    host.now = 3n;
    expect(clint.mtime).to.equal(1n);
  });

  it('refuses other than 4-byte accesses, saves, restores and resets', () => {
    expect(clint.load(0, 1)).to.equal(undefined);
    expect(clint.store(0xbff8, 2, 0)).to.equal(false);
    write64(clint, 0x4000, 77n);
    write32(clint, 0, 1);
    const other = new Clint(new TestHost(), 2);
    other.restore(clint.save());
    expect(other.save()).to.deep.equal(clint.save());
    clint.reset();
    expect(clint.save()).to.deep.equal(new Clint(host, 2).save());
    expect(host.isUp(0, 3)).to.equal(false);
  });
});
