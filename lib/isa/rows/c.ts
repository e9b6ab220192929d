/**
 * C: compressed instructions (unprivileged specification, chapter 26). Each abbreviates one instruction of
 * another row; its format yields that row's operands, so the meaning is not written again.
 */
import { type Field, type Fields, field, fixed, type Operands } from '../format.js';
import type { Row } from '../row.js';

const xc = (layout: string): Field => field('xc', layout);
const RD_C = xc('4:2');
const RS1_C = xc('9:7');
const RS2_C = xc('4:2');
const RD = field('x', '11:7');
const RS2 = field('x', '6:2');
const F_RD = field('f', '11:7');
const F_RS2 = field('f', '6:2');
const F_C = field('fc', '4:2');
const X0 = fixed(0);
const RA = fixed(1);
const SP = fixed(2);
const IMM6 = field('simm', '12=5,6:2=4:0');
const SHIFT = field('shamt', '12=5,6:2=4:0');
const OFFSET_W = field('uimm', '12:10=5:3,6=2,5=6');
const OFFSET_D = field('uimm', '12:10=5:3,6:5=7:6');
const STACK_LOAD_W = field('uimm', '12=5,6:4=4:2,3:2=7:6');
const STACK_LOAD_D = field('uimm', '12=5,6:5=4:3,4:2=8:6');
const STACK_STORE_W = field('uimm', '12:9=5:2,8:7=7:6');
const STACK_STORE_D = field('uimm', '12:10=5:3,9:7=8:6');
const JUMP = field('target', '12=11,11=4,10:9=9:8,8=10,7=6,6=7,5:3=3:1,2=5');
const BRANCH = field('target', '12=8,11:10=4:3,6:5=7:6,4:3=2:1,2=5');

/** funct: bits 15:13 and 1:0, then any other fixed bits as [value, lowest bit, width]. */
const C = (
  name: string,
  expands: string,
  syntax: string,
  [quadrant, funct3, ...rest]: readonly [number, number, ...(readonly [number, number, number])[]],
  format: string,
  fields: Fields,
  where?: (o: Operands) => boolean,
): Omit<Row, 'meaning'> & { expands: string } => {
  let match = quadrant | (funct3 << 13);
  let mask = 0xe003;
  for (const [value, at, width] of rest) {
    match |= value << at;
    mask |= (2 ** width - 1) << at;
  }
  return { name, extension: 'C', length: 2, match, mask, format, fields, syntax, expands, ...(where && { where }) };
};

const arithmetic = (name: string, expands: string, bit12: number, funct2: number) =>
  C(`c.${name}`, expands, 'rd, rs2', [1, 4, [bit12, 12, 1], [3, 10, 2], [funct2, 5, 2]], 'CA', {
    rd: RS1_C,
    rs1: RS1_C,
    rs2: RS2_C,
  });

/** Order matters: where two rows match an encoding, the first whose `where` holds is meant. */
export const rowsC = [
  C(
    'c.addi4spn',
    'addi',
    'rd, rs1, imm',
    [0, 0],
    'CIW',
    { rd: RD_C, rs1: SP, imm: field('uimm', '12:11=5:4,10:7=9:6,6=2,5=3') },
    (o) => o.imm !== 0,
  ),
  C('c.fld', 'fld', 'rd, imm(rs1)', [0, 1], 'CL', { rd: F_C, rs1: RS1_C, imm: OFFSET_D }),
  C('c.lw', 'lw', 'rd, imm(rs1)', [0, 2], 'CL', { rd: RD_C, rs1: RS1_C, imm: OFFSET_W }),
  C('c.ld', 'ld', 'rd, imm(rs1)', [0, 3], 'CL', { rd: RD_C, rs1: RS1_C, imm: OFFSET_D }),
  C('c.fsd', 'fsd', 'rs2, imm(rs1)', [0, 5], 'CS', { rs2: F_C, rs1: RS1_C, imm: OFFSET_D }),
  C('c.sw', 'sw', 'rs2, imm(rs1)', [0, 6], 'CS', { rs2: RS2_C, rs1: RS1_C, imm: OFFSET_W }),
  C('c.sd', 'sd', 'rs2, imm(rs1)', [0, 7], 'CS', { rs2: RS2_C, rs1: RS1_C, imm: OFFSET_D }),

  C('c.nop', 'addi', '', [1, 0, [0, 2, 5], [0, 7, 5], [0, 12, 1]], 'CI', { rd: X0, rs1: X0, imm: fixed(0) }),
  C('c.addi', 'addi', 'rd, imm', [1, 0], 'CI', { rd: RD, rs1: RD, imm: IMM6 }),
  C('c.addiw', 'addiw', 'rd, imm', [1, 1], 'CI', { rd: RD, rs1: RD, imm: IMM6 }, (o) => o.rd !== 0),
  C('c.li', 'addi', 'rd, imm', [1, 2], 'CI', { rd: RD, rs1: X0, imm: IMM6 }),
  C(
    'c.addi16sp',
    'addi',
    'rd, imm',
    [1, 3, [2, 7, 5]],
    'CI',
    { rd: SP, rs1: SP, imm: field('simm', '12=9,6=4,5=6,4:3=8:7,2=5') },
    (o) => o.imm !== 0,
  ),
  C(
    'c.lui',
    'lui',
    'rd, imm',
    [1, 3],
    'CI',
    { rd: RD, imm: field('upper', '12=17,6:2=16:12') },
    (o) => o.rd !== 2 && o.imm !== 0,
  ),
  C('c.srli', 'srli', 'rd, imm', [1, 4, [0, 10, 2]], 'CB', { rd: RS1_C, rs1: RS1_C, imm: SHIFT }),
  C('c.srai', 'srai', 'rd, imm', [1, 4, [1, 10, 2]], 'CB', { rd: RS1_C, rs1: RS1_C, imm: SHIFT }),
  C('c.andi', 'andi', 'rd, imm', [1, 4, [2, 10, 2]], 'CB', { rd: RS1_C, rs1: RS1_C, imm: IMM6 }),
  arithmetic('sub', 'sub', 0, 0),
  arithmetic('xor', 'xor', 0, 1),
  arithmetic('or', 'or', 0, 2),
  arithmetic('and', 'and', 0, 3),
  arithmetic('subw', 'subw', 1, 0),
  arithmetic('addw', 'addw', 1, 1),
  C('c.j', 'jal', 'imm', [1, 5], 'CJ', { rd: X0, imm: JUMP }),
  C('c.beqz', 'beq', 'rs1, imm', [1, 6], 'CB', { rs1: RS1_C, rs2: X0, imm: BRANCH }),
  C('c.bnez', 'bne', 'rs1, imm', [1, 7], 'CB', { rs1: RS1_C, rs2: X0, imm: BRANCH }),

  C('c.slli', 'slli', 'rd, imm', [2, 0], 'CI', { rd: RD, rs1: RD, imm: SHIFT }),
  C('c.fldsp', 'fld', 'rd, imm(rs1)', [2, 1], 'CI', { rd: F_RD, rs1: SP, imm: STACK_LOAD_D }),
  C('c.lwsp', 'lw', 'rd, imm(rs1)', [2, 2], 'CI', { rd: RD, rs1: SP, imm: STACK_LOAD_W }, (o) => o.rd !== 0),
  C('c.ldsp', 'ld', 'rd, imm(rs1)', [2, 3], 'CI', { rd: RD, rs1: SP, imm: STACK_LOAD_D }, (o) => o.rd !== 0),
  C('c.jr', 'jalr', 'rs1', [2, 4, [0, 12, 1], [0, 2, 5]], 'CR', { rd: X0, rs1: RD, imm: fixed(0) }, (o) => o.rs1 !== 0),
  C('c.mv', 'add', 'rd, rs2', [2, 4, [0, 12, 1]], 'CR', { rd: RD, rs1: X0, rs2: RS2 }, (o) => o.rs2 !== 0),
  C('c.ebreak', 'ebreak', '', [2, 4, [1, 12, 1], [0, 2, 5], [0, 7, 5]], 'CR', {}),
  C(
    'c.jalr',
    'jalr',
    'rs1',
    [2, 4, [1, 12, 1], [0, 2, 5]],
    'CR',
    { rd: RA, rs1: RD, imm: fixed(0) },
    (o) => o.rs1 !== 0,
  ),
  C('c.add', 'add', 'rd, rs2', [2, 4, [1, 12, 1]], 'CR', { rd: RD, rs1: RD, rs2: RS2 }, (o) => o.rs2 !== 0),
  C('c.fsdsp', 'fsd', 'rs2, imm(rs1)', [2, 5], 'CSS', { rs2: F_RS2, rs1: SP, imm: STACK_STORE_D }),
  C('c.swsp', 'sw', 'rs2, imm(rs1)', [2, 6], 'CSS', { rs2: RS2, rs1: SP, imm: STACK_STORE_W }),
  C('c.sdsp', 'sd', 'rs2, imm(rs1)', [2, 7], 'CSS', { rs2: RS2, rs1: SP, imm: STACK_STORE_D }),
];
