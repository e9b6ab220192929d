/** The physical address map outside RAM: which device answers an access. */
import { VivariumError } from '../../abi/errors.js';
import type { Device } from '../device.js';
import { RAM_BASE } from '../layout.js';

/** Devices that cannot share one address map. */
export class BusError extends VivariumError {
  override readonly name = 'BusError';
}

const span = ({ name, base, size }: Device): string =>
  `${name} (0x${base.toString(16)} to 0x${(base + size - 1).toString(16)})`;

const checkMap = (devices: readonly Device[], ramSize: number): void => {
  for (const [i, device] of devices.entries()) {
    const { base, size } = device;
    if (!(base >= 0 && size > 0 && base % 8 === 0 && Number.isSafeInteger(base + size)))
      throw new BusError('BUS_RANGE', 'Bus', `${span(device)} is no range of addresses`, 'align its base to 8 bytes');
    if (base < RAM_BASE + ramSize && base + size > RAM_BASE)
      throw new BusError('BUS_RAM', 'Bus', `${span(device)} lies in RAM`, 'move it below RAM');
    const previous = devices[i - 1];
    if (previous !== undefined && previous.base + previous.size > base)
      throw new BusError('BUS_OVERLAP', 'Bus', `${span(previous)} and ${span(device)} overlap`, 'move one of them');
  }
};

export class Bus {
  /** In ascending order of address. */
  readonly devices: readonly Device[];
  /** The device of the last access: a driver mostly stays with one. */
  #last: Device | undefined;

  /**
   * `ramSize` in bytes.
   * @throws BusError if devices overlap, or one lies in RAM.
   */
  constructor(devices: readonly Device[], ramSize: number) {
    this.devices = [...devices].sort((a, b) => a.base - b.base);
    checkMap(this.devices, ramSize);
  }

  /** Reads a device register, as an unsigned value; undefined is an access fault: nothing is there, or the access is misaligned or refused. */
  load(physical: number, bytes: 1 | 2 | 4 | 8): bigint | undefined {
    const device = this.#at(physical, bytes);
    if (device === undefined) return undefined;
    const offset = physical - device.base;
    const low = device.load(offset, bytes === 8 ? 4 : bytes);
    if (low === undefined) return undefined;
    if (bytes !== 8) return BigInt(low >>> 0);
    const high = device.load(offset + 4, 4);
    return high === undefined ? undefined : (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }

  /** Writes a device register with the low `bytes` of `value`; false is an access fault. */
  store(physical: number, bytes: 1 | 2 | 4 | 8, value: bigint): boolean {
    const device = this.#at(physical, bytes);
    if (device === undefined) return false;
    const offset = physical - device.base;
    if (bytes !== 8) return device.store(offset, bytes, Number(BigInt.asUintN(bytes * 8, value)));
    return (
      device.store(offset, 4, Number(BigInt.asUintN(32, value))) &&
      device.store(offset + 4, 4, Number(BigInt.asUintN(32, value >> 32n)))
    );
  }

  /** The earliest deadline of all devices, in ticks of the timebase. */
  deadline(): bigint | undefined {
    let earliest: bigint | undefined;
    for (const device of this.devices) {
      const deadline = device.deadline?.();
      if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  /** Lets the devices act whose deadline has come. */
  advance(): void {
    for (const device of this.devices) device.advance?.();
  }

  #at(physical: number, bytes: number): Device | undefined {
    if (physical % bytes !== 0) return undefined;
    const covers = ({ base, size }: Device): boolean => physical >= base && physical + bytes <= base + size;
    if (this.#last === undefined || !covers(this.#last)) {
      const found = this.devices.find(covers);
      if (found === undefined) return undefined;
      this.#last = found;
    }
    return this.#last;
  }
}
