/** Test finisher (SiFive): a guest writes here to end the run or to reset the machine, as QEMU's `virt` has it. */
import { cells, type DeviceTreeNode, node, text, wideCells } from '../boot/device-tree.js';
import type { Device, Phandles } from '../device.js';

/** The low half of the register; a failure's exit code is the high half. */
export const FINISHER_FAIL = 0x3333;
export const FINISHER_PASS = 0x5555;
export const FINISHER_RESET = 0x7777;

export type Finish =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail'; readonly code: number }
  | { readonly kind: 'reset' };

/** It keeps no state: the machine acts on what it reports. */
export class Finisher implements Device {
  readonly name = 'finisher';
  readonly base = 0x100000;
  readonly size = 0x1000;

  constructor(readonly onFinish: (finish: Finish) => void) {}

  load(_offset: number, bytes: 1 | 2 | 4): number | undefined {
    return bytes === 1 ? undefined : 0;
  }
  store(offset: number, bytes: 1 | 2 | 4, value: number): boolean {
    if (bytes === 1) return false;
    if (offset !== 0) return true;
    const status = value & 0xffff;
    if (status === FINISHER_PASS) this.onFinish({ kind: 'pass' });
    else if (status === FINISHER_FAIL) this.onFinish({ kind: 'fail', code: value >>> 16 });
    else if (status === FINISHER_RESET) this.onFinish({ kind: 'reset' });
    return true;
  }

  reset(): void {}
  save(): unknown {
    return {};
  }
  restore(): void {}
  node(phandles: Phandles): DeviceTreeNode {
    return node(`test@${this.base.toString(16)}`, {
      phandle: cells(phandles.finisher),
      reg: wideCells(this.base, this.size),
      compatible: text('sifive,test1', 'sifive,test0', 'syscon'),
    });
  }
}
