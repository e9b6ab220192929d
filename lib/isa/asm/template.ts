/** The `asm` tagged template: assembly inside TypeScript. */

/** A number, text, or bytes, which become a `.byte` directive. */
export type AsmValue = number | bigint | string | Uint8Array;

const write = (value: AsmValue): string => {
  if (!(value instanceof Uint8Array)) return `${value}`;
  return value.length === 0 ? '' : `.byte ${[...value].join(', ')}`;
};

/** The text without a blank first line and last line, and without the indentation that all its lines share. */
const dedent = (text: string): string => {
  const lines = text.split('\n');
  if (lines[0]!.trim() === '') lines.shift();
  if (lines.at(-1)?.trim() === '') lines.pop();
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)![0].length);
  const common = Math.min(...indents, Number.MAX_SAFE_INTEGER);
  return lines.map((line) => line.slice(common)).join('\n');
};

/**
 * Assembly source with interpolated values: asm`li a0, ${40 + 2}`. Backslashes stay as they are written, for the
 * assembler to read. Lines count from the first that is not blank, so that positions in errors can be counted in the
 * literal.
 */
export const asm = (strings: TemplateStringsArray, ...values: readonly AsmValue[]): string =>
  dedent(String.raw({ raw: strings.raw }, ...values.map(write)));
