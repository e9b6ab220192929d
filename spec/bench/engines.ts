/**
 * How fast the engines are with the MMU on, beside QEMU on the same programs; run by `node dist/spec/bench/engines.js`.
 * Options of the environment: VIVARIUM_ROUNDS, and VIVARIUM_FP_REPS (the checksum is for 30).
 */
import { toElf } from '../../lib/isa/asm.js';
import { compile, runQemu } from '../support/qemu.js';
import { UserProgram } from '../support/user.js';

const { VIVARIUM_ROUNDS = '3', VIVARIUM_FP_REPS = '30' } = process.env;
const REFERENCE_INSTRUCTIONS = 300_000;
const WORKLOADS = [
  { name: 'int', reps: 500, checksum: 'int 0000000035969f35' },
  { name: 'mem', reps: 20, checksum: 'mem f5a801e40088788c' },
  {
    name: 'fp',
    reps: Number(VIVARIUM_FP_REPS),
    checksum: Number(VIVARIUM_FP_REPS) === 30 ? 'fp f7fc3bde09482a56' : undefined,
  },
];

const seconds = (work: () => void): number => {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e9;
};
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).trim();
const check = (what: string, actual: string, expected: string): void => {
  if (actual !== expected) throw new Error(`${what}: '${actual}' instead of '${expected}'`);
};

for (const { name, reps, checksum } of WORKLOADS) {
  const sources = ['start.S', 'bare.c', `wl_${name}.c`].map((file) => `bench/${file}`);
  const elf = compile(sources, ['-O2', '-DBARE', `-DWL_DEFAULT_REPS=${reps}`]);
  const times = { qemu: [] as number[], interpreter: [] as number[], reference: [] as number[] };
  let instructions = 0;
  for (let round = 0; round < Number(VIVARIUM_ROUNDS); round++) {
    let expected = '';
    times.qemu.push(seconds(() => (expected = text(runQemu(elf).stdout))));
    if (checksum !== undefined) check(`${name} under QEMU`, expected, checksum);
    const fast = new UserProgram(elf, { memory: '64MiB' });
    times.interpreter.push(seconds(() => check(`${name} on the interpreter`, text(fast.run().stdout), expected)));
    instructions = Number(fast.hart.retired);
    const slow = new UserProgram(elf, { memory: '64MiB', engine: 'reference' });
    times.reference.push(seconds(() => slow.machine.run({ instructions: REFERENCE_INSTRUCTIONS })));
  }
  const [qemu, interpreter] = [median(times.qemu), median(times.interpreter)];
  const rate = (count: number, time: number): string => (count / time / 1e6).toFixed(1);
  console.log(`${name}: ${(instructions / 1e6).toFixed(0)} million instructions`);
  console.log(`  QEMU         ${qemu.toFixed(2)} s  ${rate(instructions, qemu)} M/s`);
  console.log(
    `  interpreter  ${interpreter.toFixed(2)} s  ${rate(instructions, interpreter)} M/s, ${(interpreter / qemu).toFixed(1)} times QEMU's time`,
  );
  console.log(`  reference    ${rate(REFERENCE_INSTRUCTIONS, median(times.reference))} M/s`);
}

const CALLS = 200_000;
const calls = new UserProgram(
  toElf(`_start: li s0, ${CALLS}
1:      li a7, 172
        ecall
        addi s0, s0, -1
        bnez s0, 1b
        li a7, 93
        li a0, 0
        ecall`),
  { otherCall: () => 1n },
);
console.log(`system call and back: ${((seconds(() => calls.run()) / CALLS) * 1e9).toFixed(0)} ns`);
