/** Builds the body of one WebAssembly function from expressions and structured control flow. */
import { type Expr, type I32, local, type Type } from '../../isa/expr.js';
import { append, signed, unsigned } from './encode.js';
import { CONTROL, LOAD, opcode, STORE, valueType } from './opcodes.js';

/** A place that `branch` can go to: the end of a block or the head of a loop. */
export interface Label {
  readonly depth: number;
}
export type Local<T extends Type = Type> = Extract<Expr<T>, { kind: 'local' }>;

export class FunctionBuilder {
  readonly #code: number[] = [];
  readonly #locals: Type[] = [];
  #depth = 0;

  constructor(
    readonly params: readonly Type[],
    readonly result: Type | undefined,
  ) {}

  param<T extends Type>(type: T, index: number): Local<T> {
    return local(type, index) as Local<T>;
  }
  /** A new local variable, initially 0. */
  local<T extends Type>(type: T): Local<T> {
    this.#locals.push(type);
    return local(type, this.params.length + this.#locals.length - 1) as Local<T>;
  }
  /** A new local variable that holds the value. */
  let<T extends Type>(value: Expr<T>): Local<T> {
    const variable = this.local(value.type as T);
    this.set(variable, value);
    return variable;
  }
  set<T extends Type>(variable: Local<T>, value: Expr<T>): void {
    this.#push(value);
    this.#code.push(CONTROL.localSet);
    unsigned(this.#code, variable.id);
  }
  /** Stores the low `bits` of the value in linear memory. */
  poke(bits: 8 | 16 | 32 | 64, address: I32, value: Expr<'i32'> | Expr<'i64'>, offset = 0): void {
    this.#push(address);
    this.#push(value);
    this.#code.push(STORE[`${value.type}.${bits}`] as number);
    this.#immediate(offset);
  }
  /** Evaluates a call for its effect; `returns` says whether a result has to be dropped. */
  do(value: Expr, returns = false): void {
    this.#push(value);
    if (returns) this.#code.push(CONTROL.drop);
  }
  if(condition: I32, then: () => void, otherwise?: () => void): void {
    this.#push(condition);
    this.#enter(CONTROL.if);
    then();
    if (otherwise !== undefined) {
      this.#code.push(CONTROL.else);
      otherwise();
    }
    this.#leave();
  }
  /** A block whose label is its end. */
  block(body: (end: Label) => void): void {
    this.#enter(CONTROL.block);
    body({ depth: this.#depth });
    this.#leave();
  }
  /** A loop whose label is its head; control that reaches the end leaves it. */
  loop(body: (head: Label) => void): void {
    this.#enter(CONTROL.loop);
    body({ depth: this.#depth });
    this.#leave();
  }
  branch(to: Label): void {
    this.#code.push(CONTROL.br);
    unsigned(this.#code, this.#depth - to.depth);
  }
  branchIf(condition: I32, to: Label): void {
    this.#push(condition);
    this.#code.push(CONTROL.brIf);
    unsigned(this.#code, this.#depth - to.depth);
  }
  branchTable(index: I32, to: readonly Label[], otherwise: Label): void {
    this.#push(index);
    this.#code.push(CONTROL.brTable);
    unsigned(this.#code, to.length);
    for (const label of [...to, otherwise]) unsigned(this.#code, this.#depth - label.depth);
  }
  return(value?: Expr): void {
    if (value !== undefined) this.#push(value);
    this.#code.push(CONTROL.return);
  }
  unreachable(): void {
    this.#code.push(CONTROL.unreachable);
  }

  /** The function's entry in the code section. */
  finish(): number[] {
    const body: number[] = [];
    unsigned(body, this.#locals.length);
    for (const type of this.#locals) body.push(1, valueType[type]);
    append(body, this.#code);
    body.push(CONTROL.end);
    const entry: number[] = [];
    unsigned(entry, body.length);
    append(entry, body);
    return entry;
  }

  #enter(code: number): void {
    this.#code.push(code, CONTROL.empty);
    this.#depth++;
  }
  #leave(): void {
    this.#code.push(CONTROL.end);
    this.#depth--;
  }
  /** A memory operand; alignment is a hint, and guest addresses give none. */
  #immediate(offset: number): void {
    this.#code.push(0);
    unsigned(this.#code, offset);
  }
  #float(value: number, type: 'f32' | 'f64'): void {
    const view = new DataView(new ArrayBuffer(8));
    if (type === 'f32') view.setFloat32(0, value, true);
    else view.setFloat64(0, value, true);
    for (let i = 0; i < (type === 'f32' ? 4 : 8); i++) this.#code.push(view.getUint8(i));
  }

  #push(e: Expr): void {
    switch (e.kind) {
      case 'const':
        this.#code.push(e.type === 'i32' ? CONTROL.i32Const : CONTROL.i64Const);
        signed(this.#code, e.value);
        return;
      case 'float':
        this.#code.push(e.type === 'f32' ? CONTROL.f32Const : CONTROL.f64Const);
        this.#float(e.value, e.type as 'f32' | 'f64');
        return;
      case 'unary':
        this.#push(e.a);
        this.#code.push(opcode(`${e.a.type}.${e.op}`));
        return;
      case 'binary':
      case 'compare':
        this.#push(e.a);
        this.#push(e.b);
        this.#code.push(opcode(`${e.a.type}.${e.op}`));
        return;
      case 'convert':
        this.#push(e.a);
        this.#code.push(opcode(e.op));
        return;
      case 'select':
        this.#push(e.a);
        this.#push(e.b);
        this.#push(e.condition);
        this.#code.push(CONTROL.select);
        return;
      case 'local':
        this.#code.push(CONTROL.localGet);
        unsigned(this.#code, e.id);
        return;
      case 'load':
        this.#push(e.address);
        this.#code.push(LOAD[`${e.type}.${e.bits}${e.signed ? 's' : 'u'}`] as number);
        this.#immediate(e.offset);
        return;
      case 'call':
        for (const arg of e.args) this.#push(arg);
        this.#code.push(CONTROL.call);
        unsigned(this.#code, e.callee);
        return;
      case 'operand':
        throw new TypeError(`operand ${e.name} was not replaced before code generation`);
    }
  }
}
