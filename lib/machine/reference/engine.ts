/**
 * The reference engine: fetches, decodes and evaluates one instruction at a time, with nothing kept between them but
 * what the architecture keeps. It is slow so that it can be obvious: the fast engines are checked against it.
 */
import { type Decoded, decode, lengthOf } from '../../isa/decode.js';
import { meanings } from '../../isa/table.js';
import { type Engine, EXIT, type Exit } from '../engine.js';
import type { Environment } from '../environment.js';
import { floatHelpers } from '../float.js';
import type { Hart } from '../hart.js';
import { GuestAccess } from './access.js';
import type { Frame } from './evaluate.js';
import { executable, type Program } from './execute.js';
import { FAULT, Mmu } from './mmu.js';
import { tagOf } from './tlb.js';

/** An encoding with all that does not depend on where it stands. */
interface Instruction {
  readonly decoded: Decoded;
  readonly program: Program;
  readonly imm: bigint;
  readonly length: bigint;
}

const samePage = (a: bigint, b: bigint): boolean => a >> 12n === b >> 12n;

export class ReferenceEngine implements Engine {
  readonly name = 'reference';
  /** Memory as the guest sees it, which system helpers that access it (HLV, HSV) use as well. */
  readonly access: GuestAccess;
  readonly #environment: Environment;
  readonly #mmu: Mmu;
  readonly #programs: readonly Program[];
  readonly #instructions = new Map<number, Instruction | undefined>();
  #running: Hart | undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#mmu = new Mmu(environment);
    this.access = new GuestAccess(this.#mmu);
    const actions = { environment, access: this.access, float: floatHelpers(() => this.#running as Hart) };
    this.#programs = meanings.map((statements) => executable(statements, actions));
  }

  run(hart: Hart): Exit {
    for (;;) {
      const from = hart.pc;
      const exit = this.#one(hart);
      if (exit === EXIT.trap || exit === EXIT.event) return exit;
      const tally = hart.cells32.tally;
      if (exit === EXIT.transfer) {
        if (tally >= hart.cells32.limit) return exit;
      } else if (tally >= hart.cells32.hardLimit && !samePage(from, hart.pc)) return exit;
    }
  }

  step(hart: Hart, count: number): Exit {
    for (;;) {
      const exit = this.#one(hart);
      const tally = hart.cell32('tally');
      if (exit === EXIT.trap || exit === EXIT.event || tally >= count) return exit;
      if (exit === EXIT.transfer && tally >= hart.cell32('limit')) return exit;
    }
  }

  #one(hart: Hart): Exit {
    this.#running = hart;
    const { pc } = hart;
    const encoding = this.#fetch(hart, pc);
    if (encoding === undefined) return EXIT.trap;
    const instruction = this.#instruction(encoding);
    if (instruction === undefined) {
      this.#environment.illegal();
      return EXIT.trap;
    }
    const { program, decoded, imm, length } = instruction;
    const next = BigInt.asUintN(64, pc + length);
    const frame: Frame = { hart, operands: decoded.operands, imm, pc, next, locals: [] };
    const outcome = program.run(frame);
    if (outcome === 'trapped') return EXIT.trap;

    hart.cells32.tally += 1;
    if (program.isSystem) {
      hart.pc = hart.cells.next;
      return hart.cells32.event !== 0 ? EXIT.event : EXIT.sequential;
    }
    hart.pc = outcome?.target ?? next;
    return outcome === undefined ? EXIT.sequential : EXIT.transfer;
  }

  /** The instruction's 2 or 4 bytes as a number; undefined if fetching them trapped. */
  #fetch(hart: Hart, pc: bigint): number | undefined {
    const low = this.#fetchHalf(hart, pc);
    if (low === undefined || lengthOf(low) === 2) return low;
    // The upper half may lie in the next page, which is a fetch of its own.
    const high = this.#fetchHalf(hart, BigInt.asUintN(64, pc + 2n));
    return high === undefined ? undefined : (low | (high << 16)) >>> 0;
  }

  #fetchHalf(hart: Hart, address: bigint): number | undefined {
    const page = tagOf(hart, address, 'fetch');
    if (page !== hart.cells.fetchPage) {
      hart.count('fetchLookups');
      hart.cells.fetchPage = page;
    }
    const host = this.#mmu.translate(hart, address, 'fetch', 'fetch');
    return host === FAULT ? undefined : hart.memory.view.getUint16(host, true);
  }

  #instruction(encoding: number): Instruction | undefined {
    if (this.#instructions.has(encoding)) return this.#instructions.get(encoding);
    const decoded = decode(encoding);
    const instruction = decoded && {
      decoded,
      program: this.#programs[decoded.id] as Program,
      imm: BigInt.asUintN(64, BigInt(decoded.operands.imm)),
      length: BigInt(decoded.row.length),
    };
    this.#instructions.set(encoding, instruction);
    return instruction;
  }
}
