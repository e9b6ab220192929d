/** How operand values other than registers and numbers are written: rounding modes, orderings, memory access sets. */

/** By rm field value; 5 and 6 are reserved. */
export const roundingModes: readonly (string | undefined)[] = [
  'rne',
  'rtz',
  'rdn',
  'rup',
  'rmm',
  undefined,
  undefined,
  'dyn',
];
export const DYNAMIC_ROUNDING = 7;

/** Mnemonic suffixes of atomics, by aqrl field value. */
export const orderings: readonly string[] = ['', '.rl', '.aq', '.aqrl'];

const ACCESSES = 'iorw';

/** The letters of a 4-bit set of memory accesses; undefined for the empty set, which has no spelling. */
export const accessSet = (bits: number): string | undefined => {
  const letters = [...ACCESSES].filter((_, i) => (bits & (8 >> i)) !== 0).join('');
  return letters === '' ? undefined : letters;
};
/** The set that letters such as `rw` denote; undefined if they are not from `iorw`, each at most once and in this order. */
export const parseAccessSet = (letters: string): number | undefined => {
  if (!/^i?o?r?w?$/.test(letters) || letters === '') return undefined;
  return [...ACCESSES].reduce((bits, letter, i) => (letters.includes(letter) ? bits | (8 >> i) : bits), 0);
};
