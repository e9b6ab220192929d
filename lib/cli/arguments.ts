/** How the values of options are read. */
import { InvalidArgumentError } from 'commander';

/** A whole number from `least` on, in decimal or 0x-prefixed. @throws InvalidArgumentError */
const whole = (text: string, least: bigint): bigint => {
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value < least) throw new InvalidArgumentError(`Give a whole number from ${least} on.`);
  return value;
};

export const count = (text: string): number => {
  const value = Number(whole(text, 1n));
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('Give a number below 2**53.');
  return value;
};
export const bigCount = (text: string): bigint => whole(text, 0n);
export const address = (text: string): bigint => {
  const value = whole(text, 0n);
  if (value >= 1n << 64n) throw new InvalidArgumentError('Give a 64-bit address.');
  return value;
};
