/** The base extension: what implementation this is (SBI 2.0, clause 4). */
import { ok, type SbiExtension } from './extension.js';

/** Major number in bits 30:24, minor below. */
const SPECIFICATION = 2 << 24;
/** "viva"; no registered implementation has this number. */
const IMPLEMENTATION = 0x76697661;
const IMPLEMENTATION_VERSION = 1;

/** `available` answers probe_extension. The machine has no vendor, architecture or implementation number, which reads 0. */
export const baseExtension = (available: (id: bigint) => boolean): SbiExtension => ({
  name: 'BASE',
  id: 0x10,
  functions: [
    () => ok(SPECIFICATION),
    () => ok(IMPLEMENTATION),
    () => ok(IMPLEMENTATION_VERSION),
    ({ args: [id] }) => ok(available(id) ? 1 : 0),
    () => ok(),
    () => ok(),
    () => ok(),
  ],
});
