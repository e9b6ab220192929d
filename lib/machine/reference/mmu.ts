/** The MMU: translations from the TLBs, or from page table walks that then fill them. */
import type { AccessType, Environment } from '../environment.js';
import type { Hart } from '../hart.js';
import { PAGE_SIZE, RAM_BASE, REGIME, type RegimeName } from '../layout.js';
import { fillDevice, fillFetch, fillRam, lookupData, lookupFetch } from './tlb.js';
import { ACCESS_FAULT, PageWalk, type Regime, type Translation } from './walk.js';

/** What {@link Mmu.translate} returns for an address that is not RAM, and after an exception. No RAM has these host addresses. */
export const NOT_RAM = -1;
export const FAULT = 0;

export class Mmu {
  constructor(readonly environment: Environment) {}

  /**
   * Translates a virtual address (unsigned 64 bits) for an access that does not leave its page. Returns the host
   * address of the byte in the machine's memory; {@link FAULT} if an exception was raised; {@link NOT_RAM} if the
   * physical address, then in the cell `physical`, is not RAM. A fetch from there is an access fault.
   */
  translate(hart: Hart, address: bigint, access: AccessType, name: RegimeName): number {
    if (name === 'fetch') {
      const host = lookupFetch(hart, address);
      if (host !== undefined) return host;
    }
    if (name === 'data' && access !== 'fetch') {
      const hit = lookupData(hart, address, access);
      if (hit !== undefined) return 'host' in hit ? hit.host : this.#notRam(hart, hit.device);
    }
    return this.#miss(hart, address, access, name);
  }

  #miss(hart: Hart, address: bigint, access: AccessType, name: RegimeName): number {
    const regime = hart.regime(name);
    const translation = this.#translation(hart, address, access, name, regime);
    if (translation === undefined) return FAULT;
    const { physical, writable } = translation;
    if (!this.#protected(hart, physical, access, regime)) return this.#accessFault(hart, address, access, regime);

    const host = hart.memory.host(Number(physical));
    if (host < 0 && access === 'fetch') return this.#accessFault(hart, address, access, regime);
    const storable = writable && (access === 'store' || this.#protected(hart, physical, 'store', regime));
    if (host < 0) {
      if (name === 'data') fillDevice(hart, address, physical, storable);
      return this.#notRam(hart, physical);
    }
    const hostPage = host & ~(PAGE_SIZE - 1);
    const decodedPage = decodedPageAt(hart, physical);
    if (name === 'data') fillRam(hart, address, hostPage, storable, decodedPage !== 0);
    if (name === 'fetch') fillFetch(hart, address, hostPage, decodedPage);
    return host;
  }

  /** A bare regime translates every address to itself, with no walk and no miss to count. */
  #translation(
    hart: Hart,
    address: bigint,
    access: AccessType,
    name: RegimeName,
    regime: Regime,
  ): Translation | undefined {
    if (regime.stage1 === 0n && regime.stage2 === 0n) return { physical: address, writable: true };
    if (name === 'data') hart.count('dataMisses');
    if (name === 'fetch') hart.count('fetchMisses');
    return new PageWalk(hart, this.environment, address, access, regime).run();
  }

  /** Asked for whole pages, since that is what a TLB entry covers. */
  #protected(hart: Hart, physical: bigint, access: AccessType, regime: Regime): boolean {
    return hart.cells32.pmpActive === 0 || this.environment.pmp(physical & ~0xfffn, access, regime.privilege);
  }

  #notRam(hart: Hart, physical: bigint): number {
    hart.cells.physical = physical;
    return NOT_RAM;
  }

  #accessFault(hart: Hart, address: bigint, access: AccessType, { flags }: Regime): number {
    hart.raise(ACCESS_FAULT[access], address, 0n, 0n, (flags & REGIME.VIRTUAL) !== 0);
    return FAULT;
  }
}

/** Address of the decoded code of a page of RAM, or 0. */
const decodedPageAt = (hart: Hart, physical: bigint): number => {
  const page = (Number(physical) - RAM_BASE) >>> 12;
  return hart.memory.i32[(hart.memory.layout.codeMap >>> 2) + page] as number;
};
