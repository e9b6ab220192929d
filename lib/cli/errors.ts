/** What the command line itself finds wrong with its input. */
import { VivariumError } from '../abi/errors.js';

/** A file that cannot be read or written, or an argument that means nothing. */
export class CliError extends VivariumError {
  override readonly name = 'CliError';
}
