/** The command line: commands, options, and how mistakes in them are reported. */
import { Command, CommanderError, Option } from 'commander';
import { VivariumError } from '../abi/errors.js';
import { reference } from '../isa/reference.js';
import { address, bigCount, count } from './arguments.js';
import { boot } from './boot.js';
import { writeFile } from './files.js';
import { list } from './listing.js';
import { assembleFile } from './program.js';
import { run } from './run.js';
import type { Streams } from './streams.js';

/** Exit code for bad input; 1 is a program that failed or did not finish. */
const BAD_INPUT = 2;

const withMachineOptions = (command: Command): Command =>
  command
    .option('-m, --memory <size>', 'RAM, such as 64MiB', '128MiB')
    .option('--harts <n>', 'number of harts', count, 1)
    .addOption(
      new Option('--engine <name>', 'how instructions are executed')
        .choices(['interpreter', 'reference'])
        .default('interpreter'),
    )
    .option('--seed <n>', 'seeds everything random in the machine', bigCount, 1n)
    .option('--max-instructions <n>', 'stop after so many instructions of all harts', count);

/** Commands leave their exit code in `result`. */
const commands = (streams: Streams, result: { code: number }): Command => {
  const program = new Command('vivarium')
    .description('An emulated RISC-V computer (RV64GC with the hypervisor extension).')
    .exitOverride()
    .configureOutput({ writeOut: (text) => streams.stdout.write(text), writeErr: () => {} })
    .showSuggestionAfterError(false);

  withMachineOptions(program.command('run', { isDefault: true }))
    .description('run a program (a demonstration without a file) and print what it did')
    .argument('[file]', 'assembly source (*.s) or an ELF executable linked into RAM (0x80000000)')
    .addOption(
      new Option('--bios <kind>', 'sbi: in S-mode above the SBI; none: in M-mode')
        .choices(['sbi', 'none'])
        .default('sbi'),
    )
    .option('--trace <n>', 'print the first instructions', count, 0)
    .action((file, options) => {
      result.code = run(file, options, streams);
    });

  withMachineOptions(program.command('boot'))
    .description('boot a kernel with this terminal as its console; Control-A x ends it')
    .argument('<kernel>', 'a Linux Image or an ELF executable')
    .option('--initrd <file>', 'initial RAM disk')
    .option('--append <text>', "the kernel's command line")
    .option('--bios <file>', "M-mode firmware (ELF) in place of the machine's own SBI")
    .action(async (kernel, options) => {
      result.code = await boot(kernel, options, streams);
    });

  program
    .command('assemble')
    .description('assemble a source to a static ELF executable')
    .argument('<file>', 'GNU syntax')
    .requiredOption('-o, --output <file>', 'the executable')
    .option('--base <address>', 'address of the first byte, at a page boundary', address)
    .option('--compressed', 'use compressed instructions where they exist')
    .action((file, { output, ...options }) => writeFile(output, assembleFile(file, options)));

  program
    .command('disassemble')
    .description('list the code of a program')
    .argument('<file>', 'an ELF file, or assembly source (*.s)')
    .action((file) => list(file, streams));

  program
    .command('reference')
    .description('print the instruction reference (Markdown)')
    .option('-o, --output <file>', 'write it to a file')
    .action(({ output }) => {
      if (output === undefined) streams.stdout.write(reference());
      else writeFile(output, reference());
    });
  return program;
};

/** Executes a command line, without the names of Node and the script. Returns the exit code. */
export const cli = async (argv: readonly string[], streams: Streams): Promise<number> => {
  const result = { code: 0 };
  const fail = (message: string): number => {
    streams.stderr.write(`vivarium: ${message}\n`);
    return BAD_INPUT;
  };
  try {
    await commands(streams, result).parseAsync(argv, { from: 'user' });
    return result.code;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? 0 : fail(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
    if (error instanceof VivariumError) return fail(`${error.name}: ${error.message}`);
    throw error;
  }
};
