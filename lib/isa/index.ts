/** The instruction set on its own, for tools that need no machine: what `vivarium/isa` exports. */
export * from './asm.js';
export { type Decoded, decode, lengthOf } from './decode.js';
export { type DisassembleOptions, disassemble, type Symbolizer, symbolizer } from './disassemble.js';
export { encode } from './encode.js';
export type { Operands } from './format.js';
export { bitPattern, reference } from './reference.js';
export type { Extension, Row } from './row.js';
export { lookup, table } from './table.js';
