/**
 * The part of the WebAssembly JavaScript API that the machine uses, typed here because the core compiles
 * without the DOM library (https://webassembly.github.io/spec/js-api/).
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
export type WasmExport = (...args: never[]) => number | bigint | undefined;
export type WasmImport = (...args: never[]) => number | bigint | undefined;
export type WasmModule = object;

interface WasmApi {
  Memory: new (descriptor: { initial: number; maximum?: number }) => WasmMemory;
  Module: new (bytes: Uint8Array) => WasmModule;
  Instance: new (
    module: WasmModule,
    imports: Record<string, Record<string, WasmImport | WasmMemory>>,
  ) => { readonly exports: Record<string, WasmExport> };
}

// biome-ignore lint/style/noRestrictedGlobals: no other way to an API that the ES2023 library does not declare
export const wasm = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
