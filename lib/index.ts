/** The public API of vivarium, and nothing else. */
export { ElfError } from './abi/elf.js';
export { VivariumError } from './abi/errors.js';
export {
  type AsmValue,
  type Assembled,
  type AssembledSection,
  type AssembleOptions,
  AssemblyError,
  asm,
  assemble,
  type Diagnostic,
  type ListingLine,
  type Position,
  toElf,
} from './isa/asm.js';
export { type DisassembleOptions, disassemble, type Symbolizer, symbolizer } from './isa/disassemble.js';
export { ArgumentError } from './machine/arguments.js';
export { BootError } from './machine/boot/errors.js';
export type { BootPlan, Range } from './machine/boot/load.js';
export { type Costs, defaultCosts } from './machine/costs.js';
export type { Counters } from './machine/counters.js';
export { type BlockStore, MemoryBlockStore } from './machine/devices/virtio/block-store.js';
export { VirtioConsole } from './machine/devices/virtio/console.js';
export type { NetworkPort } from './machine/devices/virtio/net.js';
export type { EngineName } from './machine/engine.js';
export type { Hart } from './machine/hart.js';
export { RAM_BASE } from './machine/layout.js';
export { type BootOptions, Machine, type MachineEvents } from './machine/machine.js';
export type { MachineMemory } from './machine/memory.js';
export { type Configuration, MachineOptionError, type MachineOptions } from './machine/options.js';
export type { RunOptions, StopReason, Trap, TrapHandler } from './machine/scheduler.js';
export { type Snapshot, SnapshotError } from './machine/snapshot.js';
