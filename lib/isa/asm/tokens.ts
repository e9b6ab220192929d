/** From the text of a statement to tokens. */
import { Mistake, type Position } from './errors.js';
import type { Statement } from './source.js';

export interface Token {
  /** `local` is a reference to a numeric label, such as `1f`. */
  readonly kind: 'name' | 'number' | 'local' | 'string' | 'operator';
  readonly text: string;
  /** Of a number or character, its value; of a string, its bytes. */
  readonly value?: bigint;
  readonly bytes?: Uint8Array;
  readonly position: Position;
}

const patterns: readonly [RegExp, Token['kind'] | 'space' | 'character'][] = [
  [/\s+/y, 'space'],
  [/"(?:[^"\\]|\\.)*"/y, 'string'],
  [/'(?:\\.|[^\\])'?/y, 'character'],
  [/0[xX][0-9a-fA-F]+|0[bB][01]+|\d+(?![\w$])/y, 'number'],
  [/\d+[fb](?![\w$])/y, 'local'],
  [/[A-Za-z_.$][\w.$]*/y, 'name'],
  [/<<|>>|==|!=|<>|<=|>=|&&|\|\||[-+*/%&|^~!()<>,:=@]/y, 'operator'],
];

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, b: 8, f: 12, v: 11, a: 7, e: 27 };

/** The bytes of a string with its escapes resolved: C's, with octal (up to 3 digits) and hexadecimal numbers. */
const resolveEscapes = (text: string): Uint8Array => {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const [piece, code] of text.matchAll(/\\([0-7]{1,3}|x[0-9a-fA-F]+|.)|[^\\]+/gs)) {
    if (code === undefined) for (const byte of encoder.encode(piece)) bytes.push(byte);
    else if (/^[0-7]/.test(code)) bytes.push(Number.parseInt(code, 8) & 255);
    else if (/^x./.test(code)) bytes.push(Number.parseInt(code.slice(-2).replace('x', ''), 16));
    else if (code in escapes) bytes.push(escapes[code]!);
    else for (const byte of encoder.encode(code)) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
};

const parseInteger = (text: string): bigint => (/^0[0-7]+$/.test(text) ? BigInt(`0o${text.slice(1)}`) : BigInt(text));

/** The value of a character literal: a byte, or the code point of what is not ASCII. */
const characterValue = (text: string): bigint => {
  const inner = text.length > 2 && text.endsWith("'") ? text.slice(1, -1) : text.slice(1);
  return inner.startsWith('\\') ? BigInt(resolveEscapes(inner)[0] ?? 0) : BigInt(inner.codePointAt(0)!);
};

/** @throws Mistake at a character that begins no token. */
export const tokensOf = ({ text, position }: Statement): Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  next: while (at < text.length) {
    const place = { ...position, column: position.column + at };
    for (const [pattern, kind] of patterns) {
      pattern.lastIndex = at;
      const [found] = pattern.exec(text) ?? [];
      if (found === undefined) continue;
      at += found.length;
      if (kind === 'string')
        tokens.push({ kind, text: found, bytes: resolveEscapes(found.slice(1, -1)), position: place });
      else if (kind === 'character')
        tokens.push({ kind: 'number', text: found, value: characterValue(found), position: place });
      else if (kind === 'number') {
        if (/^0\d*[89]/.test(found))
          throw new Mistake(place, `${found} is not an octal number, though it begins with 0`);
        tokens.push({ kind, text: found, value: parseInteger(found), position: place });
      } else if (kind !== 'space') tokens.push({ kind, text: found, position: place });
      continue next;
    }
    if (text[at] === '"') throw new Mistake(place, 'the string that begins here has no end; expected "');
    const [word] = /^[\w$]+|^./su.exec(text.slice(at))!;
    throw new Mistake(place, `${JSON.stringify(word)} is neither a name, a number nor an operator`);
  }
  return tokens;
};
