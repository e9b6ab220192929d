/** How fast the reference engine is: a loop of loads, stores, additions and a branch. */
import { Bench, DATA, encode } from '../support/bench.js';

const ITERATIONS = 100_000;
const LOOP = [
  encode('ld', { rd: 3, rs1: 1, imm: 8 }),
  encode('add', { rd: 3, rs1: 3, rs2: 2 }),
  encode('sd', { rs1: 1, rs2: 3, imm: 8 }),
  encode('xori', { rd: 4, rs1: 3, imm: 85 }),
  encode('addi', { rd: 2, rs1: 2, imm: -1 }),
  encode('bne', { rs1: 2, rs2: 0, imm: -20 }),
];

const bench = new Bench();
const { hart } = bench;
bench.program(...LOOP);
hart.setX(1, DATA);
hart.setX(2, BigInt(ITERATIONS));
hart.setCell32('limit', LOOP.length * ITERATIONS);
const start = process.hrtime.bigint();
bench.engine.run(hart);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(`reference engine: ${(hart.cell32('tally') / seconds / 1e6).toFixed(2)} million instructions/s`);
