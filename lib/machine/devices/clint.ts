/** Core-local interruptor: software interrupts and the machine timer (RISC-V ACLINT specification 1.0, MSWI and MTIMER at the SiFive CLINT's offsets). */
import { cells, type DeviceTreeNode, node, text, wideCells } from '../boot/device-tree.js';
import type { Device, DeviceHost, Phandles } from '../device.js';

const MSIP_BIT = 3;
const MTIP_BIT = 7;
/** Register offsets: MSIP is 4 bytes for each hart, MTIMECMP 8, MTIME 8 for all. */
const MTIMECMP = 0x4000;
const MTIME = 0xbff8;
const NEVER = (1n << 64n) - 1n;

interface State {
  readonly msip: boolean[];
  readonly mtimecmp: bigint[];
  /** mtime minus the machine's time, modulo 2**64: what writes to MTIME have made of it. */
  offset: bigint;
}

const withHalf = (value: bigint, high: boolean, half: number): bigint =>
  high ? (value & 0xffffffffn) | (BigInt(half) << 32n) : (value & ~0xffffffffn) | BigInt(half);
const halfOf = (value: bigint, high: boolean): number => Number(BigInt.asUintN(32, high ? value >> 32n : value));

export class Clint implements Device {
  readonly name = 'clint';
  readonly base = 0x2000000;
  readonly size = 0x10000;
  #state: State;

  constructor(
    readonly host: DeviceHost,
    readonly harts: number,
  ) {
    this.#state = this.#initial();
  }
  /** The specification leaves mtimecmp undefined at reset; all ones raises nothing before software writes it. */
  #initial(): State {
    return { msip: Array(this.harts).fill(false), mtimecmp: Array(this.harts).fill(NEVER), offset: 0n };
  }

  /** The mtime register, which is also what the time CSR reads: ticks, unsigned 64 bits. */
  get mtime(): bigint {
    return BigInt.asUintN(64, this.host.time() + this.#state.offset);
  }
  /** When, in ticks of `DeviceHost.time`, mtime reaches a value: now if it has already. */
  whenMtime(value: bigint): bigint {
    const now = this.mtime;
    return this.host.time() + (value > now ? value - now : 0n);
  }

  load(offset: number, bytes: 1 | 2 | 4): number | undefined {
    if (bytes !== 4) return undefined;
    const high = (offset & 4) !== 0;
    if (offset >= MTIME) return offset < MTIME + 8 ? halfOf(this.mtime, high) : 0;
    if (offset >= MTIMECMP) return halfOf(this.#state.mtimecmp[(offset - MTIMECMP) >> 3] ?? 0n, high);
    return this.#state.msip[offset >> 2] ? 1 : 0;
  }

  store(offset: number, bytes: 1 | 2 | 4, value: number): boolean {
    if (bytes !== 4) return false;
    const high = (offset & 4) !== 0;
    const { msip, mtimecmp } = this.#state;
    if (offset >= MTIME) {
      if (offset < MTIME + 8) {
        this.#state.offset = BigInt.asUintN(64, withHalf(this.mtime, high, value) - this.host.time());
        this.#timeChanged();
      }
    } else if (offset >= MTIMECMP) {
      const hart = (offset - MTIMECMP) >> 3;
      if (hart < this.harts) {
        mtimecmp[hart] = withHalf(mtimecmp[hart] as bigint, high, value);
        this.#timeChanged();
      }
    } else {
      // Only bit 0 of MSIP is writable (chapter MSWI).
      const hart = offset >> 2;
      if (hart < this.harts) {
        msip[hart] = (value & 1) !== 0;
        this.host.line(hart, MSIP_BIT, (value & 1) !== 0);
      }
    }
    return true;
  }

  deadline(): bigint | undefined {
    const now = this.mtime;
    let next = NEVER;
    for (const compare of this.#state.mtimecmp) if (compare > now && compare < next) next = compare;
    return next === NEVER ? undefined : this.whenMtime(next);
  }
  advance(): void {
    this.#driveTimers();
  }

  /** MTIP is pending whenever mtime >= mtimecmp, both unsigned (Privileged Architecture, 3.2.1). */
  #driveTimers(): void {
    const now = this.mtime;
    for (const [hart, compare] of this.#state.mtimecmp.entries()) this.host.line(hart, MTIP_BIT, now >= compare);
  }
  #timeChanged(): void {
    this.#driveTimers();
    this.host.reschedule();
  }

  reset(): void {
    this.#state = this.#initial();
    for (let hart = 0; hart < this.harts; hart++) this.host.line(hart, MSIP_BIT, false);
    this.#timeChanged();
  }
  save(): unknown {
    return structuredClone(this.#state);
  }
  restore(state: unknown): void {
    this.#state = structuredClone(state as State);
  }
  node(phandles: Phandles): DeviceTreeNode {
    const lines = Array.from({ length: this.harts }, (_, hart) => [
      phandles.hart(hart),
      MSIP_BIT,
      phandles.hart(hart),
      MTIP_BIT,
    ]);
    return node(`clint@${this.base.toString(16)}`, {
      'interrupts-extended': cells(...lines.flat()),
      reg: wideCells(this.base, this.size),
      compatible: text('sifive,clint0', 'riscv,clint0'),
    });
  }
}
