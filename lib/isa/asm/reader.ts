/** Statements in the order of assembly: macros and repetitions expanded, conditional parts left out. */
import { Mistake, type Position } from './errors.js';
import { type Statement, statementsOf } from './source.js';

interface Parameter {
  readonly name: string;
  readonly fallback: string | undefined;
  readonly required: boolean;
  /** Takes the rest of the arguments, commas and all. */
  readonly rest: boolean;
}
interface Macro {
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
}
interface Frame {
  readonly statements: readonly Statement[];
  next: number;
  /** The state of conditionals when the frame began: `.exitm` closes those opened since. */
  readonly conditionals: number;
}
interface Conditional {
  readonly position: Position;
  /** Whether statements are taken, and whether some branch was. */
  active: boolean;
  done: boolean;
  sawElse: boolean;
}

/** Far above any real source; a macro that uses itself without end stops here. */
const MAX_NESTING = 100;
const MAX_STATEMENTS = 300_000;
/** Characters that macro arguments may add to one statement. */
const MAX_SUBSTITUTED = 100_000;

/** Splits at commas outside quotes and parentheses; without a comma, at spaces. */
const splitArguments = (text: string): string[] => {
  const byComma: string[] = [];
  let current = '';
  let depth = 0;
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"|'\\?.'|[\s\S]/g)) {
    if (piece === '(') depth++;
    if (piece === ')') depth--;
    if (piece === ',' && depth <= 0) {
      byComma.push(current.trim());
      current = '';
    } else current += piece;
  }
  byComma.push(current.trim());
  if (byComma.length === 1) return byComma[0]!.match(/(?:"(?:[^"\\]|\\.)*"|\S)+/g) ?? [];
  return byComma;
};

const parseParameter = (text: string, position: Position): Parameter => {
  const [, name, qualifier, fallback] = /^\\?([A-Za-z_.$][\w.$]*)(?::(req|vararg))?(?:\s*=\s*(.*))?$/s.exec(text) ?? [];
  if (name === undefined) throw new Mistake(position, `expected a parameter name, found ${text}`);
  return { name, fallback, required: qualifier === 'req', rest: qualifier === 'vararg' };
};

/** The word that a statement begins with, labels aside. */
const directiveOf = ({ text }: Statement): string => /^(?:[\w.$]+:\s*)*(\.\w+)/.exec(text)?.[1] ?? '';

export class Reader {
  private readonly frames: Frame[];
  private readonly macros = new Map<string, Macro>();
  private readonly conditionals: Conditional[] = [];
  private expansions = 0;
  private taken = 0;

  constructor(source: string) {
    this.frames = [{ statements: statementsOf(source), next: 0, conditionals: 0 }];
  }

  /** Whether the statement just read is to be assembled. */
  get active(): boolean {
    return this.conditionals.every(({ active }) => active);
  }
  /** The next statement, whether active or not. @throws Mistake once, if there are too many. */
  next(): Statement | undefined {
    for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
      const statement = frame.statements[frame.next++];
      if (statement === undefined) {
        this.frames.pop();
        continue;
      }
      if (++this.taken > MAX_STATEMENTS) {
        this.frames.length = 0;
        throw new Mistake(
          statement.position,
          `macros and repetitions expand to more than ${MAX_STATEMENTS} statements`,
        );
      }
      return statement;
    }
    return undefined;
  }
  /** Conditionals that were never closed. */
  get open(): readonly Position[] {
    return this.conditionals.map(({ position }) => position);
  }

  /** `.if` and its relatives; a condition inside an inactive part is not evaluated. */
  beginIf(position: Position, condition: () => boolean): void {
    const entry = { position, active: false, done: false, sawElse: false };
    const wasActive = this.active;
    this.conditionals.push(entry);
    entry.done = !wasActive || condition();
    entry.active = wasActive && entry.done;
  }
  elseIf(position: Position, condition: () => boolean): void {
    const entry = this.conditionals.at(-1);
    if (entry === undefined || entry.sawElse) throw new Mistake(position, '.elseif without an .if before it');
    entry.active = false;
    if (entry.done) return;
    entry.done = condition();
    entry.active = entry.done;
  }
  otherwise(position: Position): void {
    const entry = this.conditionals.at(-1);
    if (entry === undefined || entry.sawElse) throw new Mistake(position, '.else without an .if before it');
    entry.active = !entry.done;
    entry.done = true;
    entry.sawElse = true;
  }
  endIf(position: Position): void {
    if (this.conditionals.pop() === undefined) throw new Mistake(position, '.endif without an .if before it');
  }

  /** Takes statements up to the directive that closes `opener`, which is not included. */
  private collect(opener: readonly string[], closer: string, position: Position): Statement[] {
    const body: Statement[] = [];
    const frame = this.frames.at(-1)!;
    for (let depth = 1; ; ) {
      const statement = frame.statements[frame.next++];
      if (statement === undefined) throw new Mistake(position, `this has no end; expected ${closer}`);
      const directive = directiveOf(statement);
      if (opener.includes(directive)) depth++;
      if (directive === closer && --depth === 0) return body;
      body.push(statement);
    }
  }

  private push(statements: readonly Statement[], position: Position): void {
    if (this.frames.length >= MAX_NESTING) {
      // A macro that uses itself twice would otherwise go on for 2 to the power of this depth.
      this.frames.length = 0;
      throw new Mistake(position, `macros and repetitions are nested more than ${MAX_NESTING} deep`);
    }
    this.frames.push({ statements, next: 0, conditionals: this.conditionals.length });
  }

  /** `.macro name parameters`, up to `.endm`. */
  defineMacro(text: string, position: Position): void {
    const body = this.collect(['.macro'], '.endm', position);
    const [, name, rest = ''] = /^([A-Za-z_.$][\w.$]*)[\s,]*(.*)$/s.exec(text) ?? [];
    if (name === undefined) throw new Mistake(position, 'expected a name for the macro');
    const parameters = splitArguments(rest.replace(/\s*=\s*/g, '=')).map((p) => parseParameter(p, position));
    this.macros.set(name, { parameters, body });
  }
  hasMacro(name: string): boolean {
    return this.macros.has(name);
  }
  get macroNames(): Iterable<string> {
    return this.macros.keys();
  }

  /** Expands a macro; its statements come next. */
  expandMacro(name: string, text: string, position: Position): void {
    const { parameters, body } = this.macros.get(name)!;
    const values = bindArguments(name, parameters, text, position);
    const count = this.expansions++;
    const within = `macro ${name}, used in line ${position.line}`;
    const valueOf = (word: string): string | undefined =>
      word === '@' ? `${count}` : word === '()' ? '' : values.get(word);
    this.push(substituted(body, valueOf, within, position), position);
  }
  /** `.exitm`: leaves the macro being expanded. */
  exitMacro(position: Position): void {
    if (this.frames.length === 1) throw new Mistake(position, '.exitm outside a macro');
    this.conditionals.length = this.frames.pop()!.conditionals;
  }

  /** `.rept count`, up to `.endr`. `count` runs after the body is taken, so that a mistake in it does not lose the place. */
  repeat(position: Position, count: () => number): void {
    const body = this.collect(['.rept', '.irp'], '.endr', position);
    const times = count();
    if (times * body.length > MAX_STATEMENTS)
      throw new Mistake(position, `the repetition makes more than ${MAX_STATEMENTS} statements`);
    if (body.length > 0) this.push(Array.from({ length: times }, () => body).flat(), position);
  }
  /** `.irp symbol, values`, up to `.endr`: the body once for each value. */
  repeatFor(text: string, position: Position): void {
    const body = this.collect(['.rept', '.irp'], '.endr', position);
    const [, symbol, rest = ''] = /^([A-Za-z_.$][\w.$]*)\s*(?:,\s*)?(.*)$/s.exec(text) ?? [];
    if (symbol === undefined) throw new Mistake(position, '.irp expects the name that stands for each value');
    const listed = splitArguments(rest);
    const values = listed.length === 0 ? [''] : listed;
    if (values.length * body.length > MAX_STATEMENTS)
      throw new Mistake(position, `the repetition makes more than ${MAX_STATEMENTS} statements`);
    const within = `.irp ${symbol}, line ${position.line}`;
    const bodies = values.map((value) =>
      substituted(body, (word) => (word === symbol ? value : word === '()' ? '' : undefined), within, position),
    );
    this.push(bodies.flat(), position);
  }
}

/** The statements with `\name` replaced where `valueOf` knows it; `within` tells a reader of mistakes where they are. */
const substituted = (
  body: readonly Statement[],
  valueOf: (word: string) => string | undefined,
  within: string,
  position: Position,
): Statement[] =>
  body.flatMap((statement) => {
    let added = 0;
    const text = statement.text.replace(/\\(@|\(\)|[A-Za-z_.$][\w.$]*)/g, (whole, word: string) => {
      const value = valueOf(word) ?? whole;
      added += value.length;
      if (added > MAX_SUBSTITUTED) throw new Mistake(position, `the arguments of ${within} grow without end`);
      return value;
    });
    const place = { ...statement.position, within };
    return text === statement.text ? [{ text, position: place }] : statementsOf(text, place);
  });

const bindArguments = (
  name: string,
  parameters: readonly Parameter[],
  text: string,
  position: Position,
): ReadonlyMap<string, string> => {
  const values = new Map<string, string>();
  const given = splitArguments(text);
  let next = 0;
  for (const [i, argument] of given.entries()) {
    const [, key, value] = /^([A-Za-z_.$][\w.$]*)\s*=(?!=)\s*(.*)$/s.exec(argument) ?? [];
    const keyed = parameters.find((p) => p.name === key);
    const parameter = keyed ?? parameters[next++];
    if (parameter === undefined)
      throw new Mistake(position, `macro ${name} takes ${parameters.length} arguments, found ${given.length}`);
    if (parameter.rest && keyed === undefined) {
      values.set(parameter.name, given.slice(i).join(','));
      break;
    }
    const plain = keyed === undefined ? argument : value!;
    values.set(parameter.name, /^".*"$/s.test(plain) ? plain.slice(1, -1) : plain);
  }
  for (const { name: parameter, fallback, required } of parameters) {
    if ((values.get(parameter) ?? '') !== '') continue;
    if (required) throw new Mistake(position, `macro ${name} needs an argument for ${parameter}`);
    values.set(parameter, fallback ?? '');
  }
  return values;
};
