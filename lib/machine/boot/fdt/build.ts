/** Writing flattened device trees. */
import {
  type DeviceTree,
  DeviceTreeError,
  type DeviceTreeNode,
  FDT_BEGIN_NODE,
  FDT_COMPATIBLE,
  FDT_END,
  FDT_END_NODE,
  FDT_MAGIC,
  FDT_PROP,
  FDT_VERSION,
  HEADER_BYTES,
  RESERVATION_BYTES,
  validName,
} from './format.js';

const align4 = (value: number): number => (value + 3) & ~3;

/** The structure and the strings block under construction. */
class Blocks {
  readonly structure: number[] = [];
  readonly strings: number[] = [];
  readonly #offsets = new Map<string, number>();

  word(value: number): void {
    this.structure.push((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  }
  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.structure.push(byte);
    while (this.structure.length % 4 !== 0) this.structure.push(0);
  }
  /** Offset of a name in the strings block, where each name is stored once. */
  name(name: string): number {
    let offset = this.#offsets.get(name);
    if (offset === undefined) {
      offset = this.strings.length;
      this.#offsets.set(name, offset);
      this.strings.push(...new TextEncoder().encode(name), 0);
    }
    return offset;
  }
}

const checkName = (what: string, name: string, path: string): void => {
  if (!validName(name))
    throw new DeviceTreeError(
      'FDT_NAME',
      -1,
      `${path}: ${JSON.stringify(name)} cannot name a ${what}`,
      'buildDeviceTree',
    );
};

const writeNode = (blocks: Blocks, { name, properties, children }: DeviceTreeNode, path: string): void => {
  blocks.word(FDT_BEGIN_NODE);
  blocks.bytes(new TextEncoder().encode(`${name}\0`));
  for (const [key, value] of properties) {
    checkName('property', key, path);
    blocks.word(FDT_PROP);
    blocks.word(value.length);
    blocks.word(blocks.name(key));
    blocks.bytes(value);
  }
  const names = new Set<string>();
  for (const child of children) {
    checkName('node', child.name, path);
    if (names.has(child.name))
      throw new DeviceTreeError('FDT_DUPLICATE', -1, `${path} has two nodes ${child.name}`, 'buildDeviceTree');
    names.add(child.name);
    writeNode(blocks, child, `${path}${child.name}/`);
  }
  blocks.word(FDT_END_NODE);
};

/**
 * Encodes a tree as a version 17 blob: header, memory reservation block, structure block, strings block (clause 5.1).
 * @throws DeviceTreeError if a name is invalid, twice in a node, or the root has one.
 */
export const buildDeviceTree = ({ root, reservations, bootCpu }: DeviceTree): Uint8Array => {
  if (root.name !== '')
    throw new DeviceTreeError('FDT_NAME', -1, `the root is named ${JSON.stringify(root.name)}`, 'buildDeviceTree');
  const blocks = new Blocks();
  writeNode(blocks, root, '/');
  blocks.word(FDT_END);

  const structureAt = HEADER_BYTES + (reservations.length + 1) * RESERVATION_BYTES;
  const stringsAt = structureAt + blocks.structure.length;
  const blob = new Uint8Array(align4(stringsAt + blocks.strings.length));
  const view = new DataView(blob.buffer);
  const header = [
    FDT_MAGIC,
    blob.length,
    structureAt,
    stringsAt,
    HEADER_BYTES,
    FDT_VERSION,
    FDT_COMPATIBLE,
    bootCpu,
    blocks.strings.length,
    blocks.structure.length,
  ];
  for (const [i, word] of header.entries()) view.setUint32(i * 4, word);
  // The block ends with an entry of zeros, which a new array already has.
  for (const [i, { address, size }] of reservations.entries()) {
    view.setBigUint64(HEADER_BYTES + i * RESERVATION_BYTES, address);
    view.setBigUint64(HEADER_BYTES + i * RESERVATION_BYTES + 8, size);
  }
  blob.set(blocks.structure, structureAt);
  blob.set(blocks.strings, stringsAt);
  return blob;
};
