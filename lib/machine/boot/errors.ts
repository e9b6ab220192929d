/** What goes wrong before the first instruction. */
import { VivariumError } from '../../abi/errors.js';

/** A kernel, initrd or device tree that cannot be put into this machine's RAM. */
export class BootError extends VivariumError {
  override readonly name = 'BootError';
}
