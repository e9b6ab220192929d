import { expect } from 'chai';
import { type Finish, Finisher } from '../../../lib/machine/devices/finisher.js';
import { Rtc } from '../../../lib/machine/devices/rtc.js';
import { read32, TestHost, write32 } from '../../support/devices.js';

describe('devices/finisher', () => {
  it('reports pass, fail with its code, and reset; ignores the rest', () => {
    const seen: Finish[] = [];
    const finisher = new Finisher((finish) => seen.push(finish));
    write32(finisher, 0, 0x5555);
    write32(finisher, 0, 0x2a3333);
    write32(finisher, 0, 0x7777);
    write32(finisher, 0, 0x1234);
    write32(finisher, 8, 0x5555);
    finisher.store(0, 2, 0x5555);
    expect(seen).to.deep.equal([{ kind: 'pass' }, { kind: 'fail', code: 42 }, { kind: 'reset' }, { kind: 'pass' }]);
    expect(finisher.store(0, 1, 0x55)).to.equal(false);
    expect(read32(finisher, 0)).to.equal(0);
  });
});

describe('devices/rtc', () => {
  const EPOCH = 1_700_000_000_000_000_000n;
  let host: TestHost;
  let rtc: Rtc;
  beforeEach(() => {
    host = new TestHost();
    rtc = new Rtc(host, EPOCH);
  });
  const time = (): bigint => BigInt(read32(rtc, 0)) | (BigInt(read32(rtc, 4)) << 32n);
  const setAlarm = (at: bigint): void => {
    write32(rtc, 0x0c, Number(at >> 32n));
    write32(rtc, 0x08, Number(at & 0xffffffffn));
  };

  it('reads the epoch plus 100 ns for each tick; the low read latches the high half', () => {
    expect(time()).to.equal(EPOCH);
    host.now = 12345n;
    expect(time()).to.equal(EPOCH + 1_234_500n);
    const low = read32(rtc, 0);
    host.now += 1n << 40n;
    expect(BigInt(low) | (BigInt(read32(rtc, 4)) << 32n)).to.equal(EPOCH + 1_234_500n);
  });

  it('can be set', () => {
    host.now = 500n;
    write32(rtc, 4, 3);
    write32(rtc, 0, 7);
    host.now = 501n;
    expect(time()).to.equal(3n * (1n << 32n) + 107n);
  });

  it('the alarm interrupts at its time if enabled, until cleared', () => {
    write32(rtc, 0x10, 1);
    setAlarm(EPOCH + 1050n);
    expect([rtc.deadline(), read32(rtc, 0x18)]).to.deep.equal([11n, 1]);
    host.now = 10n;
    rtc.advance();
    expect(host.source(11)).to.equal(false);
    host.now = 11n;
    rtc.advance();
    expect([host.source(11), read32(rtc, 0x18), rtc.deadline()]).to.deep.equal([true, 0, undefined]);
    write32(rtc, 0x1c, 1);
    expect(host.source(11)).to.equal(false);
  });

  it('an alarm in the past goes off at once; a cleared one never; a disabled one waits for the enable', () => {
    setAlarm(EPOCH - 1n);
    expect(host.source(11)).to.equal(false);
    write32(rtc, 0x10, 1);
    expect(host.source(11)).to.equal(true);
    write32(rtc, 0x1c, 1);
    setAlarm(EPOCH + 100n);
    write32(rtc, 0x14, 1);
    host.now = 100n;
    rtc.advance();
    expect(host.source(11)).to.equal(false);
  });

  it('saves, restores, resets', () => {
    setAlarm(EPOCH + 5000n);
    const other = new Rtc(host, 0n);
    other.restore(rtc.save());
    expect(other.save()).to.deep.equal(rtc.save());
    expect(other.deadline()).to.equal(50n);
    rtc.reset();
    expect(rtc.save()).to.deep.equal(new Rtc(host, EPOCH).save());
  });
});
