/** A hart with its privileged architecture and nothing else: the clock, the devices and translation are the test's. */
import { Hart, M, S, U, VIRTUAL } from '../../lib/machine/hart.js';
import { layoutOf, RAM_BASE } from '../../lib/machine/layout.js';
import { MachineMemory } from '../../lib/machine/memory.js';
import { fetchEntryAt, tagOf } from '../../lib/machine/mmu/tlb.js';
import { Privileged, type PrivilegedHost } from '../../lib/machine/privileged.js';

export const VS = S + VIRTUAL;
export const VU = U + VIRTUAL;
export const modes = { M, S, U, VS, VU } as const;
export type ModeName = keyof typeof modes;

export class Rig {
  readonly memory = new MachineMemory(
    layoutOf({ harts: 1, dataEntries: 64, fetchEntries: 16, ramSize: 1 << 20, codePages: 4 }),
  );
  readonly hart = new Hart(0, this.memory);
  time = 1000n;
  timerChanges = 0;
  translate: PrivilegedHost['translate'] = () => 0;
  deviceLoad: PrivilegedHost['deviceLoad'] = () => undefined;
  deviceStore: PrivilegedHost['deviceStore'] = () => false;
  readonly cpu: Privileged;

  constructor(options: ConstructorParameters<typeof Privileged>[2] = {}) {
    this.cpu = new Privileged(
      this.hart,
      {
        time: () => this.time,
        timerChanged: () => {
          this.timerChanges++;
        },
        translate: (...args) => this.translate(...args),
        deviceLoad: (...args) => this.deviceLoad(...args),
        deviceStore: (...args) => this.deviceStore(...args),
      },
      options,
    );
    this.cpu.reset();
    this.hart.pc = BigInt(RAM_BASE);
  }

  mode(name: ModeName): this {
    this.cpu.setMode(modes[name] & 3, modes[name] >= VIRTUAL);
    return this;
  }

  /** Puts an encoding at an address, as if fetched there: its page is in the fetch TLB, mapped to itself. */
  fetched(encoding: number, pc = BigInt(RAM_BASE)): this {
    const { hart, memory } = this;
    hart.pc = pc;
    const physical = Number(pc);
    memory.view.setUint16(memory.host(physical), encoding & 0xffff, true);
    memory.view.setUint16(memory.host(physical + 2), encoding >>> 16, true);
    for (const address of [pc, pc + 2n]) {
      const entry = fetchEntryAt(hart, address);
      memory.u64[entry >>> 3] = tagOf(address, hart.regime('fetch').context);
      memory.i32[(entry >>> 2) + 3] = memory.host(Number(address & ~0xfffn));
    }
    return this;
  }

  /** Runs one helper as an engine does: returns the cause it raised, or undefined. */
  attempt(act: () => unknown): number | undefined {
    this.hart.setCell32('fault', 0);
    this.hart.setCell32('event', 0);
    act();
    return this.hart.faulted ? Number(this.hart.cell('trapCause')) : undefined;
  }
  /** csrrs rd, csr, x0. */
  readCause(number: number): number | undefined {
    return this.attempt(() => this.cpu.system.csr(number, 0n, 2, 1, 0));
  }
  /** csrrw x0, csr, rs. */
  writeCause(number: number, value = 0n): number | undefined {
    return this.attempt(() => this.cpu.system.csr(number, value, 1, 0, 1));
  }
  read(number: number): bigint {
    return this.cpu.system.csr(number, 0n, 2, 1, 0);
  }
  /** Writes as M-mode would and reads back. */
  put(csr: string, value: bigint): bigint {
    this.cpu.writeCsr(csr, value);
    return this.cpu.readCsr(csr);
  }
  get event(): boolean {
    return this.hart.cell32('event') !== 0;
  }
}

export const ALL = (1n << 64n) - 1n;
export const bit = (n: number): bigint => 1n << BigInt(n);
