/** Layout: choosing the size of everything that depends on addresses, until nothing changes. */

import { Mistake } from './errors.js';
import { evaluate } from './expression.js';
import { choiceLength, reaches } from './instruction.js';
import type { Program } from './program.js';
import { type Fragment, MAX_PROGRAM, type Section, sectionKinds, type Tail } from './section.js';

export interface Placement {
  readonly base: bigint;
  /** Pages of this many bytes separate code, constants and variables; 1 if they follow each other directly. */
  readonly page: bigint;
}

/** Passes after which sizes that depend on each other are taken never to settle. Branches only grow, so they do. */
const MAX_PASSES = 1000;

export const alignUp = (address: bigint, alignment: bigint): bigint =>
  ((address + alignment - 1n) / alignment) * alignment;

/** Sections in image order: by kind, then in the order of their first use. */
export const orderedSections = (program: Program): Section[] =>
  sectionKinds.flatMap((kind) => [...program.sections.values()].filter((section) => section.kind === kind));

/** Where `.org` leads: a number counts from the start of the section. */
const orgTarget = (program: Program, { section }: Fragment, tail: Tail & { kind: 'org' }): bigint => {
  const constant = program.tryConstant(tail.target);
  return constant === undefined ? evaluate(tail.target, program.laidOut).number : section.address + constant;
};

/** The size that a tail at `address` needs, which may be negative where the source asks for the impossible. */
const wantedSize = (program: Program, fragment: Fragment, address: bigint): bigint => {
  const { tail } = fragment;
  switch (tail.kind) {
    case 'none':
      return 0n;
    case 'align': {
      const padding = alignUp(address, BigInt(tail.alignment)) - address;
      return padding > BigInt(tail.max) ? 0n : padding;
    }
    case 'space':
      return evaluate(tail.count, program.laidOut).number;
    case 'org':
      return orgTarget(program, fragment, tail) - address;
    case 'branch': {
      const { number } = evaluate(tail.pending.expression, program.laidOut);
      const distance = BigInt.asIntN(64, number - address);
      while (
        tail.choice < tail.choices.length - 1 &&
        !reaches(tail.choices[tail.choice]!, tail.pending.operands, distance)
      )
        tail.choice++;
      return BigInt(choiceLength(tail.choices[tail.choice]!));
    }
  }
};

const positionOf = (tail: Exclude<Tail, { kind: 'none' }>) =>
  tail.kind === 'branch' ? tail.pending.position : tail.position;

/** One pass over all sections with the sizes so far; returns whether an address or size changed. */
const pass = (sections: readonly Section[], { base, page }: Placement): boolean => {
  let changed = false;
  let address = base;
  let started: string | undefined;
  for (const section of sections) {
    // Zeros follow the variables in the same pages.
    const group = section.kind === 'bss' ? 'data' : section.kind;
    const isEmpty = section.fragments.length === 1 && section.last.length === 0;
    if (group !== started && !isEmpty) {
      address = alignUp(address, page);
      started = group;
    }
    address = alignUp(address, BigInt(section.alignment));
    if (section.address !== address) changed = true;
    section.address = address;
    for (const fragment of section.fragments) {
      if (fragment.address !== address) changed = true;
      fragment.address = address;
      address += BigInt(fragment.length + fragment.tailSize);
    }
    section.size = Number(address - section.address);
  }
  return changed;
};

/**
 * Gives every section and fragment its address and every tail its size. Mistakes go to `report`. False if the result
 * is too large to be written.
 */
export const layOut = (program: Program, placement: Placement, report: (mistake: Mistake) => void): boolean => {
  const sections = orderedSections(program);
  const variable = sections.flatMap(({ fragments }) => fragments.filter(({ tail }) => tail.kind !== 'none'));
  // Without their least sizes, the first pass would see distances that never occur, and branches do not shrink again.
  for (const fragment of variable)
    if (fragment.tail.kind === 'branch') fragment.tailSize = choiceLength(fragment.tail.choices[0]!);
  const failed = new Map<Fragment, Mistake>();
  let changed = true;
  for (let count = 0; changed; count++) {
    changed = pass(sections, placement);
    for (const fragment of variable) {
      let size = 0n;
      try {
        size = wantedSize(program, fragment, fragment.address + BigInt(fragment.length));
        failed.delete(fragment);
        const position = positionOf(fragment.tail as Exclude<Tail, { kind: 'none' }>);
        if (size < 0n) failed.set(fragment, new Mistake(position, `this would move back by ${-size} bytes`));
        else if (size > BigInt(MAX_PROGRAM))
          failed.set(fragment, new Mistake(position, `this takes ${size} bytes; expected at most ${MAX_PROGRAM}`));
        else if (count > MAX_PASSES && fragment.tailSize !== Number(size))
          failed.set(fragment, new Mistake(position, 'this size depends on itself and does not settle'));
      } catch (error) {
        if (!(error instanceof Mistake)) throw error;
        failed.set(fragment, error);
      }
      const settled = failed.has(fragment) ? 0 : Number(size);
      if (fragment.tailSize !== settled) changed = true;
      fragment.tailSize = settled;
    }
    if (count > MAX_PASSES + 1) break;
  }
  for (const mistake of failed.values()) report(mistake);
  const bytes = sections.reduce((sum, { kind, size }) => sum + (kind === 'bss' ? 0 : size), 0);
  if (bytes <= MAX_PROGRAM) return true;
  report(new Mistake({ line: 1, column: 1 }, `the program has ${bytes} bytes; expected at most ${MAX_PROGRAM}`));
  return false;
};
