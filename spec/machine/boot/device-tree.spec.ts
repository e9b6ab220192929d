import { expect } from 'chai';
import {
  buildDeviceTree,
  cells,
  DeviceTreeError,
  type DeviceTreeNode,
  node,
  parseDeviceTree,
  present,
  text,
  wideCells,
} from '../../../lib/machine/boot/device-tree.js';
import { sampleTree } from '../../support/board.js';
import { Random } from '../../support/random.js';

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(DeviceTreeError);
    return (error as DeviceTreeError).code;
  }
  return 'accepted';
};
const build = (root: DeviceTreeNode) => buildDeviceTree({ root, reservations: [], bootCpu: 0 });
const child = (root: DeviceTreeNode, ...path: string[]): DeviceTreeNode =>
  path.reduce((at, name) => at.children.find((n) => n.name === name) as DeviceTreeNode, root);

describe('boot/device-tree', () => {
  it('reads back what it writes: nodes, values, reservations, boot CPU', () => {
    const root = node('', { '#address-cells': cells(2), empty: present(), list: text('a', 'bc') }, [
      node('one@1', { wide: wideCells(1n << 40n, 7) }, [node('leaf', { odd: Uint8Array.of(1, 2, 3) })]),
      node('two', { empty: present() }),
    ]);
    const tree = { root, reservations: [{ address: 0x80000000n, size: 4096n }], bootCpu: 3 };
    expect(parseDeviceTree(buildDeviceTree(tree))).to.deep.equal(tree);
  });

  it('clause 5.2: writes the header fields that a loader looks at', () => {
    const blob = build(node('', {}));
    const view = new DataView(blob.buffer);
    const header = Array.from({ length: 10 }, (_, i) => view.getUint32(i * 4));
    expect(header).to.deep.equal([0xd00dfeed, 72, 56, 72, 40, 17, 16, 0, 0, 16]);
  });

  it('stores each property name once', () => {
    const two = build(node('', { shared: cells(1) }, [node('a', { shared: cells(1) })]));
    const text = String.fromCharCode(...two);
    expect(text.split('shared').length).to.equal(2);
  });

  it('refuses to build what it would refuse to read', () => {
    expect(codeOf(() => build(node('name', {})))).to.equal('FDT_NAME');
    expect(codeOf(() => build(node('', {}, [node('a/b', {})])))).to.equal('FDT_NAME');
    expect(codeOf(() => build(node('', { 'a b': present() })))).to.equal('FDT_NAME');
    expect(codeOf(() => build(node('', {}, [node('a', {}), node('a', {})])))).to.equal('FDT_DUPLICATE');
  });

  describe('refuses, with the offset', () => {
    const good = build(node('', { p: cells(1) }, [node('c', { q: cells(2) })]));
    // The structure block: root (56), p (64), c (80), q (88), two ends (104, 108), end (112).
    const broken = (at: number, word: number): Uint8Array => {
      const copy = good.slice();
      new DataView(copy.buffer).setUint32(at, word);
      return copy;
    };
    const cases: readonly [string, Uint8Array, string, number][] = [
      ['no header', good.slice(0, 39), 'FDT_TRUNCATED', 0],
      ['another magic', broken(0, 1), 'FDT_MAGIC', 0],
      ['a missing end', good.slice(0, -1), 'FDT_TRUNCATED', 4],
      ['a future format', broken(24, 18), 'FDT_VERSION', 20],
      ['a past format', broken(20, 16), 'FDT_VERSION', 20],
      ['a structure block out of bounds', broken(8, 0xfffffffc), 'FDT_BLOCK', 8],
      ['a misaligned structure block', broken(8, 57), 'FDT_BLOCK', 8],
      ['a strings block out of bounds', broken(32, 100), 'FDT_BLOCK', 12],
      ['misaligned reservations', broken(16, 44), 'FDT_BLOCK', 16],
      ['an unknown token', broken(64, 7), 'FDT_TOKEN', 64],
      ['a property longer than the block', broken(68, 0xffffffff), 'FDT_TRUNCATED', 76],
      ['a name outside of the strings', broken(72, 99), 'FDT_NAME', 72],
      ['a tree that ends too early', broken(80, 9), 'FDT_STRUCTURE', 80],
      ['a node that ends too often', broken(112, 2), 'FDT_STRUCTURE', 112],
      ['a second root', broken(112, 1), 'FDT_TRUNCATED', 112],
    ];
    for (const [what, bytes, code, offset] of cases)
      it(what, () => {
        expect(() => parseDeviceTree(bytes))
          .to.throw(DeviceTreeError)
          .that.includes({ code, offset });
      });
  });

  it('takes any nesting without using the stack', () => {
    const depth = 200_000;
    const words: number[] = [1, 0];
    for (let i = 1; i < depth; i++) words.push(1, 0x61000000);
    for (let i = 0; i < depth; i++) words.push(2);
    words.push(9);
    const blob = new Uint8Array(56 + words.length * 4);
    const view = new DataView(blob.buffer);
    for (const [i, word] of [0xd00dfeed, blob.length, 56, blob.length, 40, 17, 16, 0, 0, words.length * 4].entries())
      view.setUint32(i * 4, word);
    for (const [i, word] of words.entries()) view.setUint32(56 + i * 4, word);
    expect(parseDeviceTree(blob).root.children).to.have.lengthOf(1);
  });

  it('throws nothing but DeviceTreeError, whatever the bytes', () => {
    const random = new Random(42);
    const seedBlob = buildDeviceTree(sampleTree());
    let refused = 0;
    for (let round = 0; round < 4000; round++) {
      const blob = seedBlob.slice();
      for (let i = 1 + random.below(4); i > 0; i--)
        if (random.below(2) === 0) blob[random.below(blob.length)] = random.below(256);
        else new DataView(blob.buffer).setUint32(random.below(blob.length / 4) * 4, random.below(12));
      if (codeOf(() => parseDeviceTree(blob)) !== 'accepted') refused++;
      codeOf(() => parseDeviceTree(blob.slice(0, random.below(blob.length))));
    }
    expect(refused).to.be.greaterThan(1000);
  });
});

describe('boot/board', () => {
  it('describes the machine asked for', () => {
    const { root } = sampleTree({
      harts: 1,
      ramSize: 64 << 20,
      bootargs: 'console=ttyS0',
      initrd: { start: 0x83000000, end: 0x83001234 },
      rngSeed: Uint8Array.of(1, 2, 3, 4),
    });
    const chosen = child(root, 'chosen').properties;
    expect(chosen.get('bootargs')).to.deep.equal(text('console=ttyS0'));
    expect(chosen.get('stdout-path')).to.deep.equal(text('/soc/serial@10000000'));
    expect(chosen.get('linux,initrd-start')).to.deep.equal(wideCells(0x83000000));
    expect(chosen.get('linux,initrd-end')).to.deep.equal(wideCells(0x83001234));
    expect(chosen.get('rng-seed')).to.deep.equal(Uint8Array.of(1, 2, 3, 4));
    expect(child(root, 'memory@80000000').properties.get('reg')).to.deep.equal(wideCells(0x80000000, 64 << 20));
    const cpu = child(root, 'cpus', 'cpu@0').properties;
    expect(cpu.get('riscv,isa')).to.deep.equal(text('rv64imafdch_zicntr_zicsr_zifencei_sstc_svadu'));
    expect(cpu.get('mmu-type')).to.deep.equal(text('riscv,sv48'));
    expect(child(root, 'cpus').properties.get('timebase-frequency')).to.deep.equal(cells(10_000_000));
    expect(child(root, 'cpus').children.map(({ name }) => name)).to.deep.equal(['cpu@0', 'cpu-map']);
  });
});
