/** The assembler: what the rest of the library may use of it. */
export {
  type Assembled,
  type AssembledSection,
  type AssembleOptions,
  assemble,
  type ListingLine,
} from './asm/assemble.js';
export { AssemblyError, type Diagnostic, type Position } from './asm/errors.js';
export { type AsmValue, asm } from './asm/template.js';
export { toElf } from './asm/to-elf.js';
