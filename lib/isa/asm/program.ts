/** The state of an assembly: sections, symbols, and what the source has switched on. */
import { Mistake, type Position } from './errors.js';
import { type Expression, evaluate, type Names, type Place, type Resolver, type Value } from './expression.js';
import { type Fixup, MAX_PROGRAM, Section, type SectionKind } from './section.js';

export interface AsmSymbol {
  readonly name: string;
  /** A label has a place; a symbol set by an expression has a value. */
  readonly place?: Place;
  readonly value?: Expression;
  /** `.set` symbols may be set again; labels and `.equiv` symbols may not. */
  readonly fixed: boolean;
}

/** A statement and where its bytes begin, for the listing. */
export interface Origin extends Place {
  readonly position: Position;
  readonly text: string;
}

const kindOf = (name: string): SectionKind => {
  if (name.startsWith('.text') || name.startsWith('.init') || name.startsWith('.fini')) return 'text';
  if (name.startsWith('.rodata') || name.startsWith('.srodata')) return 'rodata';
  return name.startsWith('.bss') || name.startsWith('.sbss') ? 'bss' : 'data';
};

/** The name that a numeric label's n-th definition goes by; no source can write it. */
const localName = (label: string, definition: number): string => `${label}#${definition}`;

export class Program implements Names {
  readonly sections = new Map<string, Section>();
  readonly symbols = new Map<string, AsmSymbol>();
  readonly globals = new Map<string, Position>();
  readonly origins: Origin[] = [];
  section: Section;
  previous: Section;
  /** Whether instructions are compressed where they can be. */
  compressed: boolean;
  readonly savedOptions: boolean[] = [];
  /** Whether any part was assembled with compression on, or has a compressed instruction. */
  usesCompressed = false;
  private readonly localCounts = new Map<string, number>();
  /** Bytes assembled so far. */
  private total = 0;
  /** The address that `.` means in the current statement. */
  private statementStart: Place;

  constructor(compressed: boolean) {
    this.compressed = compressed;
    this.usesCompressed = compressed;
    this.section = this.enter('.text', undefined);
    this.previous = this.section;
    for (const name of ['.data', '.bss']) this.sections.set(name, new Section(name, kindOf(name)));
    this.statementStart = this.currentPlace();
  }

  /** Makes a section current, creating it at its first use. */
  enter(name: string, kind: SectionKind | undefined): Section {
    let section = this.sections.get(name);
    if (section === undefined) {
      section = new Section(name, kind ?? kindOf(name));
      this.sections.set(name, section);
    }
    this.previous = this.section ?? section;
    this.section = section;
    return section;
  }

  currentPlace(): Place {
    const fragment = this.section.last;
    return { fragment, offset: fragment.length };
  }
  beginStatement(position: Position, text: string): void {
    this.statementStart = this.currentPlace();
    this.origins.push({ ...this.statementStart, position, text });
  }
  /** Makes `.` mean the present place: each datum of a list has its own. */
  moveHere(): void {
    this.statementStart = this.currentPlace();
  }
  here(): Place {
    return this.statementStart;
  }

  /** Appends `count` bytes of `fill` to the current section and returns them for writing. */
  grow(count: number, position: Position, fill = 0): Uint8Array {
    if (this.section.kind !== 'bss') this.total += count;
    if (this.total > MAX_PROGRAM)
      throw new Mistake(position, `the program would exceed ${MAX_PROGRAM} bytes, the most that it may have`);
    return this.section.last.grow(count, fill);
  }
  addFixup(fixup: Fixup): void {
    this.section.last.fixups.push(fixup);
  }
  /** Refuses what a section without contents cannot hold. */
  requireContents(position: Position, what: string): void {
    if (this.section.kind === 'bss')
      throw new Mistake(position, `${what} in ${this.section.name}, which holds only zeros; use .data for values`);
  }

  define(name: string, position: Position, definition: Omit<AsmSymbol, 'name'>): void {
    const existing = this.symbols.get(name);
    if (existing !== undefined && (existing.fixed || definition.fixed))
      throw new Mistake(position, `${name} is already defined`);
    this.symbols.set(name, { name, ...definition });
  }
  defineLabel(name: string, position: Position): void {
    const place = this.currentPlace();
    if (/^\d/.test(name)) {
      const count = (this.localCounts.get(name) ?? 0) + 1;
      this.localCounts.set(name, count);
      this.symbols.set(localName(name, count), { name: localName(name, count), place, fixed: true });
    } else this.define(name, position, { place, fixed: true });
  }
  /** Sets a symbol to an expression: to its value if that is known now, otherwise to whatever it turns out to be. */
  set(name: string, position: Position, expression: Expression, fixed: boolean): void {
    const known = this.tryConstant(expression);
    const value: Expression = known === undefined ? expression : { kind: 'number', value: known };
    this.define(name, position, { value, fixed });
  }

  present(name: string): bigint | undefined {
    const value = this.symbols.get(name)?.value;
    return value?.kind === 'number' ? value.value : undefined;
  }
  local(reference: string): string {
    const label = String(Number(reference.slice(0, -1)));
    const count = this.localCounts.get(label) ?? 0;
    return localName(label, reference.endsWith('f') ? count + 1 : count);
  }

  /** Resolves names to what is known so far: numbers, and distances within a fragment. */
  readonly now: Resolver = {
    symbol: (name, position, depth) => this.resolve(name, position, depth, this.now),
    place: ({ fragment, offset }) => ({ number: BigInt(offset), fragment }),
  };
  /** Resolves names to addresses; for use once layout has set them. */
  readonly laidOut: Resolver = {
    symbol: (name, position, depth) => this.resolve(name, position, depth, this.laidOut),
    place: ({ fragment, offset }) => ({ number: fragment.address + BigInt(offset) }),
  };
  private resolve(name: string, position: Position, depth: number, resolver: Resolver): Value {
    const symbol = this.symbols.get(name);
    if (symbol === undefined) {
      const [, label, n] = /^(\d+)#(\d+)$/.exec(name) ?? [];
      const when = resolver === this.now ? ' before this place, where its value is needed' : '';
      if (label === undefined) throw new Mistake(position, `${name} is not defined${when}`);
      const backward = Number(n) === 0;
      throw new Mistake(position, `there is no label ${label} ${backward ? 'before' : 'after'} this place`);
    }
    if (symbol.place !== undefined) return resolver.place(symbol.place);
    return evaluate(symbol.value!, resolver, depth);
  }

  /** The value of an expression if it is a number whatever the layout, otherwise undefined. */
  tryConstant(expression: Expression): bigint | undefined {
    try {
      const { number, fragment } = evaluate(expression, this.now);
      return fragment === undefined ? number : undefined;
    } catch (error) {
      if (error instanceof Mistake) return undefined;
      throw error;
    }
  }
  /** The value of an expression that must be a number now. */
  constant(expression: Expression, position: Position, what: string): bigint {
    const { number, fragment } = evaluate(expression, this.now);
    if (fragment !== undefined) throw new Mistake(position, `${what} must be a number, not an address`);
    return number;
  }
  /** As `constant`, for counts and sizes. */
  count(expression: Expression, position: Position, what: string): number {
    const value = this.constant(expression, position, what);
    if (value < 0n || value > BigInt(MAX_PROGRAM))
      throw new Mistake(position, `${what} is ${value}; expected 0 to ${MAX_PROGRAM}`);
    return Number(value);
  }
  /** The distance in bytes to an address from here if layout cannot change it. */
  distanceTo(expression: Expression): bigint | undefined {
    try {
      const { number, fragment } = evaluate(expression, this.now);
      return fragment === this.section.last ? number - BigInt(fragment.length) : undefined;
    } catch (error) {
      if (error instanceof Mistake) return undefined;
      throw error;
    }
  }
}
