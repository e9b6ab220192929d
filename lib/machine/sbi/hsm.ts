/** The hart state management extension (SBI 2.0, clause 9). */
import { ok, refuse, SBI, type SbiCall, type SbiExtension, type SbiResult } from './extension.js';
import { HART_STATE, type HartState, type SbiHost } from './host.js';

/** Suspend types that every platform has (hart_suspend). */
const RETENTIVE = 0x00000000n;
const NON_RETENTIVE = 0x80000000n;

/** S-mode can only begin at an instruction in RAM; bit 0 of an instruction's address is 0. */
const executable = ({ memory }: SbiHost, address: bigint): boolean =>
  address % 2n === 0n && memory.host(Number(address), 2) >= 0;

const stateOf = (host: SbiHost, id: bigint): HartState | undefined =>
  id < BigInt(host.harts.length) ? host.hartState(Number(id)) : undefined;

const start = ({ host, args: [id, address, opaque] }: SbiCall): SbiResult => {
  const state = stateOf(host, id);
  if (state === undefined) return refuse(SBI.invalidParameter);
  if (!executable(host, address)) return refuse(SBI.invalidAddress);
  if (state !== HART_STATE.stopped) return refuse(SBI.alreadyAvailable);
  host.startHart(Number(id), { address, opaque });
  return ok();
};

/** The caller does not see the result: it is stopped before it returns. */
const stop = ({ host, hart }: SbiCall): SbiResult => {
  host.stopHart(hart.id);
  return ok();
};

const suspend = ({ host, hart, args: [rawType, address, opaque] }: SbiCall): SbiResult => {
  const type = BigInt.asUintN(32, rawType);
  if (type !== RETENTIVE && type !== NON_RETENTIVE) return refuse(SBI.invalidParameter);
  if (type === NON_RETENTIVE && !executable(host, address)) return refuse(SBI.invalidAddress);
  if (type === RETENTIVE) host.suspendHart(hart.id);
  else host.suspendHart(hart.id, { address, opaque });
  return ok();
};

export const hsmExtension: SbiExtension = {
  name: 'HSM',
  id: 0x48534d,
  functions: [
    start,
    stop,
    ({ host, args: [id] }) => {
      const state = stateOf(host, id);
      return state === undefined ? refuse(SBI.invalidParameter) : ok(state);
    },
    suspend,
  ],
};
