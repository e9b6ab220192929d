#!/usr/bin/env node
/** The executable: connects the command line to this process. */
import { cli } from './cli.js';

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await cli(process.argv.slice(2), process);
