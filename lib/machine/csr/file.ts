/** A hart's CSRs by number: who may access them, and the read-modify-write of the CSR instructions. */
import { M, S, VIRTUAL } from '../hart.js';
import type { HartParts } from '../parts.js';
import { counterCsrs } from './counters.js';
import { environmentCsrs } from './environment.js';
import { floatCsrs } from './float.js';
import { interruptCsrs } from './interrupts.js';
import { machineCsrs } from './machine.js';
import type { CsrGroup, CsrRow, Verdict } from './row.js';
import { statusCsrs } from './status.js';
import { translationCsrs } from './translation.js';
import { trapHandlingCsrs } from './trap-handling.js';

const groups: readonly CsrGroup[] = [
  machineCsrs,
  statusCsrs,
  trapHandlingCsrs,
  interruptCsrs,
  translationCsrs,
  environmentCsrs,
  counterCsrs,
  floatCsrs,
];

const ILLEGAL = 2;
const VIRTUAL_INSTRUCTION = 22;
/** Lowest privilege in bits 9:8 of a number: 2 is HS, which S-mode is when V = 0. */
const HYPERVISOR = 2;

const WRITE = 1;
const SET = 2;

export class CsrFile {
  readonly #rows: (CsrRow | undefined)[] = new Array(4096).fill(undefined);
  /** What replaces each CSR when V = 1: itself, or its VS counterpart. */
  readonly #virtual: (CsrRow | undefined)[] = new Array(4096).fill(undefined);
  readonly #names = new Map<string, CsrRow>();

  constructor(parts: HartParts) {
    const rows = groups.flatMap((group) => group(parts));
    for (const row of rows) {
      this.#rows[row.number] = row;
      this.#names.set(row.name, row);
    }
    for (const row of rows) {
      this.#virtual[row.number] = row.virtual === undefined ? row : (this.#names.get(row.virtual) ?? row);
    }
  }

  /**
   * The exception that an access raises in a mode (privilege, plus 4 if V = 1), or 0 if it is allowed (2.1, 3.1 and
   * 18.6.1).
   */
  verdict(number: number, mode: number, writes: boolean): Verdict {
    const row = this.#rows[number];
    if (row === undefined || (writes && number >> 10 === 3)) return ILLEGAL;
    const lowest = (number >> 8) & 3;
    if (mode < VIRTUAL) {
      if (mode === M || lowest <= mode || (mode === S && lowest === HYPERVISOR)) return row.guard?.(mode) ?? 0;
      return ILLEGAL;
    }
    if (lowest <= mode - VIRTUAL) return row.guard?.(mode) ?? 0;
    // Too privileged for the guest, but it may be something that the hypervisor could do in its place.
    return this.#wouldPassInHS(row, lowest) ? VIRTUAL_INSTRUCTION : ILLEGAL;
  }

  /** Whether HS-mode could make the access if mstatus.TVM were 0, which is the one rule over satp and hgatp there. */
  #wouldPassInHS(row: CsrRow, lowest: number): boolean {
    if (lowest === M) return false;
    return row.name === 'satp' || row.name === 'hgatp' || (row.guard?.(S) ?? 0) === 0;
  }

  /** Performs a permitted access as `csr` of the instruction helpers describes it; returns the old value, 0 if it was not read. */
  access(number: number, virtual: boolean, value: bigint, operation: number, reads: boolean, writes: boolean): bigint {
    const row = (virtual ? this.#virtual : this.#rows)[number] as CsrRow;
    const old = reads ? row.read() : 0n;
    if (writes && row.write !== undefined) {
      if (operation === WRITE) row.write(value);
      else {
        const base = row.modified === undefined ? old : row.modified();
        row.write(operation === SET ? base | value : base & ~value);
      }
    }
    return old;
  }

  /** The row of a CSR by name or number. Throws RangeError if there is none. */
  row(csr: string | number): CsrRow {
    const row = typeof csr === 'number' ? this.#rows[csr] : this.#names.get(csr);
    if (row === undefined) throw new RangeError(`no CSR ${typeof csr === 'number' ? `0x${csr.toString(16)}` : csr}`);
    return row;
  }

  /** Every CSR the hart has, by number. */
  get all(): readonly CsrRow[] {
    return this.#rows.filter((row) => row !== undefined);
  }
}
