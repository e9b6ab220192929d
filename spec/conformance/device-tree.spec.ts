/** Our device trees against dtc and against the one that QEMU makes for its `virt` board. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildDeviceTree, type DeviceTreeNode, parseDeviceTree } from '../../lib/machine/boot/device-tree.js';
import { sampleTree } from '../support/board.js';

/** Parts of QEMU's board that this machine does not have. */
const absentNodes = /^\/(pmu|fw-cfg@|flash@|platform-bus@|soc\/pci@)/;
/** Properties whose values are this machine's own: numbers given to nodes, random bytes, names. */
const ownValues = /^(phandle|interrupt-parent|interrupts-extended|regmap|cpu|rng-seed|model|riscv,isa|mmu-type)$/;
/** QEMU 7.2 does not write these newer ones yet; its ndev counts source 0, which later versions corrected. */
const newer = /^(riscv,isa-base|riscv,isa-extensions)$/;

const flatten = (node: DeviceTreeNode, path = '', into = new Map<string, Uint8Array>()): Map<string, Uint8Array> => {
  for (const [name, value] of node.properties) into.set(`${path}/:${name}`, value);
  for (const child of node.children) flatten(child, `${path}/${child.name}`, into);
  return into;
};

describe('device tree conformance', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'vivarium-'));
  });
  after(() => rmSync(directory, { recursive: true }));
  const place = (name: string, contents: Uint8Array | string): string => {
    const path = join(directory, name);
    writeFileSync(path, contents);
    return path;
  };
  const dtc = (from: string, to: string, input: string) => {
    const output = `${input}.${to}`;
    const { status, stderr } = spawnSync('dtc', ['-I', from, '-O', to, '-o', output, input], { encoding: 'utf8' });
    return { status, output, warnings: stderr.match(/\((\w+)\)/g) ?? [] };
  };
  const qemuBlob = (): Uint8Array => {
    const file = join(directory, 'qemu.dtb');
    spawnSync('qemu-system-riscv64', ['-machine', `virt,dumpdtb=${file}`, '-m', '128', '-smp', '2', '-nographic']);
    return readFileSync(file);
  };

  it("dtc reads our blob and complains about nothing that it does not complain about in QEMU's", () => {
    const ours = dtc('dtb', 'dts', place('ours.dtb', buildDeviceTree(sampleTree())));
    const theirs = dtc('dtb', 'dts', place('theirs.dtb', qemuBlob()));
    expect(ours.status).to.equal(0);
    expect(new Set(theirs.warnings)).to.include.all.keys(...new Set(ours.warnings));
  });

  it('what dtc compiles from our source is the same tree', () => {
    const tree = sampleTree({ bootargs: 'quiet', rngSeed: Uint8Array.of(1, 2, 3, 4, 5) });
    const source = dtc('dtb', 'dts', place('round.dtb', buildDeviceTree(tree)));
    const again = dtc('dts', 'dtb', source.output);
    expect(again.status).to.equal(0);
    expect(parseDeviceTree(readFileSync(again.output))).to.deep.equal(tree);
  });

  it('parses what dtc compiles', () => {
    const source = `/dts-v1/; /memreserve/ 0x80000000 0x1000; / { a = <1 2>, "text", [ff]; b; n@1 { reg = <1>; m { }; }; };`;
    const { output } = dtc('dts', 'dtb', place('written.dts', source));
    const { root, reservations } = parseDeviceTree(readFileSync(output));
    expect(reservations).to.deep.equal([{ address: 0x80000000n, size: 0x1000n }]);
    expect([...flatten(root).keys()]).to.deep.equal(['/:a', '/:b', '/n@1/:reg']);
    expect([...(root.properties.get('a') as Uint8Array)]).to.deep.equal([
      0, 0, 0, 1, 0, 0, 0, 2, 116, 101, 120, 116, 0, 255,
    ]);
  });

  it("has the nodes and properties of QEMU's virt, with the same values", () => {
    const ours = flatten(sampleTree({ rngSeed: new Uint8Array(32) }).root);
    const theirs = flatten(parseDeviceTree(qemuBlob()).root);
    for (const key of theirs.keys()) if (absentNodes.test(key)) theirs.delete(key);
    const nameOf = (key: string): string => key.slice(key.indexOf(':') + 1);
    expect([...ours.keys()].filter((key) => !newer.test(nameOf(key))).sort()).to.deep.equal([...theirs.keys()].sort());
    for (const [key, value] of theirs) {
      if (ownValues.test(nameOf(key))) continue;
      if (nameOf(key) === 'riscv,ndev') expect([0x5f, 0x60]).to.include(value[3]);
      else expect([...(ours.get(key) as Uint8Array)], key).to.deep.equal([...value]);
    }
  });
});
