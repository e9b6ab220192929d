/** Records what QEMU prints for the privileged test programs: `node dist/spec/support/record-privileged.js [name ...]`. */
import { programNames, runOnQemu, saveExpected } from './privileged.js';

const chosen = process.argv.slice(2);
for (const name of chosen.length > 0 ? chosen : programNames()) saveExpected(name, runOnQemu(name));
