/** The streams of a process; tests give their own. */
import type { Readable, Writable } from 'node:stream';

export interface TerminalInput extends Readable {
  readonly isTTY?: boolean;
  /** Only a terminal has it. */
  setRawMode?(raw: boolean): unknown;
}
export interface Streams {
  readonly stdin: TerminalInput;
  readonly stdout: Writable;
  readonly stderr: Writable;
}
