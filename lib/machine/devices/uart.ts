/** UART 16550A (National Semiconductor PC16550D data sheet, chapter "Registers"). A character takes no time to send. */
import { cells, type DeviceTreeNode, node, text, wideCells } from '../boot/device-tree.js';
import type { Device, DeviceHost, Phandles } from '../device.js';

const SOURCE = 10;
const FIFO_BYTES = 16;
const REGISTERS = 8;
/** Interrupt enable register. */
const IER_RECEIVED = 1;
const IER_TRANSMIT = 2;
const IER_LINE = 4;
const IER_MODEM = 8;
/** Interrupt identification register, bits 3:0: the cause of highest priority (the data sheet's table of interrupt control functions). */
const IIR_NONE = 1;
const IIR_LINE = 6;
const IIR_RECEIVED = 4;
const IIR_TIMEOUT = 12;
const IIR_TRANSMIT = 2;
const IIR_MODEM = 0;
const IIR_FIFOS = 0xc0;
/** FIFO control register. */
const FCR_ENABLE = 1;
const FCR_CLEAR_RECEIVER = 2;
const LCR_DLAB = 0x80;
const MCR_LOOP = 0x10;
const LSR_READY = 1;
const LSR_OVERRUN = 2;
const LSR_TRANSMITTER_EMPTY = 0x60;
/** Modem status: the far end is a terminal that is always there (DCD, DSR, CTS); RI is down. */
const MSR_CONNECTED = 0xb0;
const MSR_RING = 0x40;
/** FIFO bytes at which data counts as available, by FCR bits 7:6. */
const TRIGGER = [1, 4, 8, 14] as const;

interface State {
  ier: number;
  lcr: number;
  mcr: number;
  /** MSR bits 3:0, the deltas since it was read. */
  deltas: number;
  scratch: number;
  divisor: number;
  fifos: boolean;
  trigger: number;
  overrun: boolean;
  /** The transmitter became empty and nobody has been told (Interrupt Identification Register, third level). */
  transmitted: boolean;
  /** The receiver FIFO, or the one receive buffer register if FIFOs are off. */
  received: number[];
  /** Bytes from outside that the receiver has no room for yet: the sender holds them back. */
  waiting: number[];
}

const initial = (): State => ({
  ier: 0,
  lcr: 0,
  mcr: 0,
  deltas: 0,
  scratch: 0,
  divisor: 0,
  fifos: false,
  trigger: 1,
  overrun: false,
  transmitted: true,
  received: [],
  waiting: [],
});

export class Uart implements Device {
  readonly name = 'uart';
  readonly base = 0x10000000;
  readonly size = 0x100;
  #state = initial();

  /** `onByte` gets every byte that is sent. */
  constructor(
    readonly host: Pick<DeviceHost, 'interrupt'>,
    readonly onByte: (byte: number) => void,
  ) {}

  /** Bytes from outside. None is lost: those that do not fit into the FIFO wait their turn. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.#state.waiting.push(byte);
    this.#update();
  }
  /** Sends a byte, or takes the next received one, without the registers: for firmware that the machine itself plays. */
  transmit(byte: number): void {
    this.onByte(byte & 0xff);
  }
  take(): number | undefined {
    const byte = this.#state.received.shift();
    this.#update();
    return byte;
  }

  load(offset: number): number | undefined {
    if (offset >= REGISTERS) return undefined;
    const value = this.#read(offset);
    this.#update();
    return value;
  }
  store(offset: number, _bytes: 1 | 2 | 4, value: number): boolean {
    if (offset >= REGISTERS) return false;
    this.#write(offset, value & 0xff);
    this.#update();
    return true;
  }

  #read(offset: number): number {
    const state = this.#state;
    const divisorLatch = (state.lcr & LCR_DLAB) !== 0;
    switch (offset) {
      case 0:
        return divisorLatch ? state.divisor & 0xff : (state.received.shift() ?? 0);
      case 1:
        return divisorLatch ? state.divisor >> 8 : state.ier;
      case 2: {
        const cause = this.#cause();
        // Reading the register acknowledges this one cause.
        if (cause === IIR_TRANSMIT) state.transmitted = false;
        return cause | (state.fifos ? IIR_FIFOS : 0);
      }
      case 3:
        return state.lcr;
      case 4:
        return state.mcr;
      case 5: {
        const status =
          LSR_TRANSMITTER_EMPTY | (state.overrun ? LSR_OVERRUN : 0) | (state.received.length > 0 ? LSR_READY : 0);
        state.overrun = false;
        return status;
      }
      case 6: {
        const status = this.#modemInputs() | state.deltas;
        state.deltas = 0;
        return status;
      }
      default:
        return state.scratch;
    }
  }

  #write(offset: number, value: number): void {
    const state = this.#state;
    const divisorLatch = (state.lcr & LCR_DLAB) !== 0;
    switch (offset) {
      case 0:
        if (divisorLatch) state.divisor = (state.divisor & 0xff00) | value;
        else this.#send(value);
        break;
      case 1:
        if (divisorLatch) state.divisor = (state.divisor & 0xff) | (value << 8);
        else {
          // Enabling the interrupt while the transmitter is empty raises it.
          if ((value & ~state.ier & IER_TRANSMIT) !== 0) state.transmitted = true;
          state.ier = value & 0xf;
        }
        break;
      case 2:
        this.#controlFifos(value);
        break;
      case 3:
        state.lcr = value;
        break;
      case 4:
        this.#controlModem(value & 0x1f);
        break;
      case 7:
        state.scratch = value;
        break;
    }
  }

  #send(byte: number): void {
    const state = this.#state;
    state.transmitted = true;
    if ((state.mcr & MCR_LOOP) === 0) {
      this.onByte(byte);
      return;
    }
    // On overrun a full FIFO keeps what it has; the single buffer register takes the new character (Line Status Register, OE).
    if (state.received.length < this.#capacity()) state.received.push(byte);
    else {
      state.overrun = true;
      if (!state.fifos) state.received[0] = byte;
    }
  }

  /** Switching the FIFOs on or off also empties them; the trigger can only be set while they are on (FIFO Control Register). */
  #controlFifos(value: number): void {
    const state = this.#state;
    const enable = (value & FCR_ENABLE) !== 0;
    if (enable !== state.fifos || (enable && (value & FCR_CLEAR_RECEIVER) !== 0)) state.received.length = 0;
    state.fifos = enable;
    state.trigger = enable ? (TRIGGER[value >> 6] as number) : 1;
  }

  #controlModem(value: number): void {
    const before = this.#modemInputs();
    this.#state.mcr = value;
    const after = this.#modemInputs();
    // RI counts only when it falls (TERI), the others whenever they change.
    const changed = ((before ^ after) & ~MSR_RING) | (before & ~after & MSR_RING);
    this.#state.deltas |= changed >> 4;
  }
  /** MSR bits 7:4. In loopback they are RTS, DTR, OUT1 and OUT2 as CTS, DSR, RI and DCD (Modem Control Register, bit 4). */
  #modemInputs(): number {
    const { mcr } = this.#state;
    if ((mcr & MCR_LOOP) === 0) return MSR_CONNECTED;
    return ((mcr & 2) << 3) | ((mcr & 1) << 5) | ((mcr & 4) << 4) | ((mcr & 8) << 4);
  }

  #capacity(): number {
    return this.#state.fifos ? FIFO_BYTES : 1;
  }
  #cause(): number {
    const { ier, overrun, received, trigger, transmitted, deltas } = this.#state;
    if ((ier & IER_LINE) !== 0 && overrun) return IIR_LINE;
    if ((ier & IER_RECEIVED) !== 0 && received.length >= trigger) return IIR_RECEIVED;
    // Below the trigger the interrupt comes after four character times, and characters take no time here.
    if ((ier & IER_RECEIVED) !== 0 && received.length > 0) return IIR_TIMEOUT;
    if ((ier & IER_TRANSMIT) !== 0 && transmitted) return IIR_TRANSMIT;
    if ((ier & IER_MODEM) !== 0 && deltas !== 0) return IIR_MODEM;
    return IIR_NONE;
  }

  #update(): void {
    const { mcr, received, waiting } = this.#state;
    // In loopback the receiver is disconnected from outside.
    if ((mcr & MCR_LOOP) === 0) received.push(...waiting.splice(0, this.#capacity() - received.length));
    this.host.interrupt(SOURCE, this.#cause() !== IIR_NONE);
  }

  reset(): void {
    this.#state = initial();
    this.#update();
  }
  save(): unknown {
    return structuredClone(this.#state);
  }
  restore(state: unknown): void {
    this.#state = structuredClone(state as State);
  }
  node(phandles: Phandles): DeviceTreeNode {
    return node(`serial@${this.base.toString(16)}`, {
      interrupts: cells(SOURCE),
      'interrupt-parent': cells(phandles.plic),
      'clock-frequency': cells(3686400),
      reg: wideCells(this.base, this.size),
      compatible: text('ns16550a'),
    });
  }
}
