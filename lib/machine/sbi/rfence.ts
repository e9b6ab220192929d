/** The remote fence extension (SBI 2.0, clause 8). A fence is done when the call returns. */
import { hartsOf, ok, refuse, SBI, type SbiCall, type SbiExtension, type SbiResult } from './extension.js';
import type { FenceRange, SbiHost } from './host.js';

const ALL = (1n << 64n) - 1n;
/** hgatp.VMID has 14 bits, satp.ASID 16. */
const VMID_MASK = 0x3fffn;
const ASID_MASK = 0xffffn;

/** Both 0, or a size of all ones, mean everything; undefined if the range leaves the address space. */
const rangeOf = (start: bigint, size: bigint): { readonly range?: FenceRange } | undefined => {
  if ((start === 0n && size === 0n) || size === ALL) return {};
  return start + size > ALL + 1n ? undefined : { range: { start, size } };
};

/** A fence over a range on the harts that a0 and a1 name. */
export const fence = (
  { host, args: [mask, base, start, size] }: Pick<SbiCall, 'host' | 'args'>,
  act: (host: SbiHost, hart: number, range: FenceRange | undefined) => void,
): SbiResult => {
  const harts = hartsOf(host, mask, base);
  if (harts === undefined) return refuse(SBI.invalidParameter);
  const checked = rangeOf(start, size);
  if (checked === undefined) return refuse(SBI.invalidAddress);
  for (const hart of harts) act(host, hart, checked.range);
  return ok();
};

/** The guest whose translations HFENCE.VVMA means: the one that the caller's hgatp names. */
const currentVmid = ({ hart }: SbiCall): number => Number((hart.csrs.hgatp >> 44n) & VMID_MASK);

const guestFence = (
  call: SbiCall,
  act: (host: SbiHost, hart: number, range: FenceRange | undefined) => void,
): SbiResult => (call.host.hypervisor ? fence(call, act) : refuse(SBI.notSupported));

export const rfenceExtension: SbiExtension = {
  name: 'RFENCE',
  id: 0x52464e43,
  functions: [
    ({ host, args: [mask, base] }) =>
      fence({ host, args: [mask, base, 0n, 0n, 0n, 0n] }, (host, hart) => host.fenceInstructions(hart)),
    (call) => fence(call, (host, hart, range) => host.flushVirtual(hart, range)),
    (call) => fence(call, (host, hart, range) => host.flushVirtual(hart, range, Number(call.args[4] & ASID_MASK))),
    (call) => guestFence(call, (host, hart, range) => host.flushGuest(hart, range, Number(call.args[4] & VMID_MASK))),
    (call) => guestFence(call, (host, hart, range) => host.flushGuest(hart, range)),
    (call) =>
      guestFence(call, (host, hart, range) =>
        host.flushGuestVirtual(hart, currentVmid(call), range, Number(call.args[4] & ASID_MASK)),
      ),
    (call) => guestFence(call, (host, hart, range) => host.flushGuestVirtual(hart, currentVmid(call), range)),
  ],
};
