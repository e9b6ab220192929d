/** Integer instructions on edge operands, against the unprivileged specification's words over mathematical integers. */
import { expect } from 'chai';
import { table } from '../../../lib/isa/table.js';
import { Bench, CODE, encode } from '../../support/bench.js';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const edges = [0n, 1n, 2n, 31n, 32n, 63n, 64n, -1n, -2n, MIN, MIN + 1n, MAX, 0x7fffffffn, -0x80000000n, 0x80000000n];
const values = [...edges, 0xffffffffn, 0x123456789abcdefn, -0x6e789e6aa1b965f4n];
const immediates = [0n, 1n, 63n, -1n, 2047n, -2048n, 0x555n];

const u64 = (a: bigint) => BigInt.asUintN(64, a);
const i32 = (a: bigint) => BigInt.asIntN(32, a);
const u32 = (a: bigint) => BigInt.asUintN(32, a);
const bool = (a: boolean) => (a ? 1n : 0n);
const choose = (first: boolean, a: bigint, b: bigint) => (first ? a : b);
/** Quotient rounded towards zero; the remainder has the dividend's sign. Division by zero gives all ones (table 11). */
const quotient = (a: bigint, b: bigint) => (b === 0n ? -1n : a / b);
const remainder = (a: bigint, b: bigint) => (b === 0n ? a : a % b);

/** rd from two signed 64-bit operands; results wrap to 64 bits. */
type Rule = (a: bigint, b: bigint) => bigint;
const common: Record<string, Rule> = {
  add: (a, b) => a + b,
  slt: (a, b) => bool(a < b),
  xor: (a, b) => a ^ b,
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  sll: (a, b) => a * 2n ** (u64(b) % 64n),
  srl: (a, b) => u64(a) / 2n ** (u64(b) % 64n),
  sra: (a, b) => a >> (u64(b) % 64n),
  addw: (a, b) => i32(a + b),
  sllw: (a, b) => i32(a * 2n ** (u64(b) % 32n)),
  srlw: (a, b) => i32(u32(a) / 2n ** (u64(b) % 32n)),
  sraw: (a, b) => i32(a) >> (u64(b) % 32n),
};
const register: Record<string, Rule> = {
  ...common,
  sltu: (a, b) => bool(u64(a) < u64(b)),
  sub: (a, b) => a - b,
  subw: (a, b) => i32(a - b),
  mul: (a, b) => a * b,
  mulh: (a, b) => (a * b) >> 64n,
  mulhsu: (a, b) => (a * u64(b)) >> 64n,
  mulhu: (a, b) => (u64(a) * u64(b)) >> 64n,
  mulw: (a, b) => i32(a * b),
  div: quotient,
  divu: (a, b) => quotient(u64(a), u64(b)),
  rem: remainder,
  remu: (a, b) => remainder(u64(a), u64(b)),
  divw: (a, b) => i32(quotient(i32(a), i32(b))),
  divuw: (a, b) => i32(quotient(u32(a), u32(b))),
  remw: (a, b) => i32(remainder(i32(a), i32(b))),
  remuw: (a, b) => i32(remainder(u32(a), u32(b))),
};
const immediate: Record<string, Rule> = {
  addi: common.add!,
  slti: common.slt!,
  sltiu: (a, b) => bool(u64(a) < u64(b)),
  xori: common.xor!,
  ori: common.or!,
  andi: common.and!,
  addiw: common.addw!,
};
const shift: Record<string, Rule> = {
  slli: common.sll!,
  srli: common.srl!,
  srai: common.sra!,
  slliw: common.sllw!,
  srliw: common.srlw!,
  sraiw: common.sraw!,
};
const branch: Record<string, (a: bigint, b: bigint) => boolean> = {
  beq: (a, b) => a === b,
  bne: (a, b) => a !== b,
  blt: (a, b) => a < b,
  bge: (a, b) => a >= b,
  bltu: (a, b) => u64(a) < u64(b),
  bgeu: (a, b) => u64(a) >= u64(b),
};
/** New memory word from the old one and rs2, both sign-extended from the operand's width. */
const atomic: Record<string, Rule> = {
  amoswap: (_, b) => b,
  amoadd: (a, b) => a + b,
  amoxor: (a, b) => a ^ b,
  amoand: (a, b) => a & b,
  amoor: (a, b) => a | b,
  amomin: (a, b) => choose(a < b, a, b),
  amomax: (a, b) => choose(a > b, a, b),
  amominu: (a, b) => choose(u64(a) < u64(b), a, b),
  amomaxu: (a, b) => choose(u64(a) > u64(b), a, b),
};

const bench = new Bench();
const { hart } = bench;
const hex = (a: bigint) => `0x${u64(a).toString(16)}`;

describe('integer instructions', () => {
  for (const [name, rule] of Object.entries(register)) {
    it(name, () => {
      const encoding = encode(name, { rd: 3, rs1: 1, rs2: 2 });
      for (const a of values) {
        for (const b of values) {
          hart.setX(1, a);
          hart.setX(2, b);
          bench.execute(encoding);
          expect(hart.x(3), `${hex(a)}, ${hex(b)}`).to.equal(u64(rule(a, b)));
        }
      }
    });
  }
  for (const [rules, amounts] of [
    [immediate, immediates],
    [shift, [0n, 1n, 31n, 32n, 63n]],
  ] as const) {
    for (const [name, rule] of Object.entries(rules)) {
      it(name, () => {
        for (const b of amounts.filter((imm) => !(name in shift && name.endsWith('w')) || imm < 32n)) {
          const encoding = encode(name, { rd: 1, rs1: 1, imm: Number(b) });
          for (const a of values) {
            hart.setX(1, a);
            bench.execute(encoding);
            expect(hart.x(1), `${hex(a)}, ${b}`).to.equal(u64(rule(a, b)));
          }
        }
      });
    }
  }
  for (const [name, rule] of Object.entries(branch)) {
    it(name, () => {
      for (const imm of [-4096, 4094, 8]) {
        const encoding = encode(name, { rs1: 1, rs2: 2, imm });
        for (const a of values) {
          for (const b of values) {
            hart.setX(1, a);
            hart.setX(2, b);
            bench.execute(encoding);
            expect(hart.pc, `${hex(a)}, ${hex(b)}`).to.equal(CODE + (rule(a, b) ? BigInt(imm) : 4n));
          }
        }
      }
    });
  }
  it('lui and auipc take the upper 20 bits, sign-extended', () => {
    for (const imm of [0x12345000, -0x80000000, -0x1000, 0]) {
      bench.execute(encode('lui', { rd: 5, imm }));
      expect(hart.x(5)).to.equal(u64(BigInt(imm)));
      bench.execute(encode('auipc', { rd: 5, imm }));
      expect(hart.x(5)).to.equal(u64(CODE + BigInt(imm)));
    }
  });
  it('jal and jalr link the next instruction; jalr clears bit 0 of its target and may link its own base', () => {
    bench.execute(encode('jal', { rd: 1, imm: -0x100000 }));
    expect([hart.pc, hart.x(1)]).to.deep.equal([CODE - 0x100000n, CODE + 4n]);
    hart.setX(1, CODE + 0x101n);
    bench.execute(encode('jalr', { rd: 1, rs1: 1, imm: -0x10 }));
    expect([hart.pc, hart.x(1)]).to.deep.equal([CODE + 0xf0n, CODE + 4n]);
    hart.setX(1, CODE);
    bench.execute(encode('c.jalr', { rs1: 1 }));
    expect([hart.pc, hart.x(1)]).to.deep.equal([CODE, CODE + 2n]);
  });
  it('x0 ignores writes', () => {
    bench.execute(encode('addi', { rd: 0, rs1: 0, imm: 5 }));
    expect(hart.x(0)).to.equal(0n);
  });

  const ADDRESS = CODE + 0x2000n;
  const widths = { b: 8, h: 16, w: 32, d: 64 } as const;
  for (const [suffix, bits] of Object.entries(widths)) {
    it(`l${suffix}, l${suffix}u and s${suffix}`, () => {
      for (const value of values) {
        bench.write64(ADDRESS, 0n);
        hart.setX(1, ADDRESS + 16n);
        hart.setX(2, value);
        bench.execute(encode(`s${suffix}`, { rs1: 1, rs2: 2, imm: -16 }));
        expect(bench.read64(ADDRESS)).to.equal(BigInt.asUintN(bits, value));
        bench.execute(encode(`l${suffix}`, { rd: 3, rs1: 1, imm: -16 }));
        expect(hart.x(3)).to.equal(u64(BigInt.asIntN(bits, value)));
        if (bits === 64) continue;
        bench.execute(encode(`l${suffix}u`, { rd: 3, rs1: 1, imm: -16 }));
        expect(hart.x(3)).to.equal(BigInt.asUintN(bits, value));
      }
    });
  }
  for (const [name, rule] of Object.entries(atomic)) {
    for (const [suffix, bits] of [
      ['w', 32],
      ['d', 64],
    ] as const) {
      it(`${name}.${suffix}`, () => {
        const encoding = encode(`${name}.${suffix}`, { rd: 3, rs1: 1, rs2: 2 });
        for (const a of values) {
          for (const b of values) {
            bench.write64(ADDRESS, u64(a));
            hart.setX(1, ADDRESS);
            hart.setX(2, b);
            bench.execute(encoding);
            expect(hart.x(3)).to.equal(u64(BigInt.asIntN(bits, a)));
            const stored = BigInt.asUintN(bits, rule(BigInt.asIntN(bits, a), BigInt.asIntN(bits, b)));
            const kept = bits === 32 ? u64(a) & ~0xffffffffn : 0n;
            expect(bench.read64(ADDRESS), `${hex(a)}, ${hex(b)}`).to.equal(kept | stored);
          }
        }
      });
    }
  }
  it('lr and sc write 0 for success and 1 for failure', () => {
    for (const suffix of ['w', 'd']) {
      bench.write64(ADDRESS, 0xffffffffffffffffn);
      hart.setX(1, ADDRESS);
      hart.setX(2, 5n);
      bench.execute(encode(`lr.${suffix}`, { rd: 3, rs1: 1 }));
      expect(hart.x(3)).to.equal(u64(-1n));
      bench.execute(encode(`sc.${suffix}`, { rd: 3, rs1: 1, rs2: 2 }));
      expect(hart.x(3)).to.equal(0n);
      bench.execute(encode(`sc.${suffix}`, { rd: 3, rs1: 1, rs2: 2 }));
      expect(hart.x(3)).to.equal(1n);
    }
    expect(bench.read64(ADDRESS)).to.equal(5n);
  });

  it('compressed instructions do what they abbreviate, two bytes long', () => {
    const cases: [string, Record<string, number>, bigint][] = [
      ['c.li', { rd: 8, imm: -32 }, -32n],
      ['c.addi', { rd: 8, imm: 31 }, 100n + 31n],
      ['c.addiw', { rd: 8, imm: -1 }, 99n],
      ['c.lui', { rd: 8, imm: -0x20000 }, -0x20000n],
      ['c.mv', { rd: 8, rs2: 9 }, 7n],
      ['c.add', { rd: 8, rs2: 9 }, 107n],
      ['c.sub', { rd: 8, rs2: 9 }, 93n],
      ['c.xor', { rd: 8, rs2: 9 }, 100n ^ 7n],
      ['c.or', { rd: 8, rs2: 9 }, 100n | 7n],
      ['c.and', { rd: 8, rs2: 9 }, 100n & 7n],
      ['c.subw', { rd: 8, rs2: 9 }, 93n],
      ['c.addw', { rd: 8, rs2: 9 }, 107n],
      ['c.andi', { rd: 8, imm: -4 }, 100n],
      ['c.srli', { rd: 8, imm: 2 }, 25n],
      ['c.srai', { rd: 8, imm: 63 }, 0n],
      ['c.slli', { rd: 8, imm: 57 }, 100n << 57n],
      ['c.addi4spn', { rd: 8, imm: 1020 }, 3020n],
    ];
    for (const [name, operands, result] of cases) {
      hart.setX(2, 2000n);
      hart.setX(8, 100n);
      hart.setX(9, 7n);
      bench.execute(encode(name, operands));
      expect(hart.x(8), name).to.equal(u64(result));
      expect(hart.pc, name).to.equal(CODE + 2n);
    }
  });
  it('no row of I, M or A is left out', () => {
    const other = 'lui auipc jal jalr fence ecall ebreak lb lh lw ld lbu lhu lwu sb sh sw sd lr.w lr.d sc.w sc.d';
    const tested = new Set([
      ...other.split(' '),
      ...[register, immediate, shift, branch].flatMap(Object.keys),
      ...Object.keys(atomic).flatMap((name) => [`${name}.w`, `${name}.d`]),
    ]);
    const missing = table.filter((row) => ['I', 'M', 'A'].includes(row.extension) && !tested.has(row.name));
    expect(missing.map((row) => row.name)).to.deep.equal([]);
  });
});
