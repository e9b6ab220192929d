/** Flattened device tree, version 17: constants, the tree as a value, property encodings (Devicetree Specification 0.4, chapters 2 and 5). */
import { VivariumError } from '../../../abi/errors.js';

export const FDT_MAGIC = 0xd00dfeed;
export const FDT_VERSION = 17;
/** The oldest version that a reader must know to read what we write. */
export const FDT_COMPATIBLE = 16;
export const FDT_BEGIN_NODE = 1;
export const FDT_END_NODE = 2;
export const FDT_PROP = 3;
export const FDT_NOP = 4;
export const FDT_END = 9;
export const HEADER_BYTES = 40;
export const RESERVATION_BYTES = 16;

export interface DeviceTreeNode {
  /** With its unit address, such as `cpu@0`; empty for the root. */
  readonly name: string;
  /** Values as they are in the blob: big-endian cells, NUL-terminated strings. */
  readonly properties: ReadonlyMap<string, Uint8Array>;
  readonly children: readonly DeviceTreeNode[];
}
export interface DeviceTree {
  readonly root: DeviceTreeNode;
  /** Memory that the kernel must leave alone, in bytes. */
  readonly reservations: readonly { readonly address: bigint; readonly size: bigint }[];
  /** The `reg` of the CPU that boots. */
  readonly bootCpu: number;
}

/** A device tree that breaks the format. `offset` is the byte of the blob that says so; -1 when building. */
export class DeviceTreeError extends VivariumError {
  override readonly name = 'DeviceTreeError';

  constructor(
    code: string,
    readonly offset: number,
    problem: string,
    operation = 'parseDeviceTree',
  ) {
    super(
      code,
      operation,
      offset < 0 ? problem : `${problem}, at byte ${offset}`,
      'give a flattened device tree of version 17, as dtc writes it',
    );
  }
}

/** Printable ASCII without the path separator; the specification's own set is smaller, but real trees exceed it. */
export const validName = (name: string): boolean => /^[!-.0-~]{1,255}$/.test(name);

export const node = (
  name: string,
  properties: Readonly<Record<string, Uint8Array>>,
  children: readonly DeviceTreeNode[] = [],
): DeviceTreeNode => ({ name, properties: new Map(Object.entries(properties)), children });

/** <u32> values. */
export const cells = (...values: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value);
  return bytes;
};
/** <u64> values: `reg` where #address-cells and #size-cells are 2. */
export const wideCells = (...values: readonly (number | bigint)[]): Uint8Array => {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setBigUint64(i * 8, BigInt(value));
  return bytes;
};
/** <stringlist>. */
export const text = (...values: readonly string[]): Uint8Array =>
  new TextEncoder().encode(values.map((value) => `${value}\0`).join(''));
/** A property that says something by being there. */
export const present = (): Uint8Array => new Uint8Array();
