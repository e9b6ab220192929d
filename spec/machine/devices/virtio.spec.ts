import { expect } from 'chai';
import { VirtioBlock } from '../../../lib/machine/devices/virtio/block.js';
import { MemoryBlockStore } from '../../../lib/machine/devices/virtio/block-store.js';
import { VirtioMmio } from '../../../lib/machine/devices/virtio/mmio.js';
import { VirtioRng } from '../../../lib/machine/devices/virtio/rng.js';
import { RAM_BASE } from '../../../lib/machine/layout.js';
import {
  DriverQueue,
  driverReady,
  negotiate,
  offered,
  read32,
  smallMemory,
  TestHost,
  write32,
} from '../../support/devices.js';
import { Random } from '../../support/random.js';

const VERSION_1 = 1n << 32n;
const INDIRECT = 1n << 28n;
const EVENT_IDX = 1n << 29n;
const STATUS = 0x070;
const NOTIFY = 0x050;
const NEEDS_RESET = 0x40;
const BUFFER = RAM_BASE + 0x8000;

describe('devices/virtio transport', () => {
  let host: TestHost;
  let device: VirtioMmio;
  let queue: DriverQueue;
  const start = (features = VERSION_1): void => {
    expect(negotiate(device, features) & 8).to.equal(8);
    queue = new DriverQueue(host.memory);
    queue.register(device, 0);
    driverReady(device);
  };
  beforeEach(() => {
    host = new TestHost();
    device = new VirtioMmio(host, 2, new VirtioRng(1n));
  });

  it('identifies itself, and an empty slot as type 0', () => {
    expect([0, 4, 8].map((at) => read32(device, at))).to.deep.equal([0x74726976, 2, 4]);
    expect([device.base, offered(device)]).to.deep.equal([0x10003000, VERSION_1 | INDIRECT | EVENT_IDX]);
    const empty = new VirtioMmio(host, 7);
    expect([0, 4, 8, 0x34].map((at) => read32(empty, at))).to.deep.equal([0x74726976, 2, 0, 0]);
    write32(empty, STATUS, 15);
    write32(empty, NOTIFY, 0);
    expect(read32(empty, STATUS)).to.equal(0);
    expect(device.load(0, 1)).to.equal(undefined);
  });

  it('3.1.1: FEATURES_OK is refused without VERSION_1 and for features not offered', () => {
    expect(negotiate(device, 0n)).to.equal(3);
    expect(negotiate(device, VERSION_1 | 1n)).to.equal(3);
    expect(negotiate(device, VERSION_1)).to.equal(11);
  });

  it('2.1.2: uses no buffer before DRIVER_OK, then those already offered', () => {
    negotiate(device, VERSION_1);
    queue = new DriverQueue(host.memory);
    queue.register(device, 0);
    queue.describe(0, BUFFER, 16, 2);
    queue.offer(0);
    write32(device, NOTIFY, 0);
    expect(queue.take()).to.equal(undefined);
    driverReady(device);
    expect(queue.take()).to.deep.equal({ id: 0, length: 16 });
    expect([host.source(3), read32(device, 0x60)]).to.deep.equal([true, 1]);
    write32(device, 0x64, 1);
    expect([host.source(3), read32(device, 0x60)]).to.deep.equal([false, 0]);
  });

  it('follows chained and indirect descriptors', () => {
    start(VERSION_1 | INDIRECT);
    queue.describe(3, BUFFER, 5, 2 | 1, 6);
    queue.describe(6, BUFFER + 100, 7, 2);
    const table = RAM_BASE + 0x6000;
    queue.describe(0, BUFFER + 200, 3, 2 | 1, 1, table);
    queue.describe(1, BUFFER + 300, 4, 2, 0, table);
    queue.describe(1, table, 32, 4);
    queue.offer(3);
    queue.offer(1);
    write32(device, NOTIFY, 0);
    expect([queue.take(), queue.take()]).to.deep.equal([
      { id: 3, length: 12 },
      { id: 1, length: 7 },
    ]);
    expect(host.memory.read(BUFFER + 100, 7).some((byte) => byte !== 0)).to.equal(true);
    expect(host.memory.read(BUFFER + 107, 8).every((byte) => byte === 0)).to.equal(true);
  });

  it('2.7.7: the flag, or the used event, suppresses interrupts; the avail event asks for the next kick', () => {
    start();
    queue.describe(0, BUFFER, 8, 2);
    queue.poke(queue.available, 2, 1);
    queue.offer(0);
    write32(device, NOTIFY, 0);
    expect([queue.take()?.id, host.source(3)]).to.deep.equal([0, false]);

    host.memory.fill(RAM_BASE, 1 << 16, 0);
    start(VERSION_1 | EVENT_IDX);
    queue.poke(queue.available + 4 + queue.size * 2, 2, 1);
    queue.describe(0, BUFFER, 8, 2);
    queue.offer(0);
    write32(device, NOTIFY, 0);
    expect(host.source(3)).to.equal(false);
    expect(queue.peek(queue.used + 4 + queue.size * 8, 2)).to.equal(1);
    queue.offer(0);
    write32(device, NOTIFY, 0);
    expect(host.source(3)).to.equal(true);
  });

  it('wraps the ring and the 16-bit indices', () => {
    start();
    queue.describe(0, BUFFER, 8, 2);
    for (let i = 0; i < 70_000; i++) {
      queue.offer(0);
      write32(device, NOTIFY, 0);
      if (queue.take()?.length !== 8) throw new Error(`buffer ${i}`);
    }
  });

  const malformed: readonly [string, (q: DriverQueue) => void][] = [
    ['a descriptor beyond the table is available', (q) => q.offer(8)],
    ['more buffers are available than the queue has', (q) => q.poke(q.available + 2, 2, 9)],
    [
      'a chain loops',
      (q) => {
        q.describe(0, BUFFER, 1, 3, 1);
        q.describe(1, BUFFER, 1, 3, 0);
        q.offer(0);
      },
    ],
    [
      'a chain leaves the table',
      (q) => {
        q.describe(0, BUFFER, 1, 3, 8);
        q.offer(0);
      },
    ],
    [
      'a buffer is outside of RAM',
      (q) => {
        q.describe(0, 0x1000, 1, 2);
        q.offer(0);
      },
    ],
    [
      'a buffer is at the end of the address space',
      (q) => {
        q.describe(0, (1n << 64n) - 1n, 16, 2);
        q.offer(0);
      },
    ],
    [
      'a buffer crosses the end of RAM',
      (q) => {
        q.describe(0, RAM_BASE + (1 << 20) - 8, 9, 2);
        q.offer(0);
      },
    ],
    [
      'reading follows writing',
      (q) => {
        q.describe(0, BUFFER, 1, 3, 1);
        q.describe(1, BUFFER, 1, 0);
        q.offer(0);
      },
    ],
    [
      'an indirect table is cut',
      (q) => {
        q.describe(0, BUFFER, 17, 4);
        q.offer(0);
      },
    ],
    [
      'an indirect table is empty',
      (q) => {
        q.describe(0, BUFFER, 0, 4);
        q.offer(0);
      },
    ],
    [
      'indirect tables nest',
      (q) => {
        q.describe(0, BUFFER, 16, 4);
        q.describe(0, BUFFER, 16, 4, 0, BUFFER);
        q.offer(0);
      },
    ],
    [
      'an indirect descriptor goes on',
      (q) => {
        q.describe(0, BUFFER, 16, 4 | 1, 1);
        q.offer(0);
      },
    ],
    [
      'a chain is longer than RAM',
      (q) => {
        q.describe(0, RAM_BASE, 1 << 20, 3, 1);
        q.describe(1, RAM_BASE, 1 << 20, 2);
        q.offer(0);
      },
    ],
  ];
  for (const [what, act] of malformed)
    it(`needs a reset when ${what}, and works after it`, () => {
      start(VERSION_1 | INDIRECT);
      act(queue);
      write32(device, NOTIFY, 0);
      expect(read32(device, STATUS)).to.equal(15 | NEEDS_RESET);
      expect(device.failure).to.be.a('string');
      expect([read32(device, 0x60), host.source(3)]).to.deep.equal([2, true]);
      write32(device, STATUS, 15);
      expect(read32(device, STATUS) & NEEDS_RESET).to.equal(NEEDS_RESET);
      host.memory.fill(RAM_BASE, 1 << 20, 0);
      start();
      expect(host.source(3)).to.equal(false);
      queue.describe(0, BUFFER, 8, 2);
      queue.offer(0);
      write32(device, NOTIFY, 0);
      expect(queue.take()).to.deep.equal({ id: 0, length: 8 });
    });

  it('needs a reset for indirect descriptors that were not negotiated', () => {
    start();
    queue.describe(0, BUFFER, 16, 4);
    queue.offer(0);
    write32(device, NOTIFY, 0);
    expect(read32(device, STATUS) & NEEDS_RESET).to.equal(NEEDS_RESET);
  });

  it('refuses a queue of a bad size, misaligned or outside of RAM', () => {
    for (const [register, value] of [
      [0x038, 3],
      [0x038, 0],
      [0x038, 512],
      [0x080, RAM_BASE + 8],
      [0x080, 0],
      [0x094, 1],
      [0x0a0, RAM_BASE + 2],
    ] as const) {
      negotiate(device, VERSION_1);
      new DriverQueue(host.memory).register(device, 0);
      write32(device, 0x044, 0);
      const fresh = new DriverQueue(host.memory);
      write32(device, 0x038, 8);
      write32(device, 0x080, fresh.descriptors);
      write32(device, 0x090, fresh.available);
      write32(device, 0x0a0, fresh.used);
      write32(device, register, value);
      write32(device, 0x044, 1);
      expect([read32(device, 0x044), read32(device, STATUS)]).to.deep.equal([0, 11 | NEEDS_RESET]);
    }
  });

  it('survives a buffer that overlaps the available ring', () => {
    const disk = new VirtioMmio(host, 0, new VirtioBlock(new MemoryBlockStore(new Uint8Array(512).fill(0xff))));
    negotiate(disk, VERSION_1);
    queue = new DriverQueue(host.memory);
    queue.register(disk, 0);
    driverReady(disk);
    host.memory.fill(BUFFER, 16, 0);
    queue.describe(0, BUFFER, 16, 1, 1);
    queue.describe(1, queue.available, 513, 2);
    for (let i = 0; i < 8; i++) queue.offer(0);
    write32(disk, NOTIFY, 0);
    expect(queue.peek(queue.used + 2, 2)).to.be.at.most(8);
  });

  it('random rings: always answers, never throws, never hangs', () => {
    const random = new Random(2024);
    const memory = smallMemory(1 << 16);
    host = new TestHost(memory);
    const devices = [
      new VirtioMmio(host, 0, new VirtioBlock(new MemoryBlockStore(random32(random, 8192)))),
      new VirtioMmio(host, 1, new VirtioRng(3n)),
    ];
    let resets = 0;
    for (let round = 0; round < 1500; round++) {
      const target = random.pick(devices);
      negotiate(target, VERSION_1 | (random.below(2) === 0 ? INDIRECT : EVENT_IDX));
      const ring = new DriverQueue(memory, 8, RAM_BASE);
      ring.register(target, 0);
      driverReady(target);
      for (let i = 0; i < 8; i++)
        ring.describe(i, RAM_BASE + random.below(70_000), random.below(600), random.below(8), random.below(9));
      for (let i = random.below(10); i > 0; i--) ring.offer(random.below(8));
      if (random.below(8) === 0) memory.write(RAM_BASE, random32(random, 0x3000));
      write32(target, NOTIFY, random.below(2));
      if ((read32(target, STATUS) & NEEDS_RESET) !== 0) resets++;
      memory.fill(RAM_BASE, 0x3000, 0);
    }
    expect(resets).to.be.within(100, 1499);
  });

  it('random register accesses: never throws', () => {
    const random = new Random(5);
    for (let i = 0; i < 20_000; i++) {
      const offset = random.below(0x120) & ~3;
      if (random.below(2) === 0) device.load(offset, 4);
      else device.store(offset, 4, random.below(3) === 0 ? random.next32() : random.below(16));
    }
  });

  it('a saved device goes on like the original', () => {
    start();
    queue.describe(0, BUFFER, 32, 2);
    queue.offer(0);
    write32(device, NOTIFY, 0);
    const twinHost = new TestHost(smallMemory());
    twinHost.memory.u8.set(host.memory.u8);
    const twin = new VirtioMmio(twinHost, 2, new VirtioRng(99n));
    twin.restore(device.save());
    queue.offer(0);
    twinHost.memory.u8.set(host.memory.u8);
    write32(device, NOTIFY, 0);
    write32(twin, NOTIFY, 0);
    expect(twinHost.memory.read(BUFFER, 32)).to.deep.equal(host.memory.read(BUFFER, 32));
    expect(twin.save()).to.deep.equal(device.save());
  });
});

const random32 = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => random.below(256));
