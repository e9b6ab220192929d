/** HLV, HLVX and HSV: a hypervisor's loads and stores in its guest's address space (privileged specification, 18.3.1). */
import { PAGE_SIZE, RAM_BASE } from '../layout.js';
import type { HartParts } from '../parts.js';
import { CAUSE } from '../trap/causes.js';

type Access = 'load' | 'store';
const ACCESS_FAULT = { load: CAUSE.loadAccess, store: CAUSE.storeAccess } as const;
/** One access, in the upper half of the `tally` cell. */
const ONE_ACCESS = 1n << 32n;

/** A part of an access that lies in one page: where its first byte is, and how many bytes it has. */
interface Part {
  readonly address: bigint;
  readonly host: number;
  readonly physical: number;
  readonly bytes: number;
}

/** Translates every page that the access touches before anything is read or written; undefined if one faults. */
const translate = (parts: HartParts, address: bigint, bytes: number, access: Access): Part[] | undefined => {
  const { hart, host } = parts;
  const inFirst = Math.min(bytes, PAGE_SIZE - (Number(address & 0xffffn) & (PAGE_SIZE - 1)));
  const pieces =
    inFirst === bytes ? [[0, bytes] as const] : [[0, inFirst] as const, [inFirst, bytes - inFirst] as const];
  const result: Part[] = [];
  for (const [offset, length] of pieces) {
    const at = BigInt.asUintN(64, address + BigInt(offset));
    const found = host.translate(hart, at, access);
    if (found === 0) return undefined;
    const physical = found > 0 ? found - hart.memory.layout.ram + RAM_BASE : Number(hart.cells.physical);
    // Devices take naturally aligned accesses only.
    if (found < 0 && (length !== bytes || physical % bytes !== 0)) {
      hart.raise(ACCESS_FAULT[access], at, 0n, 0n, true);
      return undefined;
    }
    result.push({ address: at, host: found, physical, bytes: length });
  }
  hart.cells.tally += ONE_ACCESS;
  return result;
};

/** Loads `bytes` bytes at a guest virtual address, zero-extended; undefined if it trapped. */
export const guestLoad = (parts: HartParts, address: bigint, bytes: number, execute: boolean): bigint | undefined => {
  parts.regimes.explicit(execute);
  const pieces = translate(parts, address, bytes, 'load');
  if (pieces === undefined) return undefined;
  let value = 0n;
  let shift = 0n;
  for (const piece of pieces) {
    const loaded = piece.host > 0 ? readRam(parts, piece) : parts.host.deviceLoad(piece.physical, piece.bytes);
    if (loaded === undefined) {
      parts.hart.raise(CAUSE.loadAccess, piece.address, 0n, 0n, true);
      return undefined;
    }
    value |= loaded << shift;
    shift += BigInt(piece.bytes * 8);
  }
  return value;
};

/** Stores the low `bytes` bytes of a value at a guest virtual address. */
export const guestStore = (parts: HartParts, address: bigint, bytes: number, value: bigint): void => {
  parts.regimes.explicit(false);
  const pieces = translate(parts, address, bytes, 'store');
  let rest = BigInt.asUintN(bytes * 8, value);
  for (const piece of pieces ?? []) {
    if (piece.host > 0) writeRam(parts, piece, rest);
    else if (!parts.host.deviceStore(piece.physical, piece.bytes, rest)) {
      parts.hart.raise(CAUSE.storeAccess, piece.address, 0n, 0n, true);
      return;
    }
    rest >>= BigInt(piece.bytes * 8);
  }
};

const readRam = ({ hart }: HartParts, { host, bytes }: Part): bigint => {
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(hart.memory.u8[host + i] as number);
  return value;
};

const writeRam = ({ hart }: HartParts, { host, physical, bytes }: Part, value: bigint): void => {
  for (let i = 0; i < bytes; i++) hart.memory.u8[host + i] = Number((value >> BigInt(i * 8)) & 0xffn);
  hart.memory.written(physical, bytes);
};
