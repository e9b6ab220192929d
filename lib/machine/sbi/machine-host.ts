/** The machine as the SBI sees it. */

import type { Core } from '../core.js';
import type { Hart } from '../hart.js';
import { S } from '../hart.js';
import { PAGE_SIZE } from '../layout.js';
import type { Machine } from '../machine.js';
import type { MachineMemory } from '../memory.js';
import { type FenceRange, HART_STATE, type HartStart, type HartState, type ResetKind, type SbiHost } from './host.js';
import { prepareForSupervisor } from './prepare.js';

const SSIP = 1n << 1n;
/** Beyond this many pages a range is flushed as a whole, as firmware does. */
const MOST_PAGES = 64n;

const pagesOf = function* ({ start, size }: FenceRange): Generator<bigint> {
  const page = BigInt(PAGE_SIZE);
  for (let address = start & ~(page - 1n); address < start + size; address += page) yield address;
};

export class MachineSbi implements SbiHost {
  constructor(readonly machine: Machine) {}

  get harts(): readonly Hart[] {
    return this.machine.harts;
  }
  get memory(): MachineMemory {
    return this.machine.memory;
  }
  get hypervisor(): boolean {
    return this.machine.configuration.hypervisor;
  }
  #core(hart: number): Core {
    return this.machine.cores[hart] as Core;
  }

  setTimer(hart: number, time: bigint): void {
    this.#core(hart).privileged.writeCsr('stimecmp', time);
  }
  softwareInterrupt(hart: number, pending: boolean): void {
    const { privileged } = this.#core(hart);
    const mip = privileged.readCsr('mip');
    privileged.writeCsr('mip', pending ? mip | SSIP : mip & ~SSIP);
    this.machine.scheduler.reschedule();
  }

  fenceInstructions(hart: number): void {
    this.#core(hart).hart.count('fenceI');
  }
  /** Calls `flush` for each page of the range, or once without an address. */
  #each(range: FenceRange | undefined, flush: (address: bigint | undefined) => void): void {
    if (range === undefined || range.size > MOST_PAGES * BigInt(PAGE_SIZE)) flush(undefined);
    else for (const address of pagesOf(range)) flush(address);
  }
  flushVirtual(hart: number, range?: FenceRange, asid?: number): void {
    const space = asid === undefined ? undefined : BigInt(asid);
    this.#each(range, (address) => this.#core(hart).privileged.flush({ address, asid: space }));
  }
  flushGuestVirtual(hart: number, vmid: number, range?: FenceRange, asid?: number): void {
    const space = asid === undefined ? undefined : BigInt(asid);
    this.#each(range, (address) =>
      this.#core(hart).privileged.flushGuest({ address, asid: space, vmid: BigInt(vmid) }),
    );
  }
  flushGuest(hart: number, _range?: FenceRange, vmid?: number): void {
    this.#core(hart).privileged.flushGStage(vmid === undefined ? undefined : BigInt(vmid));
  }

  hartState(hart: number): HartState {
    return this.machine.hartStates.get(hart);
  }
  startHart(id: number, start: HartStart): void {
    const { hart, privileged } = this.#core(id);
    privileged.reset();
    prepareForSupervisor(privileged, this.machine.configuration.hardwareDirty);
    privileged.setMode(S, false);
    hart.pc = start.address;
    hart.setX(10, BigInt(id));
    hart.setX(11, start.opaque);
    hart.cells32.midBlock = 0;
    this.machine.hartStates.set(id, HART_STATE.started);
  }
  stopHart(id: number): void {
    this.machine.hartStates.set(id, HART_STATE.stopped);
  }
  suspendHart(id: number, resume?: HartStart): void {
    this.machine.hartStates.set(id, HART_STATE.suspended, resume);
    this.#core(id).hart.cells32.waiting = 1;
  }
  /** Called when a suspended hart has an interrupt to wake for. */
  resumeHart(id: number): void {
    const start = this.machine.hartStates.resumption(id);
    if (start === undefined) this.machine.hartStates.set(id, HART_STATE.started);
    else this.startHart(id, start);
  }

  reset(kind: ResetKind, reason: number): void {
    if (kind === 'shutdown') this.machine.scheduler.finish({ kind: 'finished', success: reason === 0, code: reason });
    else this.machine.scheduler.requestReset();
  }
  output(byte: number): void {
    this.machine.uart.transmit(byte);
  }
  input(): number | undefined {
    return this.machine.uart.take();
  }
  loadVirtual(hart: Hart, address: bigint): bigint | undefined {
    const host = this.#core(hart.id).peek(address);
    return host === undefined || address % 8n !== 0n ? undefined : this.memory.view.getBigUint64(host, true);
  }
}
