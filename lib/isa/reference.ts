/** The reference page of the instruction set, generated from the tables so that it cannot differ from them. */
import { farAccesses, macroInstructions } from './asm/macro-instructions.js';
import { csrs } from './csrs.js';
import type { OperandField } from './format.js';
import { type Pseudo, pseudos } from './pseudo.js';
import type { Extension, Row } from './row.js';
import { lookup, table } from './table.js';

const titles: Readonly<Record<Extension, string>> = {
  I: 'RV64I: base integer instructions',
  M: 'M: multiplication and division',
  A: 'A: atomic memory operations',
  F: 'F: single-precision floating point',
  D: 'D: double-precision floating point',
  C: 'C: compressed instructions',
  Zicsr: 'Zicsr: control and status registers',
  Zifencei: 'Zifencei: instruction-fetch fence',
  Privileged: 'Privileged instructions',
  H: 'H: hypervisor extension',
};

/** One letter per encoding bit that holds an operand. */
const letters: Readonly<Record<OperandField, string>> = {
  rd: 'd',
  rs1: 's',
  rs2: 't',
  rs3: 'r',
  imm: 'i',
  rm: 'm',
  aqrl: 'q',
};

/** The encoding from the highest bit: 0 and 1 where fixed, the operand's letter where it is one, `-` where reserved. */
export const bitPattern = ({ length, mask, match, fields }: Row): string => {
  const bits = Array.from({ length: 8 * length }, (_, at) => ((mask >>> at) & 1 ? `${(match >>> at) & 1}` : '-'));
  for (const key in fields) {
    const name = key as OperandField;
    for (const { at, length: width } of fields[name]!.pieces)
      for (let i = at; i < at + width; i++) if (bits[i] === '-') bits[i] = letters[name];
  }
  return bits
    .reverse()
    .join('')
    .replace(/(.{8})(?=.)/g, '$1 ');
};

/** A Markdown table; cells are set as code, which their punctuation needs. */
const markdownTable = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows.map((row) => row.map((cell) => (cell === '' ? '' : `\`${cell}\``)))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

const instructions = (extension: Extension): string => {
  const rows = table.filter((row) => row.extension === extension);
  const isCompressed = extension === 'C';
  const header = ['Name', 'Operands', 'Encoding', 'Format', ...(isCompressed ? ['Stands for'] : [])];
  return markdownTable(
    header,
    rows.map((row) => [
      row.name,
      row.syntax,
      bitPattern(row),
      row.format,
      ...(isCompressed ? [row.expands ?? ''] : []),
    ]),
  );
};

/** What a pseudo-instruction stands for, such as `sub rd, 0, rs2`. */
const expansion = ({ base, given }: Pseudo): string => {
  const { syntax } = lookup(base)!.row;
  const written = syntax.replace(/\b(rd|rs1|rs2|rs3|imm|rm)\b/g, (name) => `${given[name as OperandField] ?? name}`);
  return `${base} ${written}`.trim();
};

const several = (name: string): string[] => {
  const { syntax, expansion: becomes } = (macroInstructions.get(name) ?? farAccesses.get(name))!;
  return [name, syntax, becomes];
};

const registers = (): string =>
  Object.entries(csrs)
    .map(([level, list]) => {
      const rows = list.map(([name, number]) => [`0x${number.toString(16).padStart(3, '0')}`, name]);
      return `### ${level[0]!.toUpperCase()}${level.slice(1)}\n\n${markdownTable(['Number', 'Name'], rows)}`;
    })
    .join('\n\n');

/** The reference page as Markdown: instructions by extension, pseudo-instructions, control and status registers. */
export const reference = (): string => {
  const legend = Object.entries(letters).map(([field, letter]) => `\`${letter}\` ${field}`);
  const extensions = (Object.keys(titles) as Extension[]).map((e) => `## ${titles[e]}\n\n${instructions(e)}`);
  const singles = pseudos.filter(({ name, base }) => name !== base).map((p) => [p.name, p.syntax, expansion(p)]);
  const multiples = [...macroInstructions.keys(), ...farAccesses.keys()].map(several);
  return [
    '# Instruction reference',
    `Encodings read from the highest bit; ${legend.join(', ')}, \`-\` not decoded.`,
    ...extensions,
    '## Pseudo-instructions',
    markdownTable(['Name', 'Operands', 'Stands for'], singles),
    '## Pseudo-instructions of several instructions',
    markdownTable(['Name', 'Operands', 'Becomes'], multiples),
    '## Control and status registers',
    registers(),
    '',
  ].join('\n\n');
};
