import { expect } from 'chai';
import { Hart } from '../../../lib/machine/hart.js';
import { RAM_BASE } from '../../../lib/machine/layout.js';
import type { MachineMemory } from '../../../lib/machine/memory.js';
import {
  type FenceRange,
  HART_STATE,
  type HartStart,
  type HartState,
  type SbiHost,
} from '../../../lib/machine/sbi/host.js';
import { Sbi } from '../../../lib/machine/sbi/sbi.js';
import { smallMemory } from '../../support/devices.js';
import { Random } from '../../support/random.js';

const ALL = (1n << 64n) - 1n;
const TIME = 0x54494d45;
const IPI = 0x735049;
const RFENCE = 0x52464e43;
const HSM = 0x48534d;
const SRST = 0x53525354;
const DBCN = 0x4442434e;

/** A machine that writes down what is asked of it. */
class Recorder implements SbiHost {
  readonly memory: MachineMemory = smallMemory(1 << 20, 4);
  readonly harts = [0, 1, 2, 3].map((id) => new Hart(id, this.memory));
  hypervisor = true;
  readonly states: HartState[] = [0, 1, 0, 4];
  readonly log: unknown[][] = [];
  typed: number[] = [];
  printed = '';

  setTimer(...call: [number, bigint]): void {
    this.log.push(['timer', ...call]);
  }
  softwareInterrupt(...call: [number, boolean]): void {
    this.log.push(['ssip', ...call]);
  }
  fenceInstructions(hart: number): void {
    this.log.push(['fence.i', hart]);
  }
  flushVirtual(hart: number, range?: FenceRange, asid?: number): void {
    this.log.push(['sfence', hart, range, asid]);
  }
  flushGuestVirtual(hart: number, vmid: number, range?: FenceRange, asid?: number): void {
    this.log.push(['vvma', hart, vmid, range, asid]);
  }
  flushGuest(hart: number, range?: FenceRange, vmid?: number): void {
    this.log.push(['gvma', hart, range, vmid]);
  }
  hartState(hart: number): HartState {
    return this.states[hart] as HartState;
  }
  startHart(hart: number, start: HartStart): void {
    this.log.push(['start', hart, start]);
  }
  stopHart(hart: number): void {
    this.log.push(['stop', hart]);
  }
  suspendHart(hart: number, resume?: HartStart): void {
    this.log.push(['suspend', hart, resume]);
  }
  reset(kind: string, reason: number): void {
    this.log.push(['reset', kind, reason]);
  }
  output(byte: number): void {
    this.printed += String.fromCharCode(byte);
  }
  input(): number | undefined {
    return this.typed.shift();
  }
  loadVirtual(_hart: Hart, address: bigint): bigint | undefined {
    const at = this.memory.host(Number(address), 8);
    return at < 0 ? undefined : this.memory.view.getBigUint64(at, true);
  }
}

describe('sbi', () => {
  let host: Recorder;
  let sbi: Sbi;
  beforeEach(() => {
    host = new Recorder();
    sbi = new Sbi(host);
  });
  /** ECALL by hart 0; the error as a signed number, then the value. */
  const call = (extension: number | bigint, fn: number | bigint, ...args: (number | bigint)[]): [number, bigint] => {
    const hart = host.harts[0] as Hart;
    hart.setX(11, 0x5a5an);
    for (let i = 0; i < 6; i++) hart.setX(10 + i, BigInt.asUintN(64, BigInt(args[i] ?? 0)));
    hart.setX(16, BigInt.asUintN(64, BigInt(fn)));
    hart.setX(17, BigInt.asUintN(64, BigInt(extension)));
    sbi.call(hart);
    return [Number(BigInt.asIntN(64, hart.x(10))), hart.x(11)];
  };

  it('4: says version 2.0 and which extensions there are', () => {
    expect(call(0x10, 0)).to.deep.equal([0, 0x2000000n]);
    expect(call(0x10, 1)[0]).to.equal(0);
    for (const id of [0x10, TIME, IPI, RFENCE, HSM, SRST, DBCN, 0, 1, 8])
      expect(call(0x10, 3, id)).to.deep.equal([0, 1n]);
    for (const id of [0x504d55, 0x53555350, 9, -1]) expect(call(0x10, 3, id)).to.deep.equal([0, 0n]);
    for (const fn of [4, 5, 6]) expect(call(0x10, fn)).to.deep.equal([0, 0n]);
  });

  it('3: unknown extensions and functions are NOT_SUPPORTED (-2)', () => {
    expect(call(0x504d55, 0)).to.deep.equal([-2, 0n]);
    expect(call(0x10, 7)).to.deep.equal([-2, 0n]);
    expect(call(TIME, 1)).to.deep.equal([-2, 0n]);
    expect(call(-1, 0)).to.deep.equal([-2, 0n]);
    expect(call(TIME, ALL)).to.deep.equal([-2, 0n]);
    expect(call((1n << 32n) + BigInt(TIME), 0)).to.deep.equal([-2, 0n]);
    expect(host.log).to.deep.equal([]);
  });

  it('6: set_timer is for the calling hart', () => {
    expect(call(TIME, 0, ALL)).to.deep.equal([0, 0n]);
    expect(host.log).to.deep.equal([['timer', 0, ALL]]);
  });

  it('7: send_ipi goes to the harts of the mask from its base, or to all; a stopped one is passed over', () => {
    expect(call(IPI, 0, 0b101, 1)).to.deep.equal([0, 0n]);
    expect(call(IPI, 0, 0, -1)).to.deep.equal([0, 0n]);
    expect(host.log).to.deep.equal([3, 0, 2, 3].map((hart) => ['ssip', hart, true]));
  });

  it('3.1: a mask or base that names no hart is INVALID_PARAM (-3), and nobody is interrupted', () => {
    expect(call(IPI, 0, 0b10001, 0)[0]).to.equal(-3);
    expect(call(IPI, 0, 1, 4)[0]).to.equal(-3);
    expect(call(IPI, 0, 1, ALL - 1n)[0]).to.equal(-3);
    expect(call(RFENCE, 0, 0b100, 2)[0]).to.equal(-3);
    expect(host.log).to.deep.equal([]);
  });

  it('8: fences with a range, an address space, or everything', () => {
    call(RFENCE, 0, 2, 0);
    call(RFENCE, 1, 1, 0, 0x1000, 0x2000);
    call(RFENCE, 1, 1, 0, 0, 0);
    call(RFENCE, 1, 1, 0, 0x1000, -1);
    call(RFENCE, 2, 1, 0, 0x1000, 0x2000, 7);
    const range = { start: 0x1000n, size: 0x2000n };
    expect(host.log).to.deep.equal([
      ['fence.i', 1],
      ['sfence', 0, range, undefined],
      ['sfence', 0, undefined, undefined],
      ['sfence', 0, undefined, undefined],
      ['sfence', 0, range, 7],
    ]);
    expect(call(RFENCE, 1, 1, 0, ALL, 2)[0]).to.equal(-5);
  });

  it("8: guest fences use the VMID given, or the caller's own; NOT_SUPPORTED without H", () => {
    (host.harts[0] as Hart).setCsr('hgatp', (8n << 60n) | (5n << 44n));
    const range = { start: 0x1000n, size: 0x1000n };
    for (const fn of [3, 4, 5, 6]) call(RFENCE, fn, 4, 0, 0x1000, 0x1000, 9);
    expect(host.log).to.deep.equal([
      ['gvma', 2, range, 9],
      ['gvma', 2, range, undefined],
      ['vvma', 2, 5, range, 9],
      ['vvma', 2, 5, range, undefined],
    ]);
    host.hypervisor = false;
    for (const fn of [3, 4, 5, 6]) expect(call(RFENCE, fn, 4, 0)[0]).to.equal(-2);
  });

  it('9: starts a stopped hart at an address in RAM', () => {
    expect(call(HSM, 0, 1, RAM_BASE + 0x200, 42)[0]).to.equal(0);
    expect(call(HSM, 0, 0, RAM_BASE, 0)[0]).to.equal(-6);
    expect(call(HSM, 0, 4, RAM_BASE, 0)[0]).to.equal(-3);
    expect(call(HSM, 0, ALL, RAM_BASE, 0)[0]).to.equal(-3);
    expect(call(HSM, 0, 1, 0x1000, 0)[0]).to.equal(-5);
    expect(call(HSM, 0, 1, RAM_BASE + 1, 0)[0]).to.equal(-5);
    expect(host.log).to.deep.equal([['start', 1, { address: BigInt(RAM_BASE + 0x200), opaque: 42n }]]);
  });

  it('9: reports states; stops; suspends with and without keeping registers', () => {
    expect([0, 1, 3].map((hart) => call(HSM, 2, hart))).to.deep.equal([
      [0, BigInt(HART_STATE.started)],
      [0, BigInt(HART_STATE.stopped)],
      [0, BigInt(HART_STATE.suspended)],
    ]);
    expect(call(HSM, 2, 9)[0]).to.equal(-3);
    expect(call(HSM, 3, 0)).to.deep.equal([0, 0n]);
    expect(call(HSM, 3, 0x80000000n, RAM_BASE, 7)[0]).to.equal(0);
    expect(call(HSM, 3, BigInt.asUintN(64, -0x80000000n), RAM_BASE, 7)[0]).to.equal(0);
    expect(call(HSM, 3, 0x80000000n, 0, 7)[0]).to.equal(-5);
    expect(call(HSM, 3, 1)[0]).to.equal(-3);
    call(HSM, 1);
    const resume = { address: BigInt(RAM_BASE), opaque: 7n };
    expect(host.log).to.deep.equal([
      ['suspend', 0, undefined],
      ['suspend', 0, resume],
      ['suspend', 0, resume],
      ['stop', 0],
    ]);
  });

  it('10: shuts down and reboots, with reasons', () => {
    call(SRST, 0, 0, 0);
    call(SRST, 0, 1, 1);
    call(SRST, 0, 2, 0xe0000001n);
    expect(host.log).to.deep.equal([
      ['reset', 'shutdown', 0],
      ['reset', 'cold', 1],
      ['reset', 'warm', 0xe0000001],
    ]);
    expect(call(SRST, 0, 3, 0)[0]).to.equal(-3);
    expect(call(SRST, 0, 0, 2)[0]).to.equal(-3);
    expect(call(SRST, 0, 0xf0000000n, 0)[0]).to.equal(-2);
  });

  it('12: the debug console writes from and reads into RAM, and checks the address', () => {
    host.memory.write(RAM_BASE + 16, new TextEncoder().encode('hello'));
    expect(call(DBCN, 0, 5, RAM_BASE + 16, 0)).to.deep.equal([0, 5n]);
    expect(call(DBCN, 2, 0x121)).to.deep.equal([0, 0n]);
    expect(host.printed).to.equal('hello!');
    host.typed = [65, 66, 67];
    expect(call(DBCN, 1, 2, RAM_BASE, 0)).to.deep.equal([0, 2n]);
    expect(call(DBCN, 1, 9, RAM_BASE + 2, 0)).to.deep.equal([0, 1n]);
    expect(call(DBCN, 1, 9, RAM_BASE + 2, 0)).to.deep.equal([0, 0n]);
    expect([...host.memory.read(RAM_BASE, 3)]).to.deep.equal([65, 66, 67]);
    for (const fn of [0, 1]) {
      expect(call(DBCN, fn, 1, 0x1000, 0)[0]).to.equal(-3);
      expect(call(DBCN, fn, 1, RAM_BASE, 1)[0]).to.equal(-3);
      expect(call(DBCN, fn, ALL, RAM_BASE, 0)[0]).to.equal(-3);
    }
  });

  it('5: the legacy calls answer in a0 only', () => {
    expect(call(0, 0, 99)).to.deep.equal([0, 0n]);
    expect(call(1, 0, 0x41)[0]).to.equal(0);
    expect(call(2, 0)[0]).to.equal(-1);
    host.typed = [66];
    expect(call(2, 0, 0, 123)).to.deep.equal([66, 123n]);
    call(3, 0);
    host.memory.view.setBigUint64(host.memory.host(RAM_BASE, 8), 0b100n, true);
    call(4, 0, RAM_BASE);
    call(5, 0, 0);
    call(6, 0, RAM_BASE, 0x1000, 0x1000);
    call(7, 0, RAM_BASE, 0x1000, 0x1000, 3);
    expect(call(4, 0, 8)[0]).to.equal(-5);
    call(8, 0);
    const range = { start: 0x1000n, size: 0x1000n };
    expect(host.printed).to.equal('A');
    expect(host.log).to.deep.equal([
      ['timer', 0, 99n],
      ['ssip', 0, false],
      ['ssip', 2, true],
      ...[0, 1, 2, 3].map((hart) => ['fence.i', hart]),
      ['sfence', 2, range, undefined],
      ['sfence', 2, range, 3],
      ['reset', 'shutdown', 0],
    ]);
  });

  it('never throws, whatever the registers hold', () => {
    const random = new Random(17);
    const interesting = [0n, 1n, ALL, BigInt(RAM_BASE), 0x80000000n, 1n << 63n, 0xf0000000n];
    const extensions = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, TIME, IPI, RFENCE, HSM, SRST, DBCN];
    const value = (): bigint => (random.below(3) === 0 ? random.next64() : random.pick(interesting));
    for (let i = 0; i < 20_000; i++)
      expect(call(random.pick(extensions), random.below(9), value(), value(), value(), value(), value())[0]).to.be.a(
        'number',
      );
  });
});
