/**
 * The legacy extensions (SBI 2.0, clause 5): one number each, no function number, a result in a0 only. Hart masks are
 * in memory, at a virtual address of the caller.
 */
import { SBI, type SbiCall, type SbiResult } from './extension.js';
import type { SbiHost } from './host.js';
import { sendIpi } from './interrupts.js';
import { fence } from './rfence.js';

const ALL = (1n << 64n) - 1n;

/** The mask and base that the word at a0 amounts to; a null pointer means all harts. */
const maskAt = ({ host, hart, args: [address] }: SbiCall): { mask: bigint; base: bigint } | undefined => {
  if (address === 0n) return { mask: 0n, base: ALL };
  const mask = host.loadVirtual(hart, address);
  return mask === undefined ? undefined : { mask, base: 0n };
};

const withMask = (call: SbiCall, act: (mask: bigint, base: bigint) => SbiResult): number => {
  const where = maskAt(call);
  return where === undefined ? SBI.invalidAddress : act(where.mask, where.base).error;
};

/** A fence whose range, if any, is in a1 and a2. */
const legacyFence = (
  call: SbiCall,
  range: readonly [bigint, bigint],
  act: (host: SbiHost, hart: number, range: { start: bigint; size: bigint } | undefined) => void,
): number => withMask(call, (mask, base) => fence({ host: call.host, args: [mask, base, ...range, 0n, 0n] }, act));

/** By extension number; the result is what a0 gets. */
export const legacyCalls: readonly ((call: SbiCall) => number)[] = [
  ({ host, hart, args: [time] }) => {
    host.setTimer(hart.id, time);
    return 0;
  },
  ({ host, args: [character] }) => {
    host.output(Number(character & 0xffn));
    return 0;
  },
  ({ host }) => host.input() ?? -1,
  ({ host, hart }) => {
    host.softwareInterrupt(hart.id, false);
    return 0;
  },
  (call) => withMask(call, (mask, base) => sendIpi(call.host, mask, base)),
  (call) => legacyFence(call, [0n, 0n], (host, hart) => host.fenceInstructions(hart)),
  (call) => legacyFence(call, [call.args[1], call.args[2]], (host, hart, range) => host.flushVirtual(hart, range)),
  (call) =>
    legacyFence(call, [call.args[1], call.args[2]], (host, hart, range) =>
      host.flushVirtual(hart, range, Number(call.args[3] & 0xffffn)),
    ),
  ({ host }) => {
    host.reset('shutdown', 0);
    return 0;
  },
];
