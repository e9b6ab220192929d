/** What each statement does: labels, conditions, macros, assignments, directives, instructions. */
import { directives } from './directives.js';
import { Mistake, type Position, suggestion } from './errors.js';
import { ExpressionParser } from './expression.js';
import { formsOf, matchForm } from './forms.js';
import { emitForm } from './instruction.js';
import { farAccesses, macroInstructions } from './macro-instructions.js';
import { splitOperands } from './operands.js';
import type { Program } from './program.js';
import type { Reader } from './reader.js';
import type { Statement } from './source.js';
import { tokensOf } from './tokens.js';

const NAME = /^[A-Za-z_.$][\w.$]*/;

/** The rest of a statement from character `at` on. */
const after = ({ text, position }: Statement, at: number): Statement => {
  const space = /^\s*/.exec(text.slice(at))![0].length;
  return { text: text.slice(at + space), position: shifted(position, at + space) };
};
const shifted = (position: Position, by: number): Position => ({ ...position, column: position.column + by });
const endOf = ({ text, position }: Statement): Position => shifted(position, text.length);

const evaluateNow = (program: Program, statement: Statement): bigint => {
  const tokens = tokensOf(statement);
  const parser = new ExpressionParser(tokens, 0, program, endOf(statement));
  const expression = parser.parse();
  const rest = tokens[parser.at];
  if (rest !== undefined) throw new Mistake(rest.position, `expected the end of the statement, found ${rest.text}`);
  return program.constant(expression, statement.position, 'this');
};

/** Conditional directives: how each decides whether its part is assembled. */
const conditions: Readonly<Record<string, (program: Program, rest: Statement) => boolean>> = {
  '.if': (program, rest) => evaluateNow(program, rest) !== 0n,
  '.ifne': (program, rest) => evaluateNow(program, rest) !== 0n,
  '.ifeq': (program, rest) => evaluateNow(program, rest) === 0n,
  '.ifdef': (program, { text }) => program.symbols.has(text),
  '.ifndef': (program, { text }) => !program.symbols.has(text),
  '.ifb': (_, { text }) => text === '',
  '.ifnb': (_, { text }) => text !== '',
};

/** Handles `.if` and its relatives, which count even where nothing is assembled. */
const isConditional = (program: Program, reader: Reader, word: string, rest: Statement, at: Position): boolean => {
  const condition = Object.hasOwn(conditions, word) ? conditions[word] : undefined;
  if (condition !== undefined) reader.beginIf(at, () => condition(program, rest));
  else if (word === '.elseif') reader.elseIf(at, () => evaluateNow(program, rest) !== 0n);
  else if (word === '.else') reader.otherwise(at);
  else if (word === '.endif') reader.endIf(at);
  else return false;
  return true;
};

/** Handles the directives that change which statements come next. */
const isExpansion = (program: Program, reader: Reader, word: string, rest: Statement, at: Position): boolean => {
  if (word === '.macro') reader.defineMacro(rest.text, at);
  else if (word === '.rept') reader.repeat(at, () => repetitions(program, rest));
  else if (word === '.irp') reader.repeatFor(rest.text, at);
  else if (word === '.exitm') reader.exitMacro(at);
  else if (word === '.endm' || word === '.endr') throw new Mistake(at, `${word} without a beginning before it`);
  else if (reader.hasMacro(word)) reader.expandMacro(word, rest.text, at);
  else return false;
  return true;
};
const repetitions = (program: Program, rest: Statement): number => {
  const count = evaluateNow(program, rest);
  if (count < 0n || count > 300_000n) throw new Mistake(rest.position, `the count is ${count}; expected 0 to 300000`);
  return Number(count);
};

const knownWords = (reader: Reader): string[] => [
  ...formsOf.keys(),
  ...macroInstructions.keys(),
  ...directives.keys(),
  ...reader.macroNames,
];

const emitInstruction = (program: Program, reader: Reader, word: string, rest: Statement, at: Position): void => {
  const end = endOf(rest);
  const operands = splitOperands(tokensOf(rest), end);
  const forms = formsOf.get(word);
  const isFar = operands.length >= 2 && !/\)\s*$/.test(rest.text);
  const macro = macroInstructions.get(word) ?? (isFar ? farAccesses.get(word) : undefined);
  if (macro !== undefined) macro.emit(program, operands, at);
  else if ((word === 'unimp' && program.compressed) || word === 'c.unimp') {
    // In compressed code, unimp is the encoding that is all zeros.
    program.requireContents(at, 'an instruction');
    program.grow(2, at);
  } else if (forms !== undefined) {
    const { form, values } = matchForm(word, forms, operands, program, end);
    emitForm(program, form, values, at);
  } else {
    const what = word.startsWith('.') ? 'directive' : 'instruction';
    throw new Mistake(at, `unknown ${what} ${word}${suggestion(word, knownWords(reader))}`);
  }
};

/** `name = expression`, where `.` moves to an address. */
const assign = (program: Program, name: string, value: Statement, at: Position): void => {
  const end = endOf(value);
  const [operand] = splitOperands(tokensOf(value), end);
  if (operand === undefined) throw new Mistake(end, 'expected an expression, found the end of the statement');
  const symbol = { tokens: tokensOf({ text: name, position: at }), position: at, end: value.position };
  const directive = name === '.' ? '.org' : '.set';
  const operands = name === '.' ? [operand] : [symbol, operand];
  directives.get(directive)!({ program, name: directive, operands, position: at, end });
};

/** Defines the labels that a statement begins with and returns the rest. */
const takeLabels = (program: Program, reader: Reader, whole: Statement): Statement => {
  let statement = whole;
  for (;;) {
    const [found, name] = /^([\w.$]+)\s*:/.exec(statement.text) ?? [];
    if (found === undefined || name === undefined) return statement;
    const isNumeric = /^\d+$/.test(name);
    if (!isNumeric && /^\d/.test(name)) throw new Mistake(statement.position, `${name} is not a label`);
    if (reader.active) program.defineLabel(isNumeric ? String(Number(name)) : name, statement.position);
    statement = after(statement, found.length);
  }
};

/** Assembles one statement. @throws Mistake */
export const assembleStatement = (program: Program, reader: Reader, whole: Statement): void => {
  if (reader.active) program.beginStatement(whole.position, whole.text);
  const statement = takeLabels(program, reader, whole);
  if (statement.text === '') return;

  const at = statement.position;
  const [word] = NAME.exec(statement.text) ?? [];
  if (word === undefined) {
    if (!reader.active) return;
    throw new Mistake(at, `expected a label, an instruction or a directive, found ${statement.text.slice(0, 20)}`);
  }
  const rest = after(statement, word.length);
  if (isConditional(program, reader, word, rest, at) || !reader.active) return;
  if (isExpansion(program, reader, word, rest, at)) return;
  const directive = directives.get(word);
  if (/^=(?!=)/.test(rest.text)) assign(program, word, after(rest, 1), at);
  else if (directive !== undefined) {
    const end = endOf(rest);
    directive({ program, name: word, operands: splitOperands(tokensOf(rest), end), position: at, end });
  } else emitInstruction(program, reader, word, rest, at);
};
