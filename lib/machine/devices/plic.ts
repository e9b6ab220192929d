/** Platform-level interrupt controller (RISC-V PLIC specification 1.0.0), with the registers and contexts of QEMU's `virt`. */
import { cells, type DeviceTreeNode, node, present, text, wideCells } from '../boot/device-tree.js';
import type { Device, DeviceHost, Phandles } from '../device.js';

/** Interrupt sources 1 to 95; source 0 does not exist. */
export const PLIC_SOURCES = 95;
const WORDS = (PLIC_SOURCES + 1) / 32;
/** Priorities are 3 bits wide; 0 means never ("Interrupt Priorities"). */
const PRIORITY_MASK = 7;
/** Register offsets; an enable block and a control block for each context. */
const PENDING = 0x1000;
const ENABLE = 0x2000;
const ENABLE_STRIDE = 0x80;
const CONTEXT = 0x200000;
const CONTEXT_STRIDE = 0x1000;
/** The lines that contexts 2n (M-mode) and 2n + 1 (S-mode) drive. */
const MEIP_BIT = 11;
const SEIP_BIT = 9;

interface Context {
  readonly enable: number[];
  threshold: number;
  /** Whether the context's line is up. */
  notifying: boolean;
}
interface State {
  readonly priority: number[];
  /** Bit maps by source: the level of the wire, a request in the core, a request claimed and not completed. */
  readonly level: number[];
  readonly pending: number[];
  readonly claimed: number[];
  readonly contexts: Context[];
}

const has = (map: readonly number[], source: number): boolean =>
  (((map[source >> 5] ?? 0) >>> (source & 31)) & 1) !== 0;
const put = (map: number[], source: number, bit: boolean): void => {
  const word = map[source >> 5] ?? 0;
  map[source >> 5] = (bit ? word | (1 << (source & 31)) : word & ~(1 << (source & 31))) >>> 0;
};
const words = (): number[] => Array<number>(WORDS).fill(0);

export class Plic implements Device {
  readonly name = 'plic';
  readonly base = 0xc000000;
  readonly size = 0x600000;
  #state: State;

  constructor(
    readonly host: Pick<DeviceHost, 'line'>,
    readonly harts: number,
  ) {
    this.#state = this.#initial();
  }
  #initial(): State {
    return {
      priority: Array<number>(PLIC_SOURCES + 1).fill(0),
      level: words(),
      pending: words(),
      claimed: words(),
      contexts: Array.from({ length: this.harts * 2 }, () => ({ enable: words(), threshold: 0, notifying: false })),
    };
  }

  /** Drives the wire of a source, 1 to 95: what `DeviceHost.interrupt` is connected to. */
  interrupt(source: number, level: boolean): void {
    if (has(this.#state.level, source) === level) return;
    put(this.#state.level, source, level);
    this.#gateway(source);
  }

  /**
   * The gateway of a level-triggered source forwards one request at a time: none while one is being served. A request
   * that the core has taken stays pending even if the wire falls ("Interrupt Gateways").
   */
  #gateway(source: number): void {
    const { level, pending, claimed } = this.#state;
    if (!has(level, source) || has(claimed, source) || has(pending, source)) return;
    put(pending, source, true);
    this.#notify();
  }

  /** The enabled pending source of highest priority above a threshold; of equals the lowest number ("Interrupt Priorities"). 0 if none. */
  #best({ enable }: Context, threshold: number): number {
    let best = 0;
    let highest = threshold;
    for (let word = 0; word < WORDS; word++) {
      let bits = (this.#state.pending[word] as number) & (enable[word] as number);
      for (; bits !== 0; bits &= bits - 1) {
        const source = word * 32 + 31 - Math.clz32(bits & -bits);
        const priority = this.#state.priority[source] as number;
        if (priority > highest) {
          highest = priority;
          best = source;
        }
      }
    }
    return best;
  }

  #notify(): void {
    for (const [index, context] of this.#state.contexts.entries()) {
      const notifying = this.#best(context, context.threshold) !== 0;
      if (notifying === context.notifying) continue;
      context.notifying = notifying;
      this.host.line(index >> 1, index % 2 === 0 ? MEIP_BIT : SEIP_BIT, notifying);
    }
  }

  /** Claiming ignores the threshold ("Interrupt Claim Process"). */
  #claim(context: Context): number {
    const source = this.#best(context, 0);
    if (source !== 0) {
      put(this.#state.pending, source, false);
      put(this.#state.claimed, source, true);
      this.#notify();
    }
    return source;
  }
  /** A completion for a source that the context has not enabled is ignored ("Interrupt Completion"). */
  #complete(context: Context, source: number): void {
    if (!has(context.enable, source) || !has(this.#state.claimed, source)) return;
    put(this.#state.claimed, source, false);
    this.#gateway(source);
  }

  load(offset: number, bytes: 1 | 2 | 4): number | undefined {
    if (bytes !== 4) return undefined;
    const { priority, pending, contexts } = this.#state;
    if (offset < PENDING) return priority[offset >> 2] ?? 0;
    if (offset < ENABLE) return pending[(offset - PENDING) >> 2] ?? 0;
    if (offset < CONTEXT)
      return contexts[Math.floor((offset - ENABLE) / ENABLE_STRIDE)]?.enable[(offset % ENABLE_STRIDE) >> 2] ?? 0;
    const context = contexts[Math.floor((offset - CONTEXT) / CONTEXT_STRIDE)];
    const register = offset % CONTEXT_STRIDE;
    if (context === undefined || register > 4) return 0;
    return register === 0 ? context.threshold : this.#claim(context);
  }

  store(offset: number, bytes: 1 | 2 | 4, value: number): boolean {
    if (bytes !== 4) return false;
    const { priority, contexts } = this.#state;
    if (offset < PENDING) {
      const source = offset >> 2;
      if (source >= 1 && source <= PLIC_SOURCES) priority[source] = value & PRIORITY_MASK;
    } else if (offset >= CONTEXT) {
      const context = contexts[Math.floor((offset - CONTEXT) / CONTEXT_STRIDE)];
      const register = offset % CONTEXT_STRIDE;
      if (context !== undefined && register === 0) context.threshold = value & PRIORITY_MASK;
      if (context !== undefined && register === 4) this.#complete(context, value);
    } else if (offset >= ENABLE) {
      const enable = contexts[Math.floor((offset - ENABLE) / ENABLE_STRIDE)]?.enable;
      const word = (offset % ENABLE_STRIDE) >> 2;
      if (enable !== undefined && word < WORDS) enable[word] = (word === 0 ? value & ~1 : value) >>> 0;
    }
    this.#notify();
    return true;
  }

  reset(): void {
    for (let hart = 0; hart < this.harts; hart++) {
      this.host.line(hart, MEIP_BIT, false);
      this.host.line(hart, SEIP_BIT, false);
    }
    this.#state = this.#initial();
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
      MEIP_BIT,
      phandles.hart(hart),
      SEIP_BIT,
    ]);
    return node(`plic@${this.base.toString(16)}`, {
      phandle: cells(phandles.plic),
      'riscv,ndev': cells(PLIC_SOURCES),
      reg: wideCells(this.base, this.size),
      'interrupts-extended': cells(...lines.flat()),
      'interrupt-controller': present(),
      compatible: text('sifive,plic-1.0.0', 'riscv,plic0'),
      '#address-cells': cells(0),
      '#interrupt-cells': cells(1),
    });
  }
}
