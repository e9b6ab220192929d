import { expect } from 'chai';
import { Uart } from '../../../lib/machine/devices/uart.js';
import { TestHost } from '../../support/devices.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('devices/uart', () => {
  let host: TestHost;
  let uart: Uart;
  let sent: string;
  beforeEach(() => {
    host = new TestHost();
    sent = '';
    uart = new Uart(host, (byte) => {
      sent += String.fromCharCode(byte);
    });
  });
  const get = (register: number): number => uart.load(register) as number;
  const set = (register: number, value: number): boolean => uart.store(register, 1, value);
  const drain = (): string => {
    let text = '';
    while ((get(5) & 1) !== 0) text += String.fromCharCode(get(0));
    return text;
  };

  it('sends what is written to THR; the transmitter is always empty', () => {
    for (const byte of bytes('hi')) set(0, byte);
    expect(sent).to.equal('hi');
    expect(get(5)).to.equal(0x60);
  });

  it('DLAB shows the divisor in registers 0 and 1; the scratch register keeps its value', () => {
    set(1, 5);
    set(3, 0x83);
    set(0, 0x34);
    set(1, 0x12);
    expect([get(0), get(1)]).to.deep.equal([0x34, 0x12]);
    set(3, 0x03);
    expect([get(1), get(3), sent]).to.deep.equal([5, 3, '']);
    set(7, 0xa5);
    expect(get(7)).to.equal(0xa5);
  });

  it('feeds a FIFO of 16 from a host-side queue and loses nothing', () => {
    const text = 'the quick brown fox jumps over the lazy dog';
    set(2, 0x01);
    uart.receive(bytes(text));
    expect(drain()).to.equal(text);
    set(2, 0x00);
    uart.receive(bytes(text));
    expect(drain()).to.equal(text);
  });

  it('received data: IIR 4 at the trigger level, 12 (time-out) below it, none when drained', () => {
    set(2, 0x81);
    set(1, 1);
    uart.receive(bytes('1234567'));
    expect([host.source(10), get(2)]).to.deep.equal([true, 0xcc]);
    uart.receive(bytes('8'));
    expect(get(2)).to.equal(0xc4);
    drain();
    expect([host.source(10), get(2)]).to.deep.equal([false, 0xc1]);
  });

  it('THRE interrupt: raised on enabling and after each byte, cleared by reading IIR', () => {
    set(1, 2);
    expect(host.source(10)).to.equal(true);
    expect(get(2)).to.equal(2);
    expect([host.source(10), get(2)]).to.deep.equal([false, 1]);
    set(0, 65);
    expect(host.source(10)).to.equal(true);
    set(1, 0);
    expect(host.source(10)).to.equal(false);
  });

  it('reading IIR clears THRE only when IIR reports it', () => {
    set(2, 1);
    set(1, 3);
    uart.receive(bytes('x'));
    expect(get(2)).to.equal(0xc4);
    drain();
    expect(get(2)).to.equal(0xc2);
    expect(get(2)).to.equal(0xc1);
  });

  it('loopback: bytes come back, nothing goes out, modem outputs are the inputs', () => {
    expect(get(6) & 0xf0).to.equal(0xb0);
    set(4, 0x10 | 0x0a);
    expect(get(6) & 0xf0).to.equal(0x90);
    set(0, 0x5a);
    expect([drain(), sent]).to.deep.equal(['Z', '']);
    uart.receive(bytes('later'));
    expect(drain()).to.equal('');
    set(4, 0);
    expect(drain()).to.equal('later');
  });

  it('modem status deltas raise an interrupt and are cleared by reading MSR', () => {
    set(4, 0x10);
    get(6);
    set(1, 8);
    set(4, 0x10 | 2);
    expect([host.source(10), get(2), get(6), host.source(10)]).to.deep.equal([true, 0, 0x11, false]);
    set(4, 0x10 | 4);
    expect(get(6)).to.equal(0x41);
    set(4, 0x10);
    expect(get(6)).to.equal(4);
  });

  it('overrun in loopback: the FIFO keeps its bytes, the single register takes the new one; LSR reports it once', () => {
    set(2, 1);
    set(4, 0x10);
    set(1, 4);
    for (let i = 0; i < 17; i++) set(0, 65 + i);
    expect(get(2)).to.equal(0xc6);
    expect([get(5) & 2, get(5) & 2]).to.deep.equal([2, 0]);
    expect(drain()).to.equal('ABCDEFGHIJKLMNOP');
    set(2, 0);
    set(0, 65);
    set(0, 66);
    expect(get(5) & 2).to.equal(2);
    expect(drain()).to.equal('B');
  });

  it('FCR clears the receiver FIFO; registers beyond 7 fault', () => {
    set(2, 1);
    uart.receive(bytes('abc'));
    set(2, 3);
    expect(drain()).to.equal('');
    expect(uart.load(8)).to.equal(undefined);
    expect(uart.store(0x40, 1, 0)).to.equal(false);
  });

  it('lets firmware send and take bytes without the registers', () => {
    set(2, 1);
    set(1, 1);
    uart.transmit(0x141);
    uart.receive(bytes('ok'));
    expect([sent, uart.take(), uart.take(), uart.take()]).to.deep.equal(['A', 0x6f, 0x6b, undefined]);
    expect(host.source(10)).to.equal(false);
  });

  it('saves and restores input that is still waiting', () => {
    set(2, 1);
    uart.receive(bytes('0123456789abcdefghij'));
    const other = new Uart(host, () => {});
    other.restore(uart.save());
    expect(drain()).to.equal('0123456789abcdefghij');
    uart = other;
    expect(drain()).to.equal('0123456789abcdefghij');
    uart.reset();
    expect(uart.save()).to.deep.equal(new Uart(host, () => {}).save());
  });
});
