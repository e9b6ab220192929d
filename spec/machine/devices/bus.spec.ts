import { expect } from 'chai';
import type { Device } from '../../../lib/machine/device.js';
import { Bus, BusError } from '../../../lib/machine/devices/bus.js';
import { Clint } from '../../../lib/machine/devices/clint.js';
import { Rtc } from '../../../lib/machine/devices/rtc.js';
import { Uart } from '../../../lib/machine/devices/uart.js';
import { RAM_BASE } from '../../../lib/machine/layout.js';
import { TestHost } from '../../support/devices.js';

const at = (device: Device, base: number, size: number): Device =>
  Object.create(device, { base: { value: base }, size: { value: size } });

describe('devices/bus', () => {
  const host = new TestHost();
  const uart = new Uart(host, () => {});

  it('finds the device, and splits 8-byte accesses with the low half first', () => {
    const bus = new Bus([uart, new Clint(host, 1)], 1 << 20);
    expect(bus.store(0x2004000, 8, 0x1122334455667788n)).to.equal(true);
    expect(bus.load(0x2004000, 8)).to.equal(0x1122334455667788n);
    expect(bus.load(0x2004004, 4)).to.equal(0x11223344n);
    expect(bus.load(0x10000005, 1)).to.equal(0x60n);
  });

  it('faults where nothing is, on misalignment, across the end of a device, and where the device refuses', () => {
    const bus = new Bus([uart, new Clint(host, 1)], 1 << 20);
    expect(bus.load(0x3000000, 4)).to.equal(undefined);
    expect(bus.load(2 ** 60, 8)).to.equal(undefined);
    expect(bus.load(0x2004002, 4)).to.equal(undefined);
    expect(bus.load(0x2004004, 8)).to.equal(undefined);
    expect(bus.load(0x2004000, 2)).to.equal(undefined);
    expect(bus.store(0x100000f8, 8, 0n)).to.equal(false);
    expect(bus.store(0x10000100, 1, 0n)).to.equal(false);
  });

  it('refuses devices that overlap, lie in RAM, or have no sensible range', () => {
    const code = (...devices: Device[]): string => {
      try {
        new Bus(devices, 1 << 20);
      } catch (error) {
        expect(error).to.be.instanceOf(BusError);
        return (error as BusError).code;
      }
      return '';
    };
    expect(code(uart, at(uart, 0x10000080, 8))).to.equal('BUS_OVERLAP');
    expect(code(at(uart, RAM_BASE + 0x1000, 8))).to.equal('BUS_RAM');
    expect(code(at(uart, RAM_BASE - 8, 16))).to.equal('BUS_RAM');
    expect(code(at(uart, 0x10000004, 8))).to.equal('BUS_RANGE');
    expect(code(at(uart, RAM_BASE + (1 << 20), 8))).to.equal('');
  });

  it('knows the earliest deadline and lets the devices act', () => {
    const clint = new Clint(host, 2);
    const rtc = new Rtc(host, 0n);
    const bus = new Bus([clint, rtc], 1 << 20);
    expect(bus.deadline()).to.equal(undefined);
    bus.store(0x2004008, 8, 500n);
    rtc.store(0x08, 4, 30_000);
    expect(bus.deadline()).to.equal(300n);
    host.now = 500n;
    bus.advance();
    expect(bus.deadline()).to.equal(undefined);
    expect(host.isUp(1, 7)).to.equal(true);
    expect(host.isUp(0, 7)).to.equal(false);
  });
});
