/** Assembles functions, imports and exports into a WebAssembly module. */
import { call, type Expr, type Type } from '../../isa/expr.js';
import { section, text, unsigned } from './encode.js';
import { FunctionBuilder } from './function.js';
import { valueType } from './opcodes.js';

/** A function that expressions can call. */
export interface Callable<T extends Type = Type> {
  readonly index: number;
  readonly params: readonly Type[];
  readonly result: T | undefined;
  call(...args: Expr[]): Expr<T>;
}
const callable = <T extends Type>(index: number, params: readonly Type[], result: T | undefined): Callable<T> => ({
  index,
  params,
  result,
  call: (...args) => call(result ?? ('i32' as T), index, ...args),
});

export class ModuleBuilder {
  readonly #types: string[] = [];
  readonly #typeBytes: number[][] = [];
  readonly #imports: number[][] = [];
  readonly #functions: { type: number; body: FunctionBuilder | undefined }[] = [];
  readonly #exports: number[][] = [];
  #importedFunctions = 0;

  /** @param memoryPages - size of the imported memory, in pages of 64 KiB, that the module demands at the least */
  constructor(memoryPages: number) {
    const memory: number[] = [];
    text(memory, 'host');
    text(memory, 'memory');
    memory.push(0x02, 0x00);
    unsigned(memory, memoryPages);
    this.#imports.push(memory);
  }

  #type(params: readonly Type[], result: Type | undefined): number {
    const key = `${params.join()}>${result}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    const bytes = [0x60];
    unsigned(bytes, params.length);
    for (const type of params) bytes.push(valueType[type]);
    bytes.push(...(result === undefined ? [0] : [1, valueType[result]]));
    this.#typeBytes.push(bytes);
    return this.#types.push(key) - 1;
  }

  /** Declares an imported function. All imports come before the first `declare`. */
  import<T extends Type>(name: string, params: readonly Type[], result?: T): Callable<T> {
    if (this.#functions.length > 0) throw new RangeError(`import ${name} comes after a function of the module`);
    const bytes: number[] = [];
    text(bytes, 'host');
    text(bytes, name);
    bytes.push(0x00);
    unsigned(bytes, this.#type(params, result));
    this.#imports.push(bytes);
    return callable(this.#importedFunctions++, params, result);
  }
  /** Declares a function; `define` gives its body, so that functions may call each other in any order. */
  declare<T extends Type>(params: readonly Type[], result?: T): Callable<T> {
    const index = this.#importedFunctions + this.#functions.length;
    this.#functions.push({ type: this.#type(params, result), body: undefined });
    return callable(index, params, result);
  }
  define(callee: Callable, build: (f: FunctionBuilder) => void): void {
    const body = new FunctionBuilder(callee.params, callee.result);
    build(body);
    const entry = this.#functions[callee.index - this.#importedFunctions];
    if (entry === undefined) throw new RangeError(`function ${callee.index} is imported`);
    entry.body = body;
  }
  export(name: string, callee: Callable): void {
    const bytes: number[] = [];
    text(bytes, name);
    bytes.push(0x00);
    unsigned(bytes, callee.index);
    this.#exports.push(bytes);
  }

  finish(): Uint8Array {
    const out = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
    section(out, 1, this.#typeBytes);
    section(out, 2, this.#imports);
    section(
      out,
      3,
      this.#functions.map(({ type }) => leb(type)),
    );
    section(out, 7, this.#exports);
    section(
      out,
      10,
      this.#functions.map(({ body }, i) => body?.finish() ?? missing(i)),
    );
    return Uint8Array.from(out);
  }
}
const leb = (value: number): number[] => {
  const out: number[] = [];
  unsigned(out, value);
  return out;
};
const missing = (i: number): never => {
  throw new RangeError(`function ${i} was declared but not defined`);
};
