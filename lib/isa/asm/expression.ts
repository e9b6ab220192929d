/**
 * Expressions over 64-bit integers and addresses. Operators, their precedence and their results follow the GNU
 * assembler (manual, section 6.2): `*` binds like `<<`, bitwise operators bind tighter than `+`, comparisons give -1 for
 * true, and `>>` shifts in zeros.
 */
import { Mistake, type Position } from './errors.js';
import type { Fragment } from './section.js';
import type { Token } from './tokens.js';

/** A byte of a section whose address is not known before layout. */
export interface Place {
  readonly fragment: Fragment;
  readonly offset: number;
}

export type Expression =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'symbol'; readonly name: string; readonly position: Position }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression; readonly position: Position }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
      readonly position: Position;
    };

/** A number, or if `fragment` is given, that many bytes from the fragment's start. */
export interface Value {
  readonly number: bigint;
  readonly fragment?: Fragment | undefined;
}

/** What names stand for while an expression is read. */
export interface Names {
  /** A symbol whose value may change later is replaced by its present value. */
  present(name: string): bigint | undefined;
  /** The symbol that `1f` or `1b` means here. */
  local(reference: string): string;
  here(): Place;
}

const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['+', '-', '==', '<>', '!=', '<', '>', '<=', '>='],
  ['|', '&', '^', '!'],
  ['*', '/', '%', '<<', '>>'],
];
/** Bounds on nesting and on operators in one expression: far above any real source, far below the host's stack. */
const MAX_DEPTH = 200;
const MAX_OPERATORS = 300;
const MAX_EVALUATION_DEPTH = 500;

/** Reads one expression from `tokens`, starting at `at`; `at` is left after it. */
export class ExpressionParser {
  private depth = 0;
  private operators = 0;

  constructor(
    private readonly tokens: readonly Token[],
    public at: number,
    private readonly names: Names,
    private readonly end: Position,
  ) {}

  parse(level = 0): Expression {
    if (level === levels.length) return this.unary();
    let left = this.parse(level + 1);
    for (;;) {
      const token = this.tokens[this.at];
      if (token?.kind !== 'operator' || !levels[level]!.includes(token.text)) return left;
      this.at++;
      if (++this.operators > MAX_OPERATORS) throw new Mistake(token.position, 'the expression has too many operators');
      const right = this.parse(level + 1);
      left = fold({ kind: 'binary', operator: token.text, left, right, position: token.position });
    }
  }

  private unary(): Expression {
    const token = this.tokens[this.at];
    if (token === undefined) throw new Mistake(this.end, 'expected an expression, found the end of the statement');
    if (this.depth >= MAX_DEPTH) throw new Mistake(token.position, 'the expression is nested too deeply');
    this.at++;
    switch (token.kind) {
      case 'number':
        return { kind: 'number', value: BigInt.asIntN(64, token.value!) };
      case 'local':
        return { kind: 'symbol', name: this.names.local(token.text), position: token.position };
      case 'name': {
        if (token.text === '.') return { kind: 'place', place: this.names.here() };
        const value = this.names.present(token.text);
        return value === undefined
          ? { kind: 'symbol', name: token.text, position: token.position }
          : { kind: 'number', value };
      }
    }
    this.depth++;
    let result: Expression;
    if (token.text === '(') {
      result = this.parse();
      const close = this.tokens[this.at];
      if (close?.text !== ')') throw new Mistake(close?.position ?? this.end, 'expected )');
      this.at++;
    } else if (['-', '+', '~', '!'].includes(token.text)) {
      const operand = this.unary();
      result = fold({ kind: 'unary', operator: token.text, operand, position: token.position });
    } else throw new Mistake(token.position, `expected an expression, found ${token.text}`);
    this.depth--;
    return result;
  }
}

/** Replaces an operation on numbers by its result, so that long constant expressions stay small. */
const fold = (expression: Expression): Expression => {
  if (expression.kind === 'unary' && expression.operand.kind !== 'number') return expression;
  if (expression.kind === 'binary' && (expression.left.kind !== 'number' || expression.right.kind !== 'number'))
    return expression;
  return { kind: 'number', value: evaluate(expression, noSymbols).number };
};

export interface Resolver {
  symbol(name: string, position: Position, depth: number): Value;
  place(place: Place): Value;
}
const noSymbols: Resolver = {
  symbol: (name, position) => {
    throw new Mistake(position, `${name} has no value here`);
  },
  place: ({ fragment, offset }) => ({ number: BigInt(offset), fragment }),
};

const unaryResult = (operator: string, a: bigint): bigint => {
  if (operator === '-') return -a;
  if (operator === '~') return ~a;
  if (operator === '!') return a === 0n ? 1n : 0n;
  return a;
};

const truth = (value: boolean): bigint => (value ? -1n : 0n);
const shiftCount = (b: bigint): bigint => (b >= 0n && b < 64n ? b : 64n);
const binaryResult: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '<<': (a, b) => a << shiftCount(b),
  '>>': (a, b) => BigInt.asUintN(64, a) >> shiftCount(b),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '!': (a, b) => a | ~b,
  '==': (a, b) => truth(a === b),
  '<>': (a, b) => truth(a !== b),
  '!=': (a, b) => truth(a !== b),
  '<': (a, b) => truth(a < b),
  '>': (a, b) => truth(a > b),
  '<=': (a, b) => truth(a <= b),
  '>=': (a, b) => truth(a >= b),
  '&&': (a, b) => (a !== 0n && b !== 0n ? 1n : 0n),
  '||': (a, b) => (a !== 0n || b !== 0n ? 1n : 0n),
};
const comparesOrSubtracts = new Set(['-', '==', '<>', '!=', '<', '>', '<=', '>=']);

/** The value of an expression. @throws Mistake if a name has no value yet or an operation has no meaning for addresses. */
export const evaluate = (expression: Expression, resolver: Resolver, depth = 0): Value => {
  if (expression.kind === 'number') return { number: expression.value };
  if (expression.kind === 'place') return resolver.place(expression.place);
  const { position } = expression;
  if (depth > MAX_EVALUATION_DEPTH) throw new Mistake(position, 'the value depends on too many others, or on itself');
  if (expression.kind === 'symbol') return resolver.symbol(expression.name, position, depth + 1);

  const { operator } = expression;
  if (expression.kind === 'unary') {
    const { number, fragment } = evaluate(expression.operand, resolver, depth + 1);
    if (fragment !== undefined) throw new Mistake(position, `${operator} needs a number whose value is known here`);
    return { number: BigInt.asIntN(64, unaryResult(operator, number)) };
  }
  const left = evaluate(expression.left, resolver, depth + 1);
  const right = evaluate(expression.right, resolver, depth + 1);
  if ((operator === '/' || operator === '%') && right.number === 0n) throw new Mistake(position, 'division by zero');
  const number = BigInt.asIntN(64, binaryResult[operator]!(left.number, right.number));
  if (left.fragment === right.fragment && (left.fragment === undefined || comparesOrSubtracts.has(operator)))
    return { number };
  const address = operator === '+' ? (left.fragment ?? right.fragment) : left.fragment;
  if ((operator === '+' || operator === '-') && (left.fragment === undefined || right.fragment === undefined))
    if (address !== undefined) return { number, fragment: address };
  throw new Mistake(position, `the distance or result that ${operator} asks for is not known before layout`);
};
