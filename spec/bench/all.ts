/** Runs every benchmark of this directory, one after the other. */
import { readdirSync } from 'node:fs';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.js') && file !== 'all.js');
for (const file of files.sort()) await import(`./${file}`);
