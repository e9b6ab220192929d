/** The `system` helpers that instructions call: each checks its permission, then acts or traps. */
import type { CsrFile } from '../csr/file.js';
import type { Verdict } from '../csr/row.js';
import { type Hart, M, S, VIRTUAL } from '../hart.js';
import { encodingAtPc } from '../mmu/encoding.js';
import { flush, flushGStage, flushGuest } from '../mmu/flush.js';
import { guestLoad, guestStore } from '../mmu/guest-access.js';
import type { HartParts } from '../parts.js';
import { CAUSE } from './causes.js';
import { wakes } from './pending.js';
import { mayAccessGuest, mayHfenceGvma, mayHfenceVvma, mayMret, maySfence, maySret, mayWait } from './permission.js';
import { returnFromHS, returnFromM, returnFromVS } from './return.js';

/** Raises illegal or virtual instruction with the encoding as trap value. */
export const refuse = (hart: Hart, verdict: Verdict): void => hart.raise(verdict, BigInt(encodingAtPc(hart)));

/** Behaviour of every helper of kind `system` in lib/isa/helpers.ts, with the same arguments. */
export interface SystemHelpers {
  csr(number: number, value: bigint, operation: number, reads: number, writes: number): bigint;
  ecall(): void;
  ebreak(): void;
  sret(): void;
  mret(): void;
  wfi(): void;
  'fence.i'(): void;
  'sfence.vma'(address: bigint, asid: bigint, hasAddress: number, hasAsid: number): void;
  'hfence.vvma'(address: bigint, asid: bigint, hasAddress: number, hasAsid: number): void;
  'hfence.gvma'(address: bigint, vmid: bigint, hasAddress: number, hasVmid: number): void;
  hlv(address: bigint, bits: number, execute: number): bigint;
  hsv(address: bigint, bits: number, value: bigint): void;
}

const word = (value: bigint): bigint => BigInt.asUintN(64, value);
const scope = (address: bigint, asid: bigint, hasAddress: number, hasAsid: number) => ({
  address: hasAddress !== 0 ? word(address) : undefined,
  asid: hasAsid !== 0 ? word(asid) : undefined,
});

export const systemHelpers = (parts: HartParts, csrs: CsrFile): SystemHelpers => {
  const { hart, options } = parts;
  /** Acts if the verdict permits it; what it changes, the engine must look at before it goes on. */
  const fence = (verdict: Verdict, act: () => void): void => {
    if (verdict !== 0) {
      refuse(hart, verdict);
      return;
    }
    act();
    hart.cells32.event = 1;
  };
  /** Without the H extension its instructions do not exist. */
  const withH = (permission: (hart: Hart) => Verdict): Verdict =>
    options.hypervisor ? permission(hart) : CAUSE.illegalInstruction;
  return {
    csr(number, value, operation, reads, writes) {
      // The field is 12 bits wide; as an immediate it may arrive sign-extended.
      const csr = number & 0xfff;
      const mode = hart.cells32.mode;
      const verdict = csrs.verdict(csr, mode, writes !== 0);
      if (verdict === 0) return csrs.access(csr, mode >= VIRTUAL, word(value), operation, reads !== 0, writes !== 0);
      refuse(hart, verdict);
      return 0n;
    },
    ecall() {
      if (hart.privilege === M) return hart.raise(CAUSE.ecallM);
      if (hart.privilege === S) return hart.raise(hart.virtual ? CAUSE.ecallVS : CAUSE.ecallS);
      hart.raise(CAUSE.ecallU);
    },
    ebreak() {
      hart.raise(CAUSE.breakpoint, hart.pc, 0n, 0n, hart.virtual);
    },
    sret() {
      const verdict = maySret(hart);
      if (verdict !== 0) return refuse(hart, verdict);
      return hart.virtual ? returnFromVS(parts) : returnFromHS(parts);
    },
    mret() {
      const verdict = mayMret(hart);
      return verdict !== 0 ? refuse(hart, verdict) : returnFromM(parts);
    },
    wfi() {
      fence(mayWait(hart), () => {
        hart.count('waits');
        if (!wakes(parts)) hart.cells32.waiting = 1;
      });
    },
    'fence.i'() {
      // Stores drop the code decoded from what they overwrite, so there is nothing left to forget.
      hart.count('fenceI');
      hart.charge(options.costs.fenceI);
      hart.cells32.event = 1;
    },
    'sfence.vma'(address, asid, hasAddress, hasAsid) {
      fence(maySfence(hart), () => {
        const limits = scope(address, asid, hasAddress, hasAsid);
        if (hart.virtual) flushGuest(parts, limits);
        else flush(parts, limits);
      });
    },
    'hfence.vvma'(address, asid, hasAddress, hasAsid) {
      fence(withH(mayHfenceVvma), () => flushGuest(parts, scope(address, asid, hasAddress, hasAsid)));
    },
    'hfence.gvma'(_address, vmid, _hasAddress, hasVmid) {
      fence(withH(mayHfenceGvma), () => flushGStage(parts, hasVmid !== 0 ? word(vmid) : undefined));
    },
    hlv(address, bits, execute) {
      const verdict = withH(mayAccessGuest);
      if (verdict === 0) return guestLoad(parts, word(address), bits / 8, execute !== 0) ?? 0n;
      refuse(hart, verdict);
      return 0n;
    },
    hsv(address, bits, value) {
      const verdict = withH(mayAccessGuest);
      if (verdict !== 0) return refuse(hart, verdict);
      guestStore(parts, word(address), bits / 8, value);
    },
  };
};
