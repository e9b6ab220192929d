/** The operands of a statement: taken apart at commas, and each read as what an instruction's field asks for. */
import { csrNumber } from '../csrs.js';
import type { Field, FieldKind } from '../format.js';
import { parseF, parseX } from '../registers.js';
import { parseAccessSet, roundingModes } from '../words.js';
import { Mistake, type Position } from './errors.js';
import { type Expression, ExpressionParser, type Names } from './expression.js';
import type { Modifier } from './section.js';
import type { Token } from './tokens.js';

/** One operand: its tokens and where it begins, or would have. */
export interface Operand {
  readonly tokens: readonly Token[];
  readonly position: Position;
  /** Just after the operand. */
  readonly end: Position;
}

/** Splits at the commas that are not in parentheses. */
export const splitOperands = (tokens: readonly Token[], end: Position): Operand[] => {
  if (tokens.length === 0) return [];
  const operands: Operand[] = [];
  let depth = 0;
  let current: Token[] = [];
  const finish = (at: Position): void => {
    operands.push({ tokens: current, position: current[0]?.position ?? at, end: at });
    current = [];
  };
  for (const token of tokens) {
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    if (token.text === ',' && token.kind === 'operator' && depth <= 0) finish(token.position);
    else current.push(token);
  }
  finish(end);
  return operands;
};

/** A value known at once, or an expression to be evaluated, perhaps through `%lo` and the like. */
export type OperandValue =
  | { readonly kind: 'known'; readonly value: number }
  | {
      readonly kind: 'expression';
      readonly expression: Expression;
      readonly modifier: Modifier;
      readonly position: Position;
    };

export const expressionOf = ({ tokens, end }: Operand, names: Names): Expression => {
  const parser = new ExpressionParser(tokens, 0, names, end);
  const expression = parser.parse();
  const rest = tokens[parser.at];
  if (rest !== undefined) throw new Mistake(rest.position, `expected the end of the operand, found ${rest.text}`);
  return expression;
};

const modifiers: readonly string[] = ['hi', 'lo', 'pcrel_hi', 'pcrel_lo'] satisfies Modifier[];

const isRegister = (name: string): boolean => parseX(name) !== undefined || parseF(name) !== undefined;
const single = ({ tokens }: Operand): string | undefined =>
  tokens.length === 1 && tokens[0]!.kind === 'name' ? tokens[0]!.text : undefined;

const readExpression = (operand: Operand, names: Names): OperandValue | undefined => {
  const { tokens } = operand;
  const name = single(operand);
  if (tokens.length === 0 || (name !== undefined && isRegister(name))) return undefined;
  const { position } = operand;
  if (tokens[0]!.text !== '%')
    return { kind: 'expression', expression: expressionOf(operand, names), modifier: 'none', position };
  const word = tokens[1];
  if (word === undefined || !modifiers.includes(word.text))
    throw new Mistake(word?.position ?? operand.end, `expected one of %${modifiers.join(', %')}`);
  const expression = expressionOf({ ...operand, tokens: tokens.slice(2) }, names);
  return { kind: 'expression', expression, modifier: word.text as Modifier, position };
};

const known = (value: number | undefined): OperandValue | undefined =>
  value === undefined || value < 0 ? undefined : { kind: 'known', value };

/** Reads an operand for a field; undefined if it is of another kind. @throws Mistake if it is malformed. */
export const readOperand = (operand: Operand, { kind }: Field, names: Names): OperandValue | undefined => {
  const name = single(operand);
  switch (kind) {
    case 'x':
    case 'xc':
      return name === undefined ? undefined : known(parseX(name));
    case 'f':
    case 'fc':
      return name === undefined ? undefined : known(parseF(name));
    case 'fixed':
      return name === undefined ? readExpression(operand, names) : known(parseX(name));
    case 'rm':
      return name === undefined ? undefined : known(roundingModes.indexOf(name));
    case 'fence':
      return name === undefined ? undefined : known(parseAccessSet(name));
    case 'csr': {
      const number = name === undefined ? undefined : csrNumber(name);
      return number === undefined ? readExpression(operand, names) : known(number);
    }
    default:
      return readExpression(operand, names);
  }
};

/** `expression(register)` taken apart; undefined if the operand has no such ending. */
export const splitMemory = (operand: Operand): { offset: Operand; base: Operand } | undefined => {
  const { tokens } = operand;
  const [open, register, close] = tokens.slice(-3);
  if (tokens.length < 3 || open!.text !== '(' || close!.text !== ')' || register!.kind !== 'name') return undefined;
  if (!isRegister(register!.text)) return undefined;
  return {
    offset: { ...operand, tokens: tokens.slice(0, -3), end: open!.position },
    base: { tokens: [register!], position: register!.position, end: close!.position },
  };
};

/** What a field takes, in words. */
export const expectation: Readonly<Record<FieldKind, string>> = {
  x: 'an integer register',
  xc: 'one of the registers s0, s1, a0 to a5',
  f: 'a floating-point register',
  fc: 'one of the registers fs0, fs1, fa0 to fa5',
  simm: 'a number',
  uimm: 'a number',
  shamt: 'a shift amount',
  upper: 'a 20-bit number',
  target: 'a label or an address',
  csr: 'a CSR name or number',
  rm: 'a rounding mode (rne, rtz, rdn, rup, rmm or dyn)',
  aqrl: 'an ordering',
  fence: 'a set of accesses from i, o, r, w, in this order',
  fixed: 'the register or value that this instruction implies',
};
