/** All the ways to write each mnemonic, from the instruction rows and the pseudo-instructions. */
import type { Operands } from '../format.js';
import { pseudos } from '../pseudo.js';
import type { Row } from '../row.js';
import { slotsOf } from '../syntax.js';
import { lookup, table } from '../table.js';
import { DYNAMIC_ROUNDING, orderings } from '../words.js';
import { Mistake, type Position } from './errors.js';
import type { Names } from './expression.js';
import { expectation, type Operand, type OperandValue, readOperand, splitMemory } from './operands.js';

export interface Form {
  readonly row: Row;
  readonly syntax: string;
  /** Operands that are not written: values, or names of fields that they repeat. */
  readonly given: Readonly<Partial<Record<keyof Operands, number | keyof Operands>>>;
}

export const formsOf: ReadonlyMap<string, readonly Form[]> = (() => {
  const forms = new Map<string, Form[]>();
  const add = (name: string, form: Form): void => {
    const list = forms.get(name);
    if (list === undefined) forms.set(name, [form]);
    else list.push(form);
  };
  for (const row of table) {
    if (row.fields.aqrl === undefined) add(row.name, { row, syntax: row.syntax, given: {} });
    else
      for (const [aqrl, suffix] of orderings.entries())
        add(row.name + suffix, { row, syntax: row.syntax, given: { aqrl } });
  }
  for (const { name, base, syntax, given } of pseudos) add(name, { row: lookup(base)!.row, syntax, given });
  return forms;
})();

export type Values = Partial<Record<keyof Operands, OperandValue>>;

/** Why a form does not match: at which operand, and what it wanted there. */
interface Mismatch {
  readonly index: number;
  readonly position: Position;
  readonly expected: string;
}

const known = (value: number): OperandValue => ({ kind: 'known', value });

/** Binds operands to the fields of a form. */
const bind = (form: Form, operands: readonly Operand[], names: Names, end: Position): Values | Mismatch => {
  const { row, syntax, given } = form;
  const values: Values = {};
  let index = 0;
  const mismatch = (expected: string): Mismatch => ({ index, position: operands[index]?.position ?? end, expected });

  for (const { field, base } of slotsOf(syntax)) {
    const operand = operands[index];
    if (field === 'rm' && operand === undefined) {
      values.rm = known(DYNAMIC_ROUNDING);
      continue;
    }
    const kind = field === undefined ? undefined : row.fields[field]!.kind;
    if (operand === undefined) return mismatch(base !== undefined ? 'an address such as 8(sp)' : expectation[kind!]);
    if (base !== undefined) {
      const memory = splitMemory(operand);
      const register = memory && readOperand(memory.base, row.fields[base]!, names);
      if (memory === undefined || register === undefined) return mismatch('an address such as 8(sp)');
      values[base] = register;
      if (field === undefined) {
        // Atomics take no offset, but 0 may be written.
        const { tokens } = memory.offset;
        if (tokens.length > 0 && (tokens.length > 1 || tokens[0]!.value !== 0n))
          return mismatch('an address without offset');
      } else {
        const empty = memory.offset.tokens.length === 0;
        const offset = empty ? known(0) : readOperand(memory.offset, row.fields[field]!, names);
        if (offset === undefined) return mismatch('an offset');
        values[field] = offset;
      }
    } else if (kind === 'fence') {
      const predecessor = readOperand(operand, row.fields[field!]!, names);
      if (predecessor === undefined) return mismatch(expectation.fence);
      index++;
      const next = operands[index];
      const successor = next && readOperand(next, row.fields[field!]!, names);
      if (successor === undefined) return mismatch(expectation.fence);
      values[field!] = known(((predecessor as { value: number }).value << 4) | (successor as { value: number }).value);
    } else {
      const value = readOperand(operand, row.fields[field!]!, names);
      if (value === undefined) return mismatch(expectation[kind!]);
      values[field!] = value;
    }
    index++;
  }
  if (index < operands.length) return mismatch('the end of the statement');
  for (const key in given) {
    const name = key as keyof Operands;
    const value = given[name] as number | keyof Operands;
    values[name] = typeof value === 'number' ? known(value) : values[value]!;
  }
  return values;
};

const isMismatch = (result: Values | Mismatch): result is Mismatch => 'expected' in result;

/** The first form that the operands match; otherwise a mistake that says what was expected where matching got furthest. */
export const matchForm = (
  mnemonic: string,
  forms: readonly Form[],
  operands: readonly Operand[],
  names: Names,
  end: Position,
): { form: Form; values: Values } => {
  let furthest: Mismatch[] = [];
  for (const form of forms) {
    const result = bind(form, operands, names, end);
    if (!isMismatch(result)) return { form, values: result };
    const index = furthest[0]?.index ?? -1;
    if (result.index > index) furthest = [result];
    else if (result.index === index) furthest.push(result);
  }
  const expected = [...new Set(furthest.map((m) => m.expected))].join(' or ');
  const usage = [...new Set(forms.map(({ syntax }) => `${mnemonic} ${syntax}`.trim()))].join(' | ');
  throw new Mistake(furthest[0]!.position, `${mnemonic} expects ${expected} here; it is written: ${usage}`);
};
