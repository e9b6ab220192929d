/** The package as a user gets it: packed, installed into an empty project, imported, run and type-checked. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';

/** The output of a program that must succeed. */
const run = (cwd: string, program: string, ...args: string[]): string => {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}\n${stderr}`);
  return stdout;
};

const consumer = `
import { asm, assemble, disassemble, Machine, type MachineOptions, type StopReason, toElf, VivariumError } from 'vivarium';
import { lookup, type Row } from 'vivarium/isa';
const options: MachineOptions = { memory: '16MiB', engine: 'interpreter' };
const machine: Machine = new Machine(options);
machine.on('output', (bytes: Uint8Array) => bytes.length);
machine.load(toElf(asm\`_start: li a7, 8; ecall\`, { base: 0x80000000n }));
const stop: StopReason = machine.run({ instructions: 100 });
const retired: bigint = machine.counters().instructions;
const row: Row | undefined = lookup('addi')?.row;
export const all = [stop.kind, retired, row?.name, disassemble(0x13), assemble('nop').bytes.length, VivariumError];
`;

describe('the package', () => {
  let project: string;
  before(() => {
    project = mkdtempSync(join(tmpdir(), 'vivarium-'));
    run('.', 'npm', 'pack', '--ignore-scripts', '--pack-destination', project);
    const tarball = readdirSync(project).find((file) => file.endsWith('.tgz')) as string;
    writeFileSync(join(project, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }');
    run(project, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`);
  });
  after(() => rmSync(project, { recursive: true }));

  it('holds the library, its sources and the demonstration, and nothing else', () => {
    const root = join(project, 'node_modules/vivarium');
    expect(readdirSync(root).sort()).to.deep.equal(['LICENSE', 'README.md', 'dist', 'fixtures', 'lib', 'package.json']);
    expect(readdirSync(join(root, 'dist'))).to.deep.equal(['lib']);
  });
  it('can be imported and runs a program', () => {
    const file = join(project, 'use.js');
    writeFileSync(
      file,
      `import { asm, Machine, toElf } from 'vivarium';
       const machine = new Machine({ memory: '16MiB' });
       machine.on('output', (bytes) => process.stdout.write(bytes));
       machine.load(toElf(asm\`_start: li a0, 'x'; li a7, 1; ecall; li a7, 8; ecall\`, { base: 0x80000000n }));
       console.log(machine.run({ instructions: 100 }).kind);`,
    );
    expect(run(project, process.execPath, file)).to.equal('xfinished\n');
  });
  it('has no door but its exports', () => {
    const code = `import('vivarium/dist/lib/machine/machine.js').catch((error) => console.log(error.code))`;
    expect(run(project, process.execPath, '-e', code)).to.equal('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });
  it('brings the command', () => {
    expect(run(project, 'npx', '--no-install', 'vivarium')).to.include('Hello from supervisor mode.');
  });

  for (const lib of [['ES2023'], ['ES2023', 'DOM']])
    for (const module of ['NodeNext', 'Preserve'])
      it(`type-checks strictly with ${lib.join(' and ')}, module ${module}`, () => {
        const directory = join(project, `${lib.join('-')}-${module}`);
        mkdirSync(directory);
        writeFileSync(join(directory, 'consumer.ts'), consumer);
        const compilerOptions = {
          ...{ target: 'ES2022', module, lib, types: [], noEmit: true },
          ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
        };
        writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
        run(directory, process.execPath, resolve('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json');
      });
});
