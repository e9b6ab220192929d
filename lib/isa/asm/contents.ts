/** The bytes of a section once everything has an address. */

import { checkInteger, storeInteger } from './directives.js';
import { encodeChecked, pendingValue } from './encode-operand.js';
import { Mistake } from './errors.js';
import { evaluate } from './expression.js';
import { store, storeBranch } from './instruction.js';
import type { Program } from './program.js';
import type { Fixup, Fragment, Section } from './section.js';

const NOP = 0x00000013;
const C_NOP = 0x0001;

const applyFixup = (program: Program, fragment: Fragment, fixup: Fixup, bytes: Uint8Array): void => {
  if (fixup.kind === 'data') {
    const { number } = evaluate(fixup.expression, program.laidOut);
    checkInteger(number, fixup.size, fixup.position);
    storeInteger(bytes.subarray(0, fixup.size), number);
    return;
  }
  const { pending } = fixup;
  const value = pendingValue(program, pending, fragment.address + BigInt(fixup.offset));
  const { row, operands, field, position } = pending;
  store(bytes, encodeChecked(row, { ...operands, [field]: value }, position), row.length);
};

/** Padding of code: zeros to the next instruction boundary, then nops, a compressed one first where it is needed. */
const fillWithNops = (bytes: Uint8Array): void => {
  let at = bytes.length & 1;
  if (bytes.length & 2) {
    store(bytes.subarray(at), C_NOP, 2);
    at += 2;
  }
  for (; at < bytes.length; at += 4) store(bytes.subarray(at), NOP, 4);
};

const writeTail = (program: Program, { tail, section, address, length }: Fragment, bytes: Uint8Array): void => {
  if (tail.kind === 'align' && tail.fill === undefined && section.kind === 'text') fillWithNops(bytes);
  else if (tail.kind === 'branch') {
    const start = address + BigInt(length);
    const { number } = evaluate(tail.pending.expression, program.laidOut);
    storeBranch(bytes, tail.choices[tail.choice]!, tail.pending, BigInt.asIntN(64, number - start));
  } else if (tail.kind !== 'none') bytes.fill(tail.fill ?? 0);
};

/** The bytes of a section; none for one that holds only zeros. Mistakes go to `report`. */
export const contentsOf = (program: Program, section: Section, report: (mistake: Mistake) => void): Uint8Array => {
  if (section.kind === 'bss') return new Uint8Array();
  const contents = new Uint8Array(section.size);
  const guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      report(error);
    }
  };
  let at = 0;
  for (const fragment of section.fragments) {
    contents.set(fragment.bytes, at);
    for (const fixup of fragment.fixups)
      guard(() => applyFixup(program, fragment, fixup, contents.subarray(at + fixup.offset)));
    at += fragment.length;
    const tail = contents.subarray(at, at + fragment.tailSize);
    if (tail.length > 0) guard(() => writeTail(program, fragment, tail));
    at += fragment.tailSize;
  }
  return contents;
};
