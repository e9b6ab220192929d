/** The system reset and debug console extensions (SBI 2.0, clauses 10 and 12). */
import { ok, refuse, SBI, type SbiCall, type SbiExtension, type SbiResult } from './extension.js';
import type { ResetKind } from './host.js';

/** Reset types 0, 1 and 2 (clause 10.1). */
const kinds: readonly ResetKind[] = ['shutdown', 'cold', 'warm'];
const VENDOR = 0xf0000000;
/** Reasons 0 and 1 are the standard's; from here on they are the implementation's and the platform's own. */
const REASON_OWN = 0xe0000000;

const reset = ({ host, args: [rawType, rawReason] }: SbiCall): SbiResult => {
  const type = Number(BigInt.asUintN(32, rawType));
  const reason = Number(BigInt.asUintN(32, rawReason));
  const kind = kinds[type];
  if (kind === undefined) return refuse(type >= VENDOR ? SBI.notSupported : SBI.invalidParameter);
  if (reason > 1 && reason < REASON_OWN) return refuse(SBI.invalidParameter);
  host.reset(kind, reason);
  return ok();
};

export const srstExtension: SbiExtension = { name: 'SRST', id: 0x53525354, functions: [reset] };

/** The physical address of a buffer whose bytes are all in RAM; the second word of an address is for RV32. */
const bufferOf = ({ host, args: [length, low, high] }: SbiCall): number | undefined =>
  high === 0n && host.memory.host(Number(low), Number(length)) >= 0 ? Number(low) : undefined;

const write = (call: SbiCall): SbiResult => {
  const address = bufferOf(call);
  if (address === undefined) return refuse(SBI.invalidParameter);
  const bytes = call.host.memory.read(address, Number(call.args[0]));
  for (const byte of bytes) call.host.output(byte);
  return ok(bytes.length);
};

/** Takes what input there is, and does not wait for more. */
const read = (call: SbiCall): SbiResult => {
  const address = bufferOf(call);
  if (address === undefined) return refuse(SBI.invalidParameter);
  const bytes: number[] = [];
  while (bytes.length < Number(call.args[0])) {
    const byte = call.host.input();
    if (byte === undefined) break;
    bytes.push(byte);
  }
  call.host.memory.write(address, Uint8Array.from(bytes));
  return ok(bytes.length);
};

export const dbcnExtension: SbiExtension = {
  name: 'DBCN',
  id: 0x4442434e,
  functions: [
    write,
    read,
    ({ host, args: [byte] }) => {
      host.output(Number(byte & 0xffn));
      return ok();
    },
  ],
};
