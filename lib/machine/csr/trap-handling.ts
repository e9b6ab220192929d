/** The CSRs of trap handling: vectors, delegation, saved pc, cause, values, scratch words. */
import type { CsrSlot } from '../hart.js';
import type { HartParts } from '../parts.js';
import { IRQ, S_INTERRUPTS, VS_INTERRUPTS } from './fields.js';
import { type CsrGroup, type CsrRow, constant, plain } from './row.js';

/** Bit 1 of xtvec is 0 in both modes that exist, direct and vectored (3.1.7). */
const TVEC = ~2n & ((1n << 64n) - 1n);
/** Instructions are aligned to 2 bytes, so bit 0 of xepc is 0 (3.1.14). */
const EPC = ~1n & ((1n << 64n) - 1n);

/** Exceptions that may go to HS: all that exist but the environment call from M (18.4.2). */
const MEDELEG = 0x00b3ffn;
const MEDELEG_H = MEDELEG | 0xf00400n;
/** Environment calls from HS and above and guest-page faults stay at HS (18.2.2). */
const HEDELEG = 0x00b1ffn;

/** Bits of mideleg that are read-only one: VS-level interrupts bypass M (18.4.2). */
export const delegatedForGood = ({ options }: HartParts): bigint =>
  !options.hypervisor ? 0n : VS_INTERRUPTS | (options.guestExternalInterrupts > 0 ? IRQ.SGEI : 0n);

export const trapHandlingCsrs: CsrGroup = (parts) => {
  const { hart, options } = parts;
  const word = plain(parts);
  const delegation = (name: CsrSlot, number: number, writable: bigint, ones = 0n): CsrRow => ({
    name,
    number,
    read: () => hart.csr(name),
    write: (value) => {
      hart.setCsr(name, (value & writable) | ones);
      hart.cells32.event = 1;
    },
  });
  const machine = [
    delegation('medeleg', 0x302, options.hypervisor ? MEDELEG_H : MEDELEG),
    delegation('mideleg', 0x303, S_INTERRUPTS, delegatedForGood(parts)),
    word('mtvec', 0x305, TVEC),
    word('mscratch', 0x340),
    word('mepc', 0x341, EPC),
    word('mcause', 0x342),
    word('mtval', 0x343),
    word('stvec', 0x105, TVEC, 'vstvec'),
    word('sscratch', 0x140, undefined, 'vsscratch'),
    word('sepc', 0x141, EPC, 'vsepc'),
    word('scause', 0x142, undefined, 'vscause'),
    word('stval', 0x143, undefined, 'vstval'),
  ];
  if (!options.hypervisor) return machine;
  return [
    ...machine,
    word('mtinst', 0x34a),
    word('mtval2', 0x34b),
    delegation('hedeleg', 0x602, HEDELEG),
    delegation('hideleg', 0x603, VS_INTERRUPTS),
    word('htval', 0x643),
    word('htinst', 0x64a),
    word('vstvec', 0x205, TVEC),
    word('vsscratch', 0x240),
    word('vsepc', 0x241, EPC),
    word('vscause', 0x242),
    word('vstval', 0x243),
    ...guestExternal(parts),
  ];
};

/** hgeie and hgeip: bits GEILEN:1 exist (18.2.4). */
const guestExternal = ({ hart, options }: HartParts): readonly CsrRow[] => {
  if (options.guestExternalInterrupts === 0) return [constant('hgeie', 0x607), constant('hgeip', 0xe12)];
  const mask = ((1n << BigInt(options.guestExternalInterrupts)) - 1n) << 1n;
  return [
    {
      name: 'hgeie',
      number: 0x607,
      read: () => hart.csrs.hgeie,
      write: (value) => {
        hart.csrs.hgeie = value & mask;
        hart.cells32.event = 1;
      },
    },
    { name: 'hgeip', number: 0xe12, read: () => hart.csrs.hgeip & mask },
  ];
};
