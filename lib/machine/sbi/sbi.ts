/** The supervisor binary interface, answered by the machine itself instead of M-mode firmware (RISC-V SBI 2.0). */
import type { Hart } from '../hart.js';
import { baseExtension } from './base.js';
import { refuse, SBI, type SbiArguments, type SbiCall, type SbiExtension } from './extension.js';
import type { SbiHost } from './host.js';
import { hsmExtension } from './hsm.js';
import { ipiExtension, timeExtension } from './interrupts.js';
import { legacyCalls } from './legacy.js';
import { rfenceExtension } from './rfence.js';
import { dbcnExtension, srstExtension } from './system.js';

const A0 = 10;
const A1 = 11;
const A6 = 16;
const A7 = 17;

export class Sbi {
  readonly #extensions: ReadonlyMap<bigint, SbiExtension>;

  constructor(readonly host: SbiHost) {
    const extensions = [
      baseExtension((id) => this.#extensions.has(id) || id < BigInt(legacyCalls.length)),
      timeExtension,
      ipiExtension,
      rfenceExtension,
      hsmExtension,
      srstExtension,
      dbcnExtension,
    ];
    this.#extensions = new Map(extensions.map((extension) => [BigInt(extension.id), extension]));
  }

  /**
   * Answers the ECALL of a hart in S-mode (or VS-mode's hypervisor): extension in a7, function in a6, arguments in a0
   * to a5; the error goes to a0 and the value to a1. Precondition: where the hart goes on has already been settled, as
   * the call may stop it or start it elsewhere.
   */
  call(hart: Hart): void {
    const args = Array.from({ length: 6 }, (_, i) => hart.x(A0 + i)) as unknown as SbiArguments;
    const call: SbiCall = { host: this.host, hart, args };
    const legacy = hart.x(A7) < BigInt(legacyCalls.length) ? legacyCalls[Number(hart.x(A7))] : undefined;
    if (legacy !== undefined) {
      hart.setX(A0, BigInt.asUintN(64, BigInt(legacy(call))));
      return;
    }
    // Numbers are compared as unsigned 64-bit values; all of those here are positive as the signed 32-bit ones they are.
    const functions = this.#extensions.get(hart.x(A7))?.functions ?? [];
    const answer = hart.x(A6) < BigInt(functions.length) ? functions[Number(hart.x(A6))] : undefined;
    const { error, value } = answer === undefined ? refuse(SBI.notSupported) : answer(call);
    hart.setX(A0, BigInt.asUintN(64, BigInt(error)));
    hart.setX(A1, BigInt.asUintN(64, value));
  }
}
