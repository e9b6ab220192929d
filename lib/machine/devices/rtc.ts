/** Goldfish real-time clock: wall-clock nanoseconds and an alarm (Android goldfish virtual hardware, "Goldfish RTC"). */
import { cells, type DeviceTreeNode, node, text, wideCells } from '../boot/device-tree.js';
import type { Device, DeviceHost, Phandles } from '../device.js';

const SOURCE = 11;
/** The timebase is 10 MHz. */
const NANOSECONDS_PER_TICK = 100n;
/** Register offsets, 4 bytes each. */
const TIME_LOW = 0x00;
const TIME_HIGH = 0x04;
const ALARM_LOW = 0x08;
const ALARM_HIGH = 0x0c;
const IRQ_ENABLED = 0x10;
const CLEAR_ALARM = 0x14;
const ALARM_STATUS = 0x18;
const CLEAR_INTERRUPT = 0x1c;

interface State {
  /** Nanoseconds since 1970 at tick 0. */
  origin: bigint;
  /** The high half that goes with the last TIME_LOW read. */
  latchedHigh: number;
  timeHigh: number;
  alarmHigh: number;
  /** When the alarm goes off, in nanoseconds since 1970; undefined if it is not set. */
  alarm: bigint | undefined;
  enabled: boolean;
  pending: boolean;
}

export class Rtc implements Device {
  readonly name = 'rtc';
  readonly base = 0x101000;
  readonly size = 0x1000;
  #state: State;

  /** `epoch`: nanoseconds since 1970 at tick 0 of the machine. */
  constructor(
    readonly host: DeviceHost,
    readonly epoch: bigint,
  ) {
    this.#state = this.#initial();
  }
  #initial(): State {
    return {
      origin: this.epoch,
      latchedHigh: 0,
      timeHigh: 0,
      alarmHigh: 0,
      alarm: undefined,
      enabled: false,
      pending: false,
    };
  }

  /** Nanoseconds since 1970. */
  get now(): bigint {
    return BigInt.asUintN(64, this.#state.origin + this.host.time() * NANOSECONDS_PER_TICK);
  }

  load(offset: number, bytes: 1 | 2 | 4): number | undefined {
    if (bytes !== 4) return undefined;
    const state = this.#state;
    switch (offset) {
      case TIME_LOW: {
        const { now } = this;
        state.latchedHigh = Number(now >> 32n);
        return Number(now & 0xffffffffn);
      }
      case TIME_HIGH:
        return state.latchedHigh;
      case ALARM_LOW:
        return Number((state.alarm ?? 0n) & 0xffffffffn);
      case ALARM_HIGH:
        return Number((state.alarm ?? 0n) >> 32n);
      case IRQ_ENABLED:
        return state.enabled ? 1 : 0;
      case ALARM_STATUS:
        return state.alarm === undefined ? 0 : 1;
      default:
        return 0;
    }
  }

  store(offset: number, bytes: 1 | 2 | 4, value: number): boolean {
    if (bytes !== 4) return false;
    const state = this.#state;
    switch (offset) {
      // The low half is written last and makes the value take effect.
      case TIME_LOW:
        state.origin = ((BigInt(state.timeHigh) << 32n) | BigInt(value)) - this.host.time() * NANOSECONDS_PER_TICK;
        break;
      case TIME_HIGH:
        state.timeHigh = value;
        break;
      case ALARM_LOW:
        state.alarm = (BigInt(state.alarmHigh) << 32n) | BigInt(value);
        break;
      case ALARM_HIGH:
        state.alarmHigh = value;
        break;
      case IRQ_ENABLED:
        state.enabled = (value & 1) !== 0;
        break;
      case CLEAR_ALARM:
        state.alarm = undefined;
        break;
      case CLEAR_INTERRUPT:
        state.pending = false;
        break;
    }
    this.advance();
    this.host.reschedule();
    return true;
  }

  deadline(): bigint | undefined {
    const { alarm, origin } = this.#state;
    if (alarm === undefined) return undefined;
    const ticks = (alarm - origin + NANOSECONDS_PER_TICK - 1n) / NANOSECONDS_PER_TICK;
    return ticks > this.host.time() ? ticks : this.host.time();
  }
  advance(): void {
    const state = this.#state;
    if (state.alarm !== undefined && state.alarm <= this.now) {
      state.alarm = undefined;
      state.pending = true;
    }
    this.host.interrupt(SOURCE, state.pending && state.enabled);
  }

  reset(): void {
    this.#state = this.#initial();
    this.advance();
    this.host.reschedule();
  }
  save(): unknown {
    return structuredClone(this.#state);
  }
  restore(state: unknown): void {
    this.#state = structuredClone(state as State);
  }
  node(phandles: Phandles): DeviceTreeNode {
    return node(`rtc@${this.base.toString(16)}`, {
      interrupts: cells(SOURCE),
      'interrupt-parent': cells(phandles.plic),
      reg: wideCells(this.base, this.size),
      compatible: text('google,goldfish-rtc'),
    });
  }
}
