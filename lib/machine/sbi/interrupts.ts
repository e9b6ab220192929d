/** The timer and IPI extensions (SBI 2.0, clauses 6 and 7). */
import { hartsOf, ok, refuse, SBI, type SbiExtension, type SbiResult } from './extension.js';
import { HART_STATE, type SbiHost } from './host.js';

/** Raises the software interrupt of the harts named; a stopped hart cannot take one and must not find it when it starts. */
export const sendIpi = (host: SbiHost, mask: bigint, base: bigint): SbiResult => {
  const harts = hartsOf(host, mask, base);
  if (harts === undefined) return refuse(SBI.invalidParameter);
  for (const hart of harts) if (host.hartState(hart) !== HART_STATE.stopped) host.softwareInterrupt(hart, true);
  return ok();
};

export const timeExtension: SbiExtension = {
  name: 'TIME',
  id: 0x54494d45,
  functions: [
    ({ host, hart, args: [time] }) => {
      host.setTimer(hart.id, time);
      return ok();
    },
  ],
};

export const ipiExtension: SbiExtension = {
  name: 'IPI',
  id: 0x735049,
  functions: [({ host, args: [mask, base] }) => sendIpi(host, mask, base)],
};
