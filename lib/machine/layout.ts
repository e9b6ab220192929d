/**
 * Where the machine keeps its state. All of it lies in one WebAssembly.Memory, so a snapshot is a copy and every
 * engine sees the same words: a block per hart, the map of decoded pages, the pool of decoded code, then RAM.
 */
import { csrSlots } from './csr/slots.js';

export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;

/** Physical address of RAM on the QEMU `virt` board. */
export const RAM_BASE = 0x80000000;

/** Byte offsets into a hart's block. Registers come first: decoded code addresses them by index times 8. */
const HART_CELLS = 512;
const cellNames = [
  /** Address of the next instruction (i64). While a system instruction runs: of that instruction. */
  'pc',
  /** Where a system instruction continues (i64); xRET changes it. */
  'next',
  /** Privilege (0 U, 1 S, 3 M) plus 4 if V = 1 (i32). */
  'mode',
  /** Instructions retired in this call of the engine (low 32 bits), data accesses made in it (high 32 bits). */
  'tally',
  /** At the first control transfer with this many instructions in the tally, the engine returns (signed i32). */
  'limit',
  /** At the first page end with this many instructions in the tally, the engine returns (signed i32). */
  'hardLimit',
  /** Set by a system instruction after which interrupts must be looked at (i32). */
  'event',
  /** Set by WFI when no enabled interrupt is pending: the hart idles until one is (i32). */
  'waiting',
  /** Set with the trap cells when an instruction traps (i32). */
  'fault',
  /** The pending exception: mcause, mtval, mtval2 (guest physical address >> 2) and mtinst as they will be written (i64). */
  'trapCause',
  'trapValue',
  'trapValue2',
  'trapInstruction',
  /** Whether trapValue is a guest virtual address (i32), for mstatus.GVA and hstatus.GVA. */
  'trapGuest',
  /** Physical address that the last data translation gave when it is not RAM (i64). */
  'physical',
  /** Physical address that LR reserved, or -1 (i64). */
  'reservation',
  /** 2 if floating-point instructions may run without further ado: enabled, and already marked dirty (i32). */
  'floatState',
  /** Accrued exception flags (i32). */
  'fflags',
  /** For each value of an rm field the effective rounding mode, or 255 if it is reserved (8 bytes). */
  'rounding',
  /** 1 if the PMP has to be asked about S- and U-mode accesses (i32). */
  'pmpActive',
  /** Instructions retired and cycles beyond one per instruction, up to the current call of the engine (i64). */
  'retired',
  'stall',
  /** Data accesses made up to the current call of the engine (i64). */
  'accesses',
  /** Virtual page of the last instruction fetch with the context in bits 10:3, as in a TLB tag (i64): a fetch from another page is a fetch lookup. */
  'fetchPage',
  /** The highest level of the leaves from which TLB entries were filled (i32). An entry is 4 KiB, so a flush by address must drop all of a larger page. */
  'superpages',
  /** What the walk in progress found: whether every stage's leaf allows stores without an update (i32). */
  'writable',
  /** Levels of the leaves that the walk in progress found for the access itself, in the first stage and the G-stage (i32). */
  'leafLevel1',
  'leafLevel2',
  /** 1 if the hart stopped between two instructions in sequence, where no interrupt may be taken (i32). */
  'midBlock',
  /** Cycles spent waiting for an interrupt (i64). */
  'idle',
  /** Host address of RAM, its pages, and the address of the code map (i32): engines read them on slow paths. */
  'ramHost',
  'ramPages',
  'codeMap',
] as const;
export type CellName = (typeof cellNames)[number];

/** The translation regime of an access: what satp, vsatp, hgatp, mode, SUM, MXR and ADUE amount to. */
const regimeFields = ['context', 'privilege', 'flags', 'stage1', 'stage2'] as const;
export type RegimeField = (typeof regimeFields)[number];
export type RegimeName = 'data' | 'fetch' | 'explicit';
/** Bits of a regime's flags. */
export const REGIME = {
  /** S-mode (VS-mode) may use pages with U = 1. */
  SUM: 1,
  /** Loads may use execute-only pages of the first stage. */
  MXR: 2,
  /** Loads may use execute-only pages of the G-stage. */
  MXR2: 4,
  /** Hardware sets A and D in PTEs of the first stage, of the G-stage (Svadu). */
  ADUE: 8,
  ADUE2: 16,
  /** The access is made with V = 1, so its faults report guest virtual addresses. */
  VIRTUAL: 32,
  /** HLVX: loads need execute permission instead of read permission. */
  EXECUTE: 64,
} as const;

/** Event counters, one i64 each; the order is the order of `Counters` in counters.ts. */
export const counterNames = [
  'fetchLookups',
  'fetchMisses',
  'dataMisses',
  'misaligned',
  'walks',
  'walkReferencesStage1',
  'walkReferencesStage2',
  'leaves4K',
  'leaves2M',
  'leaves1G',
  'leaves512G',
  'adUpdates',
  'deviceAccesses',
  'interrupts',
  'traps',
  'modeSwitches',
  'worldSwitches',
  'flushes',
  'guestFlushes',
  'fenceI',
  'waits',
  'floatSlow',
] as const;
export type CounterName = (typeof counterNames)[number];

const allocate = <N extends string>(names: readonly N[], base: number): Record<N, number> =>
  Object.fromEntries(names.map((name, i) => [name, base + i * 8])) as Record<N, number>;

/** Offsets in a hart's block. */
export const X = 0;
export const F = 256;
export const CELL: Readonly<Record<CellName, number>> = allocate(cellNames, HART_CELLS);
const regimeBase = HART_CELLS + cellNames.length * 8;
const regimeSize = regimeFields.length * 8;
export const REGIME_AT: Readonly<Record<RegimeName, number>> = {
  data: regimeBase,
  fetch: regimeBase + regimeSize,
  explicit: regimeBase + 2 * regimeSize,
};
/** Offsets in a regime: context (i32, TLB tag bits), privilege (i32), flags (i32), stage1 and stage2 (i64, satp and hgatp layout, 0 if bare). */
export const REGIME_FIELD: Readonly<Record<RegimeField, number>> = allocate(regimeFields, 0);
/** Where the cells and regimes end and the counters begin; and where the CSRs after them end. */
export const COUNTERS_AT = regimeBase + 3 * regimeSize;
export const COUNTER: Readonly<Record<CounterName, number>> = allocate(counterNames, COUNTERS_AT);
/** Traps by cause: exceptions 0 to 63, then interrupts 0 to 63. */
export const TRAPS_BY_CAUSE = COUNTERS_AT + counterNames.length * 8;
const csrBase = TRAPS_BY_CAUSE + 128 * 8;
export const CSR: Readonly<Record<(typeof csrSlots)[number], number>> = allocate(csrSlots, csrBase);
export const CSR_END = csrBase + csrSlots.length * 8;
/** Prices of the events that engines charge themselves, in cycles (i32). */
const priceNames = ['walkReference', 'misaligned', 'adUpdate', 'deviceAccess'] as const;
export const PRICE: Readonly<Record<(typeof priceNames)[number], number>> = allocate(priceNames, CSR_END);
/** Everything up to here is architectural state and counters; the TLBs follow. */
const cellsEnd = CSR_END + priceNames.length * 8;
export const TLB_AT = Math.ceil(cellsEnd / 1024) * 1024;

/**
 * A TLB entry is 16 bytes. Data: tag (i64), read addend (i32), write addend (i32): host address = low 32 bits of the
 * virtual address + addend. Fetch: tag (i64), decoded page (i32, 0 if not yet known), host address of the page (i32).
 * A tag is the virtual page address, with the context in bits 10:3.
 */
export const TLB_ENTRY = 16;
export const TLB_ENTRY_SHIFT = 4;
/**
 * A TLB is direct-mapped. Its index is the virtual page number with bits from 24 up folded in, so that arrays a power of
 * two apart do not evict each other.
 */
export const TLB_FOLD_SHIFT = 24;
export const tlbIndex = (address: bigint, entries: number): number => {
  const low = Number(address & 0xffffffffn);
  return ((low >>> PAGE_SHIFT) ^ (low >>> TLB_FOLD_SHIFT)) & (entries - 1);
};
export const CONTEXT_SHIFT = 3;
/** Contexts 1 to 255; a zeroed entry therefore matches nothing. */
export const CONTEXTS = 256;
/** In a data tag: the page is not RAM, so only the slow path may take it. The physical page number is in the read addend. */
export const TAG_SLOW = 1 << 11;
/** In a write addend: stores must take the slow path, because they need a walk (WRITE_SLOW alone) or because the page holds decoded code (both). */
export const WRITE_SLOW = 1;
export const WRITE_CODE = 2;

export interface Geometry {
  readonly harts: number;
  /** Entries of the data TLB and of the fetch TLB, powers of two. */
  readonly dataEntries: number;
  readonly fetchEntries: number;
  /** Bytes of RAM, a multiple of the page size. */
  readonly ramSize: number;
  /** How many pages of decoded code are kept. */
  readonly codePages: number;
}

/**
 * A page of decoded code: a record for each of its 2,048 parcels, then the record that leads to the next page, then
 * the record and the encoding of an instruction that straddles the page end.
 */
export const RECORD = 8;
export const RECORD_SHIFT = 3;
export const PARCELS = PAGE_SIZE / 2;
export const STRADDLE_RECORD = (PARCELS + 1) * RECORD;
/** Upper half of the straddling instruction for which that record was made, plus 0x10000; 0 if there is none (i32). */
export const STRADDLE_HALF = STRADDLE_RECORD + RECORD;
export const CODE_PAGE = STRADDLE_HALF + 8;

export interface Layout extends Geometry {
  /** Address of hart 0's block, and the distance from one block to the next. */
  readonly hartBase: number;
  readonly hartSize: number;
  /** Offset of the fetch TLB in a hart's block (the data TLB is at TLB_AT). */
  readonly fetchTlbAt: number;
  /** For each page of RAM the address of its decoded page, or 0 (i32 each). */
  readonly codeMap: number;
  readonly codePool: number;
  /** Address of the first byte of RAM. */
  readonly ram: number;
  /** Bytes of the whole memory. */
  readonly size: number;
}

const alignUp = (value: number, to: number): number => Math.ceil(value / to) * to;

export const layoutOf = (geometry: Geometry): Layout => {
  const hartBase = PAGE_SIZE;
  const fetchTlbAt = TLB_AT + geometry.dataEntries * TLB_ENTRY;
  const hartSize = alignUp(fetchTlbAt + geometry.fetchEntries * TLB_ENTRY, PAGE_SIZE);
  const codeMap = hartBase + geometry.harts * hartSize;
  const codePool = alignUp(codeMap + (geometry.ramSize / PAGE_SIZE) * 4, PAGE_SIZE);
  const ram = alignUp(codePool + geometry.codePages * CODE_PAGE, 65536);
  return {
    ...geometry,
    hartBase,
    hartSize,
    fetchTlbAt,
    codeMap,
    codePool,
    ram,
    size: alignUp(ram + geometry.ramSize, 65536),
  };
};
