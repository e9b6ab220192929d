/** Directives that place data, choose sections and define symbols. */
import { Mistake, type Position, suggestion } from './errors.js';
import type { Expression } from './expression.js';
import { expressionOf, type Operand } from './operands.js';
import type { Program } from './program.js';
import { MAX_PROGRAM, type SectionKind } from './section.js';
import type { Token } from './tokens.js';

export interface Arguments {
  readonly program: Program;
  readonly name: string;
  readonly operands: readonly Operand[];
  readonly position: Position;
  /** Just after the statement. */
  readonly end: Position;
}
type Directive = (a: Arguments) => void;

const expressionAt = ({ program, operands, end, name }: Arguments, index: number): Expression => {
  const operand = operands[index];
  if (operand === undefined) throw new Mistake(end, `${name} expects a number here`);
  return expressionOf(operand, program);
};
const countAt = (a: Arguments, index: number, what: string, fallback?: number): number => {
  const operand = a.operands[index];
  if (fallback !== undefined && (operand === undefined || operand.tokens.length === 0)) return fallback;
  return a.program.count(expressionAt(a, index), operand?.position ?? a.end, what);
};
const byteAt = (a: Arguments, index: number, fallback: number): number => {
  const operand = a.operands[index];
  if (operand === undefined || operand.tokens.length === 0) return fallback;
  return Number(BigInt.asUintN(8, a.program.constant(expressionAt(a, index), operand.position, 'the fill')));
};

/** Little-endian. */
export const storeInteger = (bytes: Uint8Array, value: bigint): void => {
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
};
/** Numbers wider than the datum are a mistake, not cut off. */
export const checkInteger = (value: bigint, size: number, position: Position): void => {
  const bits = 8 * size;
  if (BigInt.asIntN(bits, value) !== value && BigInt.asUintN(bits, value) !== value)
    throw new Mistake(position, `${value} does not fit in ${size} byte${size === 1 ? '' : 's'}`);
};

const data =
  (size: number): Directive =>
  (a) => {
    const { program, operands } = a;
    program.requireContents(a.position, a.name);
    for (const [i, operand] of operands.entries()) {
      program.moveHere();
      const expression = expressionAt(a, i);
      const value = program.tryConstant(expression);
      const { position } = operand;
      if (value === undefined)
        program.addFixup({ kind: 'data', offset: program.section.last.length, size, expression, position });
      else checkInteger(value, size, position);
      const bytes = program.grow(size, position);
      if (value !== undefined) storeInteger(bytes, value);
    }
  };

const text =
  (terminated: boolean): Directive =>
  ({ program, name, operands, position, end }) => {
    program.requireContents(position, name);
    for (const operand of operands) {
      const [token, second] = operand.tokens;
      if (token?.kind !== 'string')
        throw new Mistake(token?.position ?? end, `${name} expects a string such as "text"`);
      if (second !== undefined) throw new Mistake(second.position, `expected a comma, found ${second.text}`);
      const bytes = token.bytes!;
      program.grow(bytes.length + (terminated ? 1 : 0), position).set(bytes);
    }
  };

const checkAlignment = (alignment: number, position: Position): number => {
  if (alignment <= 65536 && Number.isInteger(Math.log2(alignment))) return alignment;
  throw new Mistake(position, `alignment is ${alignment}; expected a power of two up to 65536`);
};

const alignTo = (
  { section }: Program,
  alignment: number,
  position: Position,
  fill: number | undefined = undefined,
  max = alignment,
): void => {
  section.alignment = Math.max(section.alignment, alignment);
  section.close({ kind: 'align', alignment, fill, max, position });
};

const align =
  (power: boolean): Directive =>
  (a) => {
    const { program, position } = a;
    const amount = countAt(a, 0, 'the alignment', 0);
    const at = a.operands[0]?.position ?? position;
    if (power && amount > 16) throw new Mistake(at, `alignment is 2 to the power of ${amount}; expected at most 16`);
    const alignment = checkAlignment(power ? 2 ** amount : Math.max(1, amount), at);
    const fill = (a.operands[1]?.tokens.length ?? 0) === 0 ? undefined : byteAt(a, 1, 0);
    const max = countAt(a, 2, 'the most bytes to skip', alignment);
    alignTo(program, alignment, position, fill, max);
  };

const space: Directive = (a) => {
  const { program, position } = a;
  const count = expressionAt(a, 0);
  const fill = byteAt(a, 1, 0);
  if (fill !== 0) program.requireContents(position, `${a.name} with a value`);
  if (program.tryConstant(count) === undefined) program.section.close({ kind: 'space', count, fill, position });
  else program.grow(program.count(count, position, 'the size'), position, fill);
};

/** `.fill repeat, size, value`: of the value, at most 4 bytes count, the rest are zeros. */
const fill: Directive = (a) => {
  const { program, position } = a;
  const repeat = countAt(a, 0, 'the repetition');
  const size = Math.min(8, countAt(a, 1, 'the size', 1));
  const value = a.operands[2] === undefined ? 0n : program.constant(expressionAt(a, 2), position, 'the value');
  if (value !== 0n) program.requireContents(position, '.fill with a value');
  if (repeat * size > MAX_PROGRAM) throw new Mistake(position, `.fill would make more than ${MAX_PROGRAM} bytes`);
  const bytes = program.grow(repeat * size, position);
  if (value === 0n) return;
  for (let i = 0; i < repeat; i++) storeInteger(bytes.subarray(i * size, i * size + Math.min(4, size)), value);
};

const org: Directive = (a) => {
  const target = expressionAt(a, 0);
  a.program.section.close({ kind: 'org', target, fill: byteAt(a, 1, 0), position: a.position });
};

const symbolAt = ({ operands, name, end }: Arguments, index: number): Token => {
  const token = operands[index]?.tokens[0];
  if (token?.kind !== 'name' || operands[index]!.tokens.length > 1)
    throw new Mistake(token?.position ?? end, `${name} expects the name of a symbol here`);
  return token;
};

const global: Directive = (a) => {
  if (a.operands.length === 0) symbolAt(a, 0);
  for (const i of a.operands.keys()) {
    const { text: name, position } = symbolAt(a, i);
    a.program.globals.set(name, position);
  }
};
const set =
  (fixed: boolean): Directive =>
  (a) => {
    const { text: name, position } = symbolAt(a, 0);
    a.program.set(name, position, expressionAt(a, 1), fixed);
  };

/** `.comm` and `.lcomm`: zeroed space in .bss. */
const common =
  (isGlobal: boolean): Directive =>
  (a) => {
    const { program } = a;
    const { text: name, position } = symbolAt(a, 0);
    const size = countAt(a, 1, 'the size');
    const alignment = checkAlignment(countAt(a, 2, 'the alignment', 8), position);
    const { section, previous } = program;
    program.enter('.bss', 'bss');
    try {
      alignTo(program, alignment, position);
      program.defineLabel(name, position);
      program.grow(size, position);
    } finally {
      program.section = section;
      program.previous = previous;
    }
    if (isGlobal) program.globals.set(name, position);
  };

const enter =
  (name: string): Directive =>
  ({ program }) => {
    program.enter(name, undefined);
  };

/** `.section name, "flags", @type`: w is writable, x executable; @nobits holds only zeros. */
const section: Directive = (a) => {
  const { program, operands, end } = a;
  const [first] = operands[0]?.tokens ?? [];
  if (first === undefined || (first.kind !== 'name' && first.kind !== 'string'))
    throw new Mistake(first?.position ?? end, '.section expects the name of a section here');
  const name =
    first.kind === 'string' ? new TextDecoder().decode(first.bytes) : operands[0]!.tokens.map((t) => t.text).join('');
  const flags = operands[1]?.tokens[0];
  if (flags !== undefined && flags.kind !== 'string')
    throw new Mistake(flags.position, '.section expects flags such as "ax" here');
  const type = operands[2]?.tokens.map((token) => token.text).join('');
  let kind: SectionKind | undefined;
  if (flags !== undefined) kind = flags.text.includes('x') ? 'text' : flags.text.includes('w') ? 'data' : 'rodata';
  if (type === '@nobits' || type === '%nobits') kind = 'bss';
  program.enter(name, kind);
};
const previous: Directive = ({ program }) => {
  [program.section, program.previous] = [program.previous, program.section];
};

const option: Directive = (a) => {
  const { program } = a;
  const { text: name, position } = symbolAt(a, 0);
  if (name === 'rvc') program.compressed = program.usesCompressed = true;
  else if (name === 'norvc') program.compressed = false;
  else if (name === 'push') program.savedOptions.push(program.compressed);
  else if (name === 'pop') {
    const saved = program.savedOptions.pop();
    if (saved === undefined) throw new Mistake(position, '.option pop without a .option push before it');
    program.compressed = saved;
  } else if (!['relax', 'norelax', 'pic', 'nopic', 'arch'].includes(name))
    throw new Mistake(
      position,
      `unknown option ${name}${suggestion(name, ['rvc', 'norvc', 'push', 'pop', 'relax', 'norelax'])}`,
    );
};

const complain: Directive = ({ operands, position }) => {
  const message = operands[0]?.tokens[0]?.bytes;
  throw new Mistake(position, message === undefined ? '.error' : new TextDecoder().decode(message));
};

/** Accepted for the sake of compilers' output; they change no byte. */
const IGNORED =
  '.type .size .file .loc .attribute .ident .weak .hidden .protected .internal .local .warning .cfi_startproc ' +
  '.cfi_endproc .cfi_def_cfa_offset .cfi_offset .cfi_restore .cfi_def_cfa .addrsig .addrsig_sym .end';

export const directives: ReadonlyMap<string, Directive> = new Map<string, Directive>([
  ...['.byte', '.1byte'].map((name) => [name, data(1)] as const),
  ...['.half', '.2byte', '.short', '.hword'].map((name) => [name, data(2)] as const),
  ...['.word', '.4byte', '.long', '.int'].map((name) => [name, data(4)] as const),
  ...['.dword', '.8byte', '.quad'].map((name) => [name, data(8)] as const),
  ['.ascii', text(false)],
  ['.asciz', text(true)],
  ['.string', text(true)],
  ['.align', align(true)],
  ['.p2align', align(true)],
  ['.balign', align(false)],
  ...['.skip', '.space'].map((name) => [name, space] as const),
  ['.zero', space],
  ['.fill', fill],
  ['.org', org],
  ...['.globl', '.global'].map((name) => [name, global] as const),
  ...['.equ', '.set'].map((name) => [name, set(false)] as const),
  ['.equiv', set(true)],
  ['.comm', common(true)],
  ['.lcomm', common(false)],
  ...['.text', '.data', '.bss', '.rodata'].map((name) => [name, enter(name)] as const),
  ['.section', section],
  ['.previous', previous],
  ['.option', option],
  ['.error', complain],
  ...IGNORED.split(' ').map((name): [string, Directive] => [name, () => {}]),
]);
