/** `boot`: a kernel with this terminal as its console. */
import { drive } from './drive.js';
import { readFile } from './files.js';
import { createMachine, finish, type MachineArguments } from './machine.js';
import type { Streams } from './streams.js';
import { Terminal } from './terminal.js';

export interface BootArguments extends MachineArguments {
  readonly initrd?: string;
  /** The kernel's command line. */
  readonly append?: string;
  /** M-mode firmware to run in place of the machine's SBI. */
  readonly bios?: string;
}

export const boot = async (kernel: string, options: BootArguments, streams: Streams): Promise<number> => {
  const { initrd, append, bios, maxInstructions = Number.MAX_SAFE_INTEGER } = options;
  const files = {
    kernel: readFile(kernel),
    ...(initrd !== undefined && { initrd: readFile(initrd) }),
    ...(bios !== undefined && { firmware: readFile(bios) }),
    ...(append !== undefined && { bootargs: append }),
  };
  const machine = createMachine(options, streams, bios === undefined ? 'sbi' : 'none');
  machine.boot(files);
  const terminal = new Terminal(machine, streams);
  try {
    return finish(machine, await drive(machine, terminal, maxInstructions), streams);
  } finally {
    terminal.close();
  }
};
