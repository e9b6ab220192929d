/** Checks of what callers hand to a machine, so that a wrong type is reported where it comes in and changes nothing. */
import { VivariumError } from '../abi/errors.js';

/** An argument of a kind or value that the operation cannot take. */
export class ArgumentError extends VivariumError {
  override readonly name = 'ArgumentError';
}

/** What a value is, in few words, for any value at all. */
export const describeValue = (value: unknown): string => {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || typeof value === 'bigint') return `the ${typeof value} ${value}`;
  return typeof value === 'string' ? `the string '${value.slice(0, 40)}'` : `a value of type ${typeof value}`;
};

/** Also of another realm; Node's Buffer counts, as it is one. */
export const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';

export const refuseArgument = (operation: string, what: string, value: unknown, remedy: string): never => {
  throw new ArgumentError('ARGUMENT', operation, `${what} is ${describeValue(value)}`, remedy);
};
export const requireBytes = (operation: string, what: string, value: unknown): void => {
  if (!isBytes(value)) refuseArgument(operation, what, value, 'give a Uint8Array');
};
export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
