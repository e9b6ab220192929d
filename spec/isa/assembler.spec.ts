import { expect } from 'chai';
import { parseElf } from '../../lib/abi/elf.js';
import { VivariumError } from '../../lib/abi/errors.js';
import { AssemblyError, asm, assemble, toElf } from '../../lib/isa/asm.js';
import { disassemble, symbolizer } from '../../lib/isa/disassemble.js';
import { bitPattern, reference } from '../../lib/isa/reference.js';
import { lookup, table } from '../../lib/isa/table.js';
import { directives, expressions, pseudoInstructions } from '../support/directed.js';
import { Random } from '../support/random.js';

const words = (source: string): string[] => {
  const { bytes } = assemble(source, { base: 0 });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) =>
    disassemble(view.getUint32(4 * i, true), { pc: BigInt(4 * i) }),
  );
};

const mistakes = (source: string): string[] => {
  try {
    assemble(source);
  } catch (error) {
    expect(error).to.be.instanceOf(AssemblyError);
    return (error as AssemblyError).diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  return [];
};

describe('the assembler', () => {
  it('makes a flat image with sections in order, symbols and an entry', () => {
    const program = assemble('.data\nx: .word 7\n.text\nnop\n_start: lw a0, x\n.bss\nb: .skip 8\n', { base: 0x1000 });
    expect(program.bytes).to.have.length(16);
    expect(program.memorySize).to.equal(24);
    expect(program.entry).to.equal(0x1004n);
    expect([...program.symbols]).to.deep.equal([
      ['x', 0x100cn],
      ['_start', 0x1004n],
      ['b', 0x1010n],
    ]);
    expect(program.listing.map(({ line, bytes }) => [line, bytes.length]).filter(([, n]) => n)).to.deep.equal([
      [2, 4],
      [4, 4],
      [5, 8],
    ]);
  });

  it('makes an executable with code, constants and variables in their own pages', () => {
    const elf = parseElf(toElf('_start: ecall\n.rodata\n.word 1\n.data\n.word 2\n.bss\n.balign 8\n.skip 9'));
    expect(elf.segments.map(({ vaddr, flags, memsz }) => [vaddr, flags, memsz])).to.deep.equal([
      [0x10000n, 5, 4n],
      [0x11000n, 4, 4n],
      [0x12000n, 6, 17n],
    ]);
    expect(elf.entry).to.equal(0x10000n);
    expect(() => toElf('nop')).to.throw(AssemblyError, '_start');
  });

  it('inverts a branch that does not reach', () => {
    expect(words('beq a0, a1, 1f\n.skip 4096\n1:').slice(0, 2)).to.deep.equal(['bne a0,a1,8', 'j 1008']);
  });

  it('takes values from a template', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const source = asm`
      li a0, ${6 * 7}
      .ascii "\\"
      ${bytes}
    `;
    expect(source).to.equal('li a0, 42\n.ascii "\\\\"\n.byte 1, 2, 3, 4');
    expect([...assemble(source).bytes.subarray(4)]).to.deep.equal([92, 1, 2, 3, 4]);
  });

  it('reports every mistake with its place and what was expected', () => {
    const source = 'nop\n  fencee\naddi a0, a1, 5000 # no\n  lw a0, 4[sp]\nj nowhere\n.byte 300\nx: nop\nx: nop';
    expect(mistakes(source)).to.deep.equal([
      '2:3 unknown instruction fencee; did you mean fence?',
      '3:14 5000 does not fit; expected -2048 to 2047',
      '4:11 "[" is neither a name, a number nor an operator',
      '5:3 nowhere is not defined',
      '6:7 300 does not fit in 1 byte',
      '8:1 x is already defined',
    ]);
  });
  const cases: readonly [string, RegExp][] = [
    ['add a0, a1', /^1:11 add expects an integer register or a number here; it is written: add rd, rs1, rs2/],
    ['addi a0, fa1, 1', /^1:10 addi expects an integer register here/],
    ['add a0, a1, a2, a3', /^1:17 add expects the end of the statement here/],
    ['csrr a0, mstats', /^1:10 mstats is not defined/],
    ['li a0, later\nlater = 1', /^1:8 later is not defined before this place/],
    ['.if 1\nnop', /^1:1 this has no end; expected .endif/],
    ['.macro m\nnop', /^1:1 this has no end; expected .endm/],
    ['.macro m\nm\n.endm\nm', /nested more than 100 deep/],
    ['.macro m\nm\nm\n.endm\nm', /nested more than 100 deep/],
    ['.macro m a\nm \\a\\a\n.endm\nm xyz', /arguments of macro m, used in line \d+ grow without end/],
    ['.rept 2000000\nnop\n.endr', /^1:7 the count is 2000000/],
    ['.irp\nnop\n.endr', /^1:1 .irp expects the name/],
    ['.irp r, t0\nnop', /^1:1 this has no end; expected .endr/],
    ['.skip 1 << 40', /the size is 1099511627776/],
    ['.ascii "abc', /^1:8 the string that begins here has no end/],
    ['/* open', /^1:1 the comment that begins here has no end/],
    ['a = b\nb = a\n.word a', /depends on too many others, or on itself/],
    ['.word 1 / 0', /^1:9 division by zero/],
    ['j 1f', /^1:3 there is no label 1 after this place/],
    ['.bss\n.word 1', /^2:1 .word in .bss, which holds only zeros/],
    [`.word ${'('.repeat(10000)}`, /nested too deeply/],
    [`.word ${'-'.repeat(10000)}1`, /nested too deeply/],
    ['.align 40', /alignment is 2 to the power of 40/],
    ['c.lw t0, 0(s0)', /c.lw expects .*|reaches only the eight registers/],
    ['jal x0, . + (1 << 21)', /the target is 2097152 bytes away; expected -1048576 to 1048574, a multiple of 2/],
    ['.org 8\n.org 4', /^2:1 this would move back by 4 bytes/],
    ['.wrod 1', /unknown directive .wrod; did you mean .word\?/],
  ];
  for (const [source, expected] of cases)
    it(`refuses ${source.slice(0, 30).replaceAll('\n', ' ; ')}`, () => expect(mistakes(source)[0]).to.match(expected));

  it('refuses a base that is no address', () => {
    for (const base of [-1, 1.5, 2n ** 64n])
      expect(() => assemble('nop', { base })).to.throw(VivariumError, 'give an address from 0 to 2**64 - 1');
  });

  it('never fails otherwise, whatever the text', () => {
    const random = new Random(11);
    const sources = [directives, expressions, pseudoInstructions];
    const pieces = sources.flatMap((source) => source.split(/(?<=[\s,;()+\-*/])/));
    const alphabet = '\n\t ;:,.()+-*/%<>=!&|^~#"\'\\@$_09afbxr';
    for (let i = 0; i < 1500; i++) {
      let text: string;
      if (i % 3 === 0) text = Array.from({ length: random.below(80) }, () => random.pick([...alphabet])).join('');
      else if (i % 3 === 1) text = Array.from({ length: random.below(60) }, () => random.pick(pieces)).join('');
      else {
        const lines = random.pick(sources).split('\n');
        for (let n = random.below(4); n >= 0; n--) {
          const at = random.below(lines.length);
          const line = lines[at]!;
          const cut = random.below(line.length + 1);
          lines[at] = line.slice(0, cut) + random.pick(pieces) + line.slice(cut + random.below(3));
        }
        text = lines.join('\n');
      }
      try {
        random.pick([assemble, toElf])(text, { compressed: random.below(2) === 0 });
      } catch (error) {
        if (!(error instanceof AssemblyError)) throw new Error(`${error} from ${JSON.stringify(text)}`);
      }
    }
  });
});

describe('the disassembler', () => {
  it('names branch targets by the nearest symbol', () => {
    const symbols = symbolizer([
      ['main', 0x100n],
      ['loop', 0x140n],
    ]);
    expect(disassemble(0x00050463, { pc: 0x140n, symbols })).to.equal('beqz a0,148 <loop+0x8>');
    expect(disassemble(0x0000a001, { pc: 0x100n, symbols })).to.equal('j 100 <main>');
    expect(disassemble(0x0000a001, { pc: 0n, symbols })).to.equal('j 0');
  });
  it('says that what is not an instruction is data', () => {
    expect(disassemble(0xffffffff)).to.equal('.4byte 0xffffffff');
    expect(disassemble(0x8002)).to.equal('.2byte 0x8002');
  });
});

describe('the reference page', () => {
  it('has every instruction with its encoding', () => {
    const page = reference();
    for (const row of table) expect(page).to.include(`| \`${row.name}\` |`);
    expect(bitPattern(lookup('addi')!.row)).to.equal('iiiiiiii iiiissss s000dddd d0010011');
    expect(page).to.include('| `neg` | `rd, rs2` | `sub rd, 0, rs2` |');
  });
});
