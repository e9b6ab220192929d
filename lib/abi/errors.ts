/** The base of every error that the public API throws. It lives in the lowest layer, so that every layer may extend it. */

/**
 * An error at the public edge. `code` is stable and meant for programs; the message is meant for people and reads
 * "operation: what is wrong; what to do".
 */
export class VivariumError extends Error {
  override readonly name: string = 'VivariumError';

  constructor(
    readonly code: string,
    /** The public operation that failed, such as `parseElf`. */
    readonly operation: string,
    problem: string,
    remedy?: string,
  ) {
    super(`${operation}: ${problem}${remedy === undefined ? '' : `; ${remedy}`}`);
  }
}
