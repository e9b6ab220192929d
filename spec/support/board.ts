/** All devices of the board, unconnected, to describe and to compare. */

import { type BoardOptions, boardTree } from '../../lib/machine/boot/board.js';
import type { DeviceTree } from '../../lib/machine/boot/device-tree.js';
import type { Device } from '../../lib/machine/device.js';
import { Clint } from '../../lib/machine/devices/clint.js';
import { Finisher } from '../../lib/machine/devices/finisher.js';
import { Plic } from '../../lib/machine/devices/plic.js';
import { Rtc } from '../../lib/machine/devices/rtc.js';
import { Uart } from '../../lib/machine/devices/uart.js';
import { VIRTIO_SLOTS, VirtioMmio } from '../../lib/machine/devices/virtio/mmio.js';
import { TestHost } from './devices.js';

export const boardDevices = (harts: number): Device[] => {
  const host = new TestHost();
  return [
    new Finisher(() => {}),
    new Rtc(host, 0n),
    new Clint(host, harts),
    new Plic(host, harts),
    new Uart(host, () => {}),
    ...Array.from({ length: VIRTIO_SLOTS }, (_, slot) => new VirtioMmio(host, slot)),
  ];
};

const extensions = 'i m a f d c h zicntr zicsr zifencei sstc svadu'.split(' ');

export const sampleTree = (options: Partial<BoardOptions> = {}): DeviceTree =>
  boardTree({
    harts: 2,
    ramSize: 128 << 20,
    extensions,
    mmu: 'sv48',
    devices: boardDevices(options.harts ?? 2),
    ...options,
  });
