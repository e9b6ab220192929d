import { expect } from 'chai';
import { VirtioBlock } from '../../../lib/machine/devices/virtio/block.js';
import { MemoryBlockStore } from '../../../lib/machine/devices/virtio/block-store.js';
import { VirtioConsole } from '../../../lib/machine/devices/virtio/console.js';
import type { VirtioFunction } from '../../../lib/machine/devices/virtio/function.js';
import { VirtioMmio } from '../../../lib/machine/devices/virtio/mmio.js';
import { type NetworkPort, VirtioNet } from '../../../lib/machine/devices/virtio/net.js';
import { VirtioRng } from '../../../lib/machine/devices/virtio/rng.js';
import { RAM_BASE } from '../../../lib/machine/layout.js';
import { DriverQueue, driverReady, negotiate, offered, read32, TestHost, write32 } from '../../support/devices.js';

const BUFFER = RAM_BASE + 0x10000;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A driver with a device whose queues are set up. */
const bring = (inner: VirtioFunction) => {
  const host = new TestHost();
  const device = new VirtioMmio(host, 0, inner);
  expect(negotiate(device, offered(device) & ~(1n << 29n)) & 8).to.equal(8);
  const queues = Array.from({ length: inner.queues }, (_, i) => {
    const queue = new DriverQueue(host.memory, 16, RAM_BASE + 0x1000 + i * 0x4000);
    queue.register(device, i);
    return queue;
  });
  driverReady(device);
  const queue = (index: number): DriverQueue => queues[index] as DriverQueue;
  return { host, device, queue, kick: (index: number) => write32(device, 0x050, index) };
};

describe('devices/virtio block', () => {
  const contents = Uint8Array.from({ length: 8 * 512 }, (_, i) => (i * 7 + (i >> 9)) & 255);
  const request = (
    rig: ReturnType<typeof bring>,
    type: number,
    sector: number | bigint,
    data: Uint8Array | number,
  ): { status: number; data: Uint8Array; length: number } => {
    const queue = rig.queue(0);
    const writes = typeof data === 'number';
    const length = writes ? data : data.length;
    queue.poke(BUFFER, 4, type);
    queue.poke(BUFFER + 4, 4, 0);
    queue.poke(BUFFER + 8, 8, sector);
    if (!writes) rig.host.memory.write(BUFFER + 16, data);
    queue.poke(BUFFER + 16 + length, 1, 0xff);
    queue.describe(0, BUFFER, 16, 1, 1);
    queue.describe(1, BUFFER + 16, length, writes ? 3 : 1, 2);
    queue.describe(2, BUFFER + 16 + length, 1, 2);
    queue.offer(0);
    rig.kick(0);
    const used = queue.take();
    return {
      status: rig.host.memory.read(BUFFER + 16 + length, 1)[0] as number,
      data: rig.host.memory.read(BUFFER + 16, length),
      length: used?.length ?? -1,
    };
  };
  /** A range of a discard or write-zeroes request. */
  const range = (sector: bigint, sectors: number, flags: number): Uint8Array => {
    const result = new Uint8Array(16);
    const view = new DataView(result.buffer);
    view.setBigUint64(0, sector, true);
    view.setUint32(8, sectors, true);
    view.setUint32(12, flags, true);
    return result;
  };
  let store: MemoryBlockStore;
  let rig: ReturnType<typeof bring>;
  beforeEach(() => {
    store = new MemoryBlockStore(contents);
    rig = bring(new VirtioBlock(store, { serial: 'disk-0' }));
  });

  it('tells its capacity in sectors', () => {
    expect([read32(rig.device, 0x100), read32(rig.device, 0x104), read32(rig.device, 0x114)]).to.deep.equal([
      8, 0, 512,
    ]);
    expect(rig.device.load(0x138, 1)).to.equal(1);
  });

  it('reads, writes and flushes', () => {
    expect(request(rig, 0, 2, 1024)).to.deep.equal({ status: 0, data: contents.slice(1024, 2048), length: 1025 });
    expect(request(rig, 1, 7, new Uint8Array(512).fill(9)).status).to.equal(0);
    expect(store.read(7 * 512, 512).every((byte) => byte === 9)).to.equal(true);
    expect(request(rig, 4, 0, new Uint8Array()).status).to.equal(0);
  });

  it('answers IOERR beyond the end and for parts of sectors, UNSUPP for unknown types; none of them touches the disk', () => {
    expect(request(rig, 0, 8, 512).status).to.equal(1);
    expect(request(rig, 0, 7, 1024).status).to.equal(1);
    expect(request(rig, 0, (1n << 64n) - 1n, 512).status).to.equal(1);
    expect(request(rig, 1, 0, new Uint8Array(100)).status).to.equal(1);
    expect(request(rig, 99, 0, 512).status).to.equal(2);
    expect(store.read(0, contents.length)).to.deep.equal(contents);
  });

  it('get-id: the serial, padded to 20 bytes', () => {
    const { status, data } = request(rig, 8, 0, 20);
    expect([status, text(data)]).to.deep.equal([0, `disk-0${'\0'.repeat(14)}`]);
  });

  it('discards and write-zeroes, all ranges or none', () => {
    expect(request(rig, 13, 0, range(1n, 2, 1)).status).to.equal(0);
    expect(store.read(512, 1024).every((byte) => byte === 0)).to.equal(true);
    expect(store.read(1536, 512)).to.deep.equal(contents.slice(1536, 2048));
    expect(request(rig, 11, 0, range(3n, 1, 0)).status).to.equal(0);
    expect(request(rig, 11, 0, range(4n, 1, 1)).status).to.equal(2);
    expect(request(rig, 13, 0, range(4n, 1, 2)).status).to.equal(2);
    expect(request(rig, 13, 0, Uint8Array.from([...range(4n, 1, 0), ...range(8n, 1, 0)])).status).to.equal(1);
    expect(request(rig, 13, 0, new Uint8Array(8)).status).to.equal(1);
    expect(store.read(4 * 512, 512)).to.deep.equal(contents.slice(2048, 2560));
  });

  it('read-only: says so, and refuses every change', () => {
    rig = bring(new VirtioBlock(store, { readOnly: true }));
    expect(offered(rig.device) & (1n << 5n)).to.equal(1n << 5n);
    expect(request(rig, 1, 0, new Uint8Array(512)).status).to.equal(1);
    expect(request(rig, 13, 0, range(0n, 1, 0)).status).to.equal(1);
    expect(request(rig, 0, 0, 512).status).to.equal(0);
    expect(store.read(0, contents.length)).to.deep.equal(contents);
  });

  it('a request without room for a status needs a reset', () => {
    rig.queue(0).describe(0, BUFFER, 16, 0);
    rig.queue(0).offer(0);
    rig.kick(0);
    expect(read32(rig.device, 0x070) & 0x40).to.equal(0x40);
  });

  it('its snapshot holds the disk', () => {
    const saved = rig.device.save();
    request(rig, 1, 0, new Uint8Array(512));
    rig.device.restore(saved);
    expect(store.read(0, 512)).to.deep.equal(contents.slice(0, 512));
  });
});

describe('devices/virtio console', () => {
  it('sends and receives, keeping input until there are buffers', () => {
    let out = '';
    const inner = new VirtioConsole((sent) => {
      out += text(sent);
    });
    const { host, device, queue, kick } = bring(inner);
    host.memory.write(BUFFER, bytes('hello'));
    queue(1).describe(0, BUFFER, 2, 1, 1);
    queue(1).describe(1, BUFFER + 2, 3, 0);
    queue(1).offer(0);
    kick(1);
    expect([out, queue(1).take()]).to.deep.equal(['hello', { id: 0, length: 0 }]);
    inner.receive(bytes('input'));
    queue(0).describe(0, BUFFER + 64, 3, 2);
    queue(0).offer(0);
    kick(0);
    expect(queue(0).take()).to.deep.equal({ id: 0, length: 3 });
    queue(0).offer(0);
    kick(0);
    expect(queue(0).take()).to.deep.equal({ id: 0, length: 2 });
    expect(text(host.memory.read(BUFFER + 64, 2))).to.equal('ut');
    queue(0).offer(0);
    inner.receive(bytes('!'));
    expect(queue(0).take()).to.deep.equal({ id: 0, length: 1 });
    write32(device, 0x108, 0x58);
    expect(out).to.equal('helloX');
  });

  it('a resize is a configuration change', () => {
    const inner = new VirtioConsole(() => {});
    const { device } = bring(inner);
    const generation = read32(device, 0x0fc);
    inner.resize(132, 43);
    expect([device.load(0x100, 2), device.load(0x102, 2), read32(device, 0x060)]).to.deep.equal([132, 43, 2]);
    expect(read32(device, 0x0fc)).to.not.equal(generation);
  });
});

class Wire implements NetworkPort {
  readonly sent: Uint8Array[] = [];
  arrive: (frame: Uint8Array) => void = () => {};
  send(frame: Uint8Array): void {
    this.sent.push(frame);
  }
  onReceive(listener: (frame: Uint8Array) => void): void {
    this.arrive = listener;
  }
}

describe('devices/virtio net', () => {
  const frame = Uint8Array.from({ length: 60 }, (_, i) => i);
  let wire: Wire;
  let rig: ReturnType<typeof bring>;
  beforeEach(() => {
    wire = new Wire();
    rig = bring(new VirtioNet(wire, Uint8Array.of(2, 0, 0, 0, 0, 7)));
  });

  it('tells its address and that the link is up', () => {
    expect([0, 5, 6].map((at) => rig.device.load(0x100 + at, 1))).to.deep.equal([2, 7, 1]);
  });

  it('sends frames without the header, and drops what is no frame', () => {
    rig.host.memory.write(BUFFER + 12, frame);
    rig.queue(1).describe(0, BUFFER, 12, 1, 1);
    rig.queue(1).describe(1, BUFFER + 12, 60, 0);
    rig.queue(1).describe(2, BUFFER, 20, 0);
    rig.queue(1).offer(0);
    rig.queue(1).offer(2);
    rig.kick(1);
    expect(wire.sent).to.deep.equal([frame]);
    expect([rig.queue(1).take()?.id, rig.queue(1).take()?.id]).to.deep.equal([0, 2]);
  });

  it('receives frames behind a header with num_buffers 1, and keeps them until there are buffers', () => {
    wire.arrive(frame);
    rig.queue(0).describe(0, BUFFER, 12, 3, 1);
    rig.queue(0).describe(1, BUFFER + 100, 1514, 2);
    rig.queue(0).offer(0);
    rig.kick(0);
    expect(rig.queue(0).take()).to.deep.equal({ id: 0, length: 72 });
    expect([...rig.host.memory.read(BUFFER, 12)]).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    expect(rig.host.memory.read(BUFFER + 100, 60)).to.deep.equal(frame);
    rig.queue(0).describe(2, BUFFER, 20, 2);
    rig.queue(0).offer(2);
    wire.arrive(frame);
    expect(rig.queue(0).take()).to.deep.equal({ id: 2, length: 0 });
  });

  it('keeps a bounded number of frames, also in a snapshot', () => {
    for (let i = 0; i < 300; i++) wire.arrive(frame);
    wire.arrive(new Uint8Array(10_000));
    const saved = rig.device.save() as { inner: Uint8Array[] };
    expect(saved.inner).to.have.lengthOf(256);
  });
});

describe('devices/virtio rng', () => {
  it('gives the same bytes for the same seed, other bytes for another, and at most 4096 at once', () => {
    const draw = (seed: bigint): Uint8Array => {
      const { host, queue, kick } = bring(new VirtioRng(seed));
      queue(0).describe(0, BUFFER, 10_000, 2);
      queue(0).offer(0);
      kick(0);
      expect(queue(0).take()?.length).to.equal(4096);
      return host.memory.read(BUFFER, 4096);
    };
    expect(draw(1n)).to.deep.equal(draw(1n));
    expect(draw(1n)).to.not.deep.equal(draw(2n));
  });
});
