/** One hart with everything that executes it: its privileged architecture, its view of the machine, its engine. */

import type { Bus } from './devices/bus.js';
import type { Engine } from './engine.js';
import type { Environment } from './environment.js';
import type { Hart } from './hart.js';
import type { Configuration } from './options.js';
import { Privileged } from './privileged.js';
import { Mmu, NOT_RAM } from './reference/mmu.js';

/** Cycles in a tick of the timebase: harts run at 1 GHz, mtime at the 10 MHz of QEMU's `virt`. */
export const CYCLES_PER_TICK = 100n;

export interface CoreHost {
  readonly bus: Bus;
  /** The mtime register when the hart's cycles are these. */
  mtime(): bigint;
  rescheduled(): void;
}

export class Core {
  readonly privileged: Privileged;
  readonly environment: Environment;
  readonly mmu: Mmu;
  engine!: Engine;

  constructor(
    readonly hart: Hart,
    configuration: Configuration,
    host: CoreHost,
  ) {
    const deviceLoad = (physical: number, bytes: number): bigint | undefined =>
      host.bus.load(physical, bytes as 1 | 2 | 4 | 8);
    const deviceStore = (physical: number, bytes: number, value: bigint): boolean =>
      host.bus.store(physical, bytes as 1 | 2 | 4 | 8, value);
    this.privileged = new Privileged(
      hart,
      {
        time: () => host.mtime(),
        timerChanged: () => host.rescheduled(),
        translate: (_, address, access) => this.mmu.translate(hart, address, access, 'explicit'),
        deviceLoad,
        deviceStore,
      },
      { costs: configuration.costs, hypervisor: configuration.hypervisor },
    );
    this.environment = {
      system: this.privileged.system,
      illegal: () => this.privileged.illegal(),
      floatUse: () => this.privileged.floatUse(),
      pmp: (physical, access, privilege) => this.privileged.pmpAllows(Number(physical), access, privilege),
      deviceLoad: (physical, bytes) => deviceLoad(Number(physical), bytes),
      deviceStore: (physical, bytes, value) => deviceStore(Number(physical), bytes, value),
    };
    this.mmu = new Mmu(this.environment);
  }

  /** The hart's guest memory as its own data accesses would see it now: host address, or undefined; no exception, no count. */
  peek(address: bigint): number | undefined {
    const saved = this.hart.memory.u8.slice(this.hart.address, this.hart.address + this.hart.memory.layout.hartSize);
    const host = this.mmu.translate(this.hart, address, 'load', 'data');
    this.hart.memory.u8.set(saved, this.hart.address);
    return host === 0 || host === NOT_RAM ? undefined : host;
  }
}
