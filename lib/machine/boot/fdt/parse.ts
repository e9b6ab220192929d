/** Reading flattened device trees, trusting nothing in them. */
import {
  type DeviceTree,
  DeviceTreeError,
  type DeviceTreeNode,
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_MAGIC,
  FDT_NOP,
  FDT_PROP,
  FDT_VERSION,
  HEADER_BYTES,
  RESERVATION_BYTES,
  validName,
} from './format.js';

interface Block {
  readonly at: number;
  readonly end: number;
}
interface Header {
  readonly total: number;
  readonly reservationsAt: number;
  readonly bootCpu: number;
  readonly structure: Block;
  readonly strings: Block;
}
/** A node whose end has not been seen yet. */
interface OpenNode {
  readonly name: string;
  readonly properties: Map<string, Uint8Array>;
  readonly children: DeviceTreeNode[];
  readonly names: Set<string>;
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const parseHeader = (view: DataView): Header => {
  if (view.byteLength < HEADER_BYTES)
    throw new DeviceTreeError('FDT_TRUNCATED', 0, `the header needs 40 bytes, there are ${view.byteLength}`);
  const word = (index: number): number => view.getUint32(index * 4);
  if (word(0) !== FDT_MAGIC) throw new DeviceTreeError('FDT_MAGIC', 0, `the magic is 0x${word(0).toString(16)}`);
  const total = word(1);
  if (total < HEADER_BYTES || total > view.byteLength)
    throw new DeviceTreeError('FDT_TRUNCATED', 4, `totalsize is ${total}, there are ${view.byteLength} bytes`);
  if (word(5) < FDT_VERSION || word(6) > FDT_VERSION)
    throw new DeviceTreeError('FDT_VERSION', 20, `version is ${word(5)}, compatible with ${word(6)}`);
  const block = (what: string, field: number, size: number, alignment: number): Block => {
    const at = word(field);
    if (at % alignment !== 0 || at < HEADER_BYTES || at + size > total)
      throw new DeviceTreeError('FDT_BLOCK', field * 4, `the ${what} block is bytes ${at} to ${at + size} of ${total}`);
    return { at, end: at + size };
  };
  return {
    total,
    bootCpu: word(7),
    structure: block('structure', 2, word(9), 4),
    strings: block('strings', 3, word(8), 1),
    reservationsAt: block('memory reservation', 4, RESERVATION_BYTES, 8).at,
  };
};

const parseReservations = (view: DataView, { reservationsAt, total }: Header) => {
  const reservations: { address: bigint; size: bigint }[] = [];
  for (let at = reservationsAt; at + RESERVATION_BYTES <= total; at += RESERVATION_BYTES) {
    const entry = { address: view.getBigUint64(at), size: view.getBigUint64(at + 8) };
    if (entry.address === 0n && entry.size === 0n) return reservations;
    reservations.push(entry);
  }
  throw new DeviceTreeError('FDT_RESERVATIONS', reservationsAt, 'the memory reservation block has no end');
};

/** Walks the structure block. Nesting is kept in a list of open nodes, so depth costs no stack. */
class StructureReader {
  #at: number;
  readonly #open: OpenNode[] = [];
  #root: DeviceTreeNode | undefined;

  constructor(
    readonly bytes: Uint8Array,
    readonly view: DataView,
    readonly header: Header,
  ) {
    this.#at = header.structure.at;
  }

  read(): DeviceTreeNode {
    for (;;) {
      const start = this.#at;
      const token = this.#word();
      if (token === FDT_BEGIN_NODE) this.#begin(start);
      else if (token === FDT_PROP) this.#property(start);
      else if (token === FDT_END_NODE) this.#end(start);
      else if (token === FDT_END) return this.#finish(start);
      else if (token !== FDT_NOP) throw new DeviceTreeError('FDT_TOKEN', start, `0x${token.toString(16)} is no token`);
    }
  }

  /** The next `size` bytes; moves on to the next multiple of 4. */
  #take(size: number): Uint8Array {
    const at = this.#at;
    if (at + size > this.header.structure.end)
      throw new DeviceTreeError('FDT_TRUNCATED', at, 'the structure block ends in the middle of a token');
    this.#at = at + ((size + 3) & ~3);
    // The block is aligned to 4, so only its own end can cut the padding short.
    return this.bytes.subarray(at, at + size);
  }
  #word(): number {
    const at = this.#at;
    this.#take(4);
    return this.view.getUint32(at);
  }

  #begin(start: number): void {
    const zero = this.bytes.subarray(0, this.header.structure.end).indexOf(0, this.#at);
    if (zero < 0) throw new DeviceTreeError('FDT_TRUNCATED', start, 'the name of a node has no end');
    const bytes = this.#take(zero + 1 - this.#at);
    const name = bytes.length > 256 ? '/' : latin1(bytes.subarray(0, -1));
    const parent = this.#open.at(-1);
    if (parent === undefined) {
      if (this.#root !== undefined) throw new DeviceTreeError('FDT_STRUCTURE', start, 'there is a second root');
      if (name !== '') throw new DeviceTreeError('FDT_NAME', start, 'the root has a name');
    } else {
      if (!validName(name)) throw new DeviceTreeError('FDT_NAME', start, 'the name of a node is invalid');
      if (parent.names.has(name)) throw new DeviceTreeError('FDT_DUPLICATE', start, `a second node ${name}`);
      parent.names.add(name);
    }
    this.#open.push({ name, properties: new Map(), children: [], names: new Set() });
  }

  #property(start: number): void {
    const length = this.#word();
    const nameAt = this.#word();
    // Not slice(): on a Node Buffer that would be a view.
    const value = new Uint8Array(this.#take(length));
    const node = this.#open.at(-1);
    if (node === undefined) throw new DeviceTreeError('FDT_STRUCTURE', start, 'a property is outside of all nodes');
    if (node.children.length > 0)
      throw new DeviceTreeError('FDT_STRUCTURE', start, 'a property comes after a child node (clause 5.4.2)');
    const name = this.#string(nameAt, start + 8);
    if (node.properties.has(name)) throw new DeviceTreeError('FDT_DUPLICATE', start, `a second property ${name}`);
    node.properties.set(name, value);
  }

  #string(offset: number, start: number): string {
    const { at, end } = this.header.strings;
    // A name has at most 255 bytes: many properties sharing one long name must not cost its length each time.
    const bytes = this.bytes.subarray(Math.min(at + offset, end), Math.min(at + offset + 256, end));
    const zero = bytes.indexOf(0);
    const name = latin1(bytes.subarray(0, Math.max(zero, 0)));
    if (!validName(name))
      throw new DeviceTreeError('FDT_NAME', start, `byte ${offset} of the strings block does not begin a name`);
    return name;
  }

  #end(start: number): void {
    const closed = this.#open.pop();
    if (closed === undefined) throw new DeviceTreeError('FDT_STRUCTURE', start, 'a node ends that has not begun');
    const { name, properties, children } = closed;
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = { name, properties, children };
    else parent.children.push({ name, properties, children });
  }

  #finish(start: number): DeviceTreeNode {
    if (this.#root === undefined || this.#open.length > 0)
      throw new DeviceTreeError('FDT_STRUCTURE', start, `the tree ends with ${this.#open.length} nodes open`);
    if (this.#at !== this.header.structure.end)
      throw new DeviceTreeError('FDT_STRUCTURE', this.#at, 'the structure block goes on after its end token');
    return this.#root;
  }
}

/**
 * Decodes a blob of version 17 or a later one compatible with it. Property values are copies.
 * @throws DeviceTreeError on anything malformed; nothing else, in time linear in the blob's length.
 */
export const parseDeviceTree = (bytes: Uint8Array): DeviceTree => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = parseHeader(view);
  return {
    root: new StructureReader(bytes, view, header).read(),
    reservations: parseReservations(view, header),
    bootCpu: header.bootCpu,
  };
};
