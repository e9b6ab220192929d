/** From source text to statements: comments removed, lines split at `;`. */
import { Mistake, type Position } from './errors.js';

export interface Statement {
  readonly text: string;
  readonly position: Position;
}

/** The end of the string or character literal that starts at `at`, at the latest the end of its line. */
const literalEnd = (text: string, at: number): number => {
  const quote = text[at];
  const escaped = text[at + 1] === '\\' ? 2 : 1;
  if (quote === "'") {
    if (text[at + escaped] === '\n' || at + escaped >= text.length) return at + 1;
    const end = at + 1 + escaped;
    return text[end] === "'" ? end + 1 : end;
  }
  for (let i = at + 1; i < text.length && text[i] !== '\n'; i++) {
    if (text[i] === '"') return i + 1;
    if (text[i] === '\\' && text[i + 1] !== '\n') i++;
  }
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline;
};

/** Splits a source into its non-empty statements. `#` and `//` end a line; a block comment counts as a space. */
export const statementsOf = (text: string, origin?: Position): Statement[] => {
  const statements: Statement[] = [];
  let line = 1;
  let lineStart = 0;
  let current = '';
  let start: Position | undefined;

  const place = (at: number): Position => origin ?? { line, column: at - lineStart + 1 };
  const finish = (): void => {
    if (start !== undefined) statements.push({ text: current.trimEnd(), position: start });
    current = '';
    start = undefined;
  };
  const take = (from: number, to: number): void => {
    start ??= place(from);
    current += text.slice(from, to);
  };

  for (let at = 0; at < text.length; ) {
    const c = text[at]!;
    if (c === '\n') {
      finish();
      at++;
      line++;
      lineStart = at;
    } else if (c === '#' || (c === '/' && text[at + 1] === '/')) {
      while (at < text.length && text[at] !== '\n') at++;
    } else if (c === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      if (end < 0) throw new Mistake(place(at), 'the comment that begins here has no end; expected */');
      for (let i = at; i < end + 2; i++) {
        // Columns after the comment must stay true, so it leaves as many spaces as it had characters.
        if (text[i] === '\n') {
          finish();
          line++;
          lineStart = i + 1;
        } else if (start !== undefined) current += ' ';
      }
      at = end + 2;
    } else if (c === ';') {
      finish();
      at++;
    } else if (c === '"' || c === "'") {
      const end = literalEnd(text, at);
      take(at, end);
      at = end;
    } else if (/\s/.test(c) && start === undefined) {
      at++;
    } else {
      take(at, at + 1);
      at++;
    }
  }
  finish();
  return statements;
};
