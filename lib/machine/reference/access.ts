/** Guest loads, stores and atomics over the MMU: alignment, page crossings, devices and reservations. */
import type { Bits } from '../../isa/semantics.js';
import type { Hart } from '../hart.js';
import { RAM_BASE, REGIME, type RegimeName } from '../layout.js';
import { FAULT, type Mmu, NOT_RAM } from './mmu.js';
import { ACCESS_FAULT } from './walk.js';

const LOAD_MISALIGNED = 4;
const STORE_MISALIGNED = 6;
const NO_RESERVATION = -1n;

type DataRegime = Exclude<RegimeName, 'fetch'>;

/**
 * Addresses and values are unsigned bigints, loads zero-extend. Loads return undefined and stores false once an
 * exception has been raised.
 */
export class GuestAccess {
  constructor(readonly mmu: Mmu) {}

  load(hart: Hart, address: bigint, bits: Bits, regime: DataRegime = 'data'): bigint | undefined {
    const bytes = bits / 8;
    if (isAligned(address, bytes)) {
      const host = this.mmu.translate(hart, address, 'load', regime);
      if (host === FAULT) return undefined;
      return host === NOT_RAM ? this.#deviceLoad(hart, address, bytes, regime) : read(hart, host, bytes);
    }
    chargeMisaligned(hart);
    if (!crossesPage(address, bytes)) {
      const host = this.#ram(hart, address, 'load', regime);
      return host === FAULT ? undefined : read(hart, host, bytes);
    }
    let value = 0n;
    for (let i = 0; i < bytes; i++) {
      const host = this.#ram(hart, plus(address, i), 'load', regime);
      if (host === FAULT) return undefined;
      value |= read(hart, host, 1) << BigInt(8 * i);
    }
    return value;
  }

  store(hart: Hart, address: bigint, bits: Bits, value: bigint, regime: DataRegime = 'data'): boolean {
    const bytes = bits / 8;
    if (isAligned(address, bytes)) {
      const host = this.mmu.translate(hart, address, 'store', regime);
      if (host === FAULT) return false;
      if (host === NOT_RAM) return this.#deviceStore(hart, address, bytes, value, regime);
      write(hart, host, bytes, value);
      return true;
    }
    chargeMisaligned(hart);
    if (!crossesPage(address, bytes)) {
      const host = this.#ram(hart, address, 'store', regime);
      if (host !== FAULT) write(hart, host, bytes, value);
      return host !== FAULT;
    }
    // Every byte is translated before the first is written: a store that faults changes nothing.
    const hosts: number[] = [];
    for (let i = 0; i < bytes; i++) {
      const host = this.#ram(hart, plus(address, i), 'store', regime);
      if (host === FAULT) return false;
      hosts.push(host);
    }
    for (const [i, host] of hosts.entries()) write(hart, host, 1, value >> BigInt(8 * i));
    return true;
  }

  /** The load of an AMO: it needs what the store needs, and faults as the store does. */
  loadToModify(hart: Hart, address: bigint, bits: Bits): bigint | undefined {
    const host = this.#atomic(hart, address, bits / 8, 'store');
    return host === FAULT ? undefined : read(hart, host, bits / 8);
  }

  /** LR: reserves the aligned 8 bytes that hold the operand. */
  loadReserved(hart: Hart, address: bigint, bits: Bits): bigint | undefined {
    const host = this.#atomic(hart, address, bits / 8, 'load');
    if (host === FAULT) return undefined;
    hart.cells.reservation = reservable(hart, host);
    return read(hart, host, bits / 8);
  }

  /** SC: whether it stored; undefined if it trapped, which leaves the reservation alone. */
  storeConditional(hart: Hart, address: bigint, bits: Bits, value: bigint): boolean | undefined {
    const host = this.#atomic(hart, address, bits / 8, 'store');
    if (host === FAULT) return undefined;
    const holds = hart.cells.reservation === reservable(hart, host);
    hart.cells.reservation = NO_RESERVATION;
    if (holds) write(hart, host, bits / 8, value);
    return holds;
  }

  /** Atomics must be aligned and in RAM. */
  #atomic(hart: Hart, address: bigint, bytes: number, access: 'load' | 'store'): number {
    if (!isAligned(address, bytes)) {
      raise(hart, access === 'load' ? LOAD_MISALIGNED : STORE_MISALIGNED, address, 'data');
      return FAULT;
    }
    return this.#ram(hart, address, access, 'data');
  }

  /** Translates what must be in RAM; elsewhere is an access fault. */
  #ram(hart: Hart, address: bigint, access: 'load' | 'store', regime: DataRegime): number {
    const host = this.mmu.translate(hart, address, access, regime);
    if (host !== NOT_RAM) return host;
    raise(hart, ACCESS_FAULT[access], address, regime);
    return FAULT;
  }

  #deviceLoad(hart: Hart, address: bigint, bytes: number, regime: DataRegime): bigint | undefined {
    chargeDevice(hart);
    const value = this.mmu.environment.deviceLoad(hart.cells.physical, bytes);
    if (value === undefined) raise(hart, ACCESS_FAULT.load, address, regime);
    return value;
  }

  #deviceStore(hart: Hart, address: bigint, bytes: number, value: bigint, regime: DataRegime): boolean {
    chargeDevice(hart);
    const done = this.mmu.environment.deviceStore(hart.cells.physical, bytes, BigInt.asUintN(bytes * 8, value));
    if (!done) raise(hart, ACCESS_FAULT.store, address, regime);
    return done;
  }
}

const isAligned = (address: bigint, bytes: number): boolean => (address & BigInt(bytes - 1)) === 0n;
const crossesPage = (address: bigint, bytes: number): boolean => Number(address & 0xfffn) + bytes > 4096;
/** The address space wraps around. */
const plus = (address: bigint, offset: number): bigint => BigInt.asUintN(64, address + BigInt(offset));

const raise = (hart: Hart, cause: number, address: bigint, regime: DataRegime): void =>
  hart.raise(cause, address, 0n, 0n, (hart.regime(regime).flags & REGIME.VIRTUAL) !== 0);
const chargeMisaligned = (hart: Hart): void => {
  hart.count('misaligned');
  hart.charge(hart.price('misaligned'));
};
const chargeDevice = (hart: Hart): void => {
  hart.count('deviceAccesses');
  hart.charge(hart.price('deviceAccess'));
};

const physicalOf = (hart: Hart, host: number): number => host - hart.memory.layout.ram + RAM_BASE;
/** Physical address of the 8 bytes that a reservation covers. */
const reservable = (hart: Hart, host: number): bigint => BigInt(physicalOf(hart, host)) & ~7n;

const read = (hart: Hart, host: number, bytes: number): bigint => {
  const { view } = hart.memory;
  if (bytes === 1) return BigInt(view.getUint8(host));
  if (bytes === 2) return BigInt(view.getUint16(host, true));
  if (bytes === 4) return BigInt(view.getUint32(host, true));
  return view.getBigUint64(host, true);
};
/** Writes the low bytes of the value, and forgets what was decoded there. */
const write = (hart: Hart, host: number, bytes: number, value: bigint): void => {
  const { view } = hart.memory;
  if (bytes === 8) view.setBigUint64(host, value, true);
  else {
    const low = Number(BigInt.asUintN(bytes * 8, value));
    if (bytes === 1) view.setUint8(host, low);
    else if (bytes === 2) view.setUint16(host, low, true);
    else view.setUint32(host, low, true);
  }
  hart.memory.written(physicalOf(hart, host), bytes);
};
