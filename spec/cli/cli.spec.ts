/** The command line, in this process, with its own streams. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { cli } from '../../lib/cli/cli.js';

const execute = async (argv: readonly string[], input = '') => {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  streams.stdin.end(input);
  const code = await cli(argv, streams);
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? '';
  return { code, stdout: text(streams.stdout), stderr: text(streams.stderr) };
};

const DEMO = 'fixtures/demo/hello.s';
const GREETING = 'Hello from supervisor mode.\nPaging is on: the same page under two addresses.\n';

describe('the command line', () => {
  let directory: string;
  const path = (name: string, contents?: string | Uint8Array): string => {
    const file = join(directory, name);
    if (contents !== undefined) writeFileSync(file, contents);
    return file;
  };
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'vivarium-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  it('runs the demonstration, prints how it ended and what was counted', async () => {
    const { code, stdout } = await execute([]);
    expect(code).to.equal(0);
    expect(stdout).to.match(new RegExp(`^${GREETING}A timer interrupt ended the wait.\n\npowered off\n`));
    expect(stdout)
      .to.match(/^instructions +\d+$/m)
      .and.match(/^interrupt: supervisor timer +1$/m);
  });
  it('prints the same whichever engine runs it, apart from what the engines count about themselves', async () => {
    const guest = async (engine: string) =>
      (await execute(['run', '--engine', engine])).stdout.replace(/^(code invalidations|float slow).*\n/gm, '');
    expect(await guest('reference')).to.equal(await guest('interpreter'));
  });
  it('traces instructions, modes and traps', async () => {
    const { stdout } = await execute(['--trace', '40']);
    expect(stdout).to.match(/^hart 0 S +0+80000000 <_start> {2}auipc sp,/m);
    expect(stdout).to.match(/^hart 0 traps: ecall from S$/m);
    expect(stdout.match(/^hart 0 S/gm)).to.have.length(40);
    expect(stdout).to.include(GREETING.split('\n')[1]!);
  });
  it('assembles, runs the executable and lists it', async () => {
    const elf = path('hello.elf');
    expect((await execute(['assemble', DEMO, '-o', elf])).code).to.equal(0);
    expect((await execute([elf])).stdout).to.include(GREETING);
    expect((await execute(['disassemble', elf])).stdout)
      .to.include('<enable_paging>:')
      .and.include('sfence.vma');
    expect((await execute(['disassemble', elf])).stdout).to.equal((await execute(['disassemble', DEMO])).stdout);
  });
  it('boots a kernel with the streams as its console', async () => {
    const source = [
      '_start: li a7, 2; ecall', // legacy console_getchar: -1 until there is input
      'bltz a0, _start',
      'li a7, 1; ecall', // console_putchar
      'li a7, 8; ecall', // shutdown
    ];
    const elf = path('echo.elf');
    await execute(['assemble', path('echo.s', source.join('\n')), '-o', elf]);
    const { code, stdout } = await execute(['boot', elf, '--max-instructions', '100000000'], '!');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^!\npowered off\n/);
  });
  it('stops at a limit of instructions, and when a hart does nothing but trap', async () => {
    const endless = await execute([path('endless.s', '_start: j _start'), '--max-instructions', '1000']);
    expect(endless)
      .to.include({ code: 1 })
      .and.have.property('stdout')
      .that.matches(/limit of instructions/);
    const trapping = await execute([path('trap.s', '_start: ebreak'), '--bios', 'none']);
    expect(trapping)
      .to.include({ code: 1 })
      .and.have.property('stdout')
      .that.matches(/nothing handles this trap/);
  });
  it('prints the reference page', async () => {
    expect((await execute(['reference'])).stdout).to.equal(readFileSync('fixtures/reference/instructions.md', 'utf8'));
  });

  describe('meets bad input with one line and exit code 2:', () => {
    const cases: Readonly<Record<string, () => string[]>> = {
      'a file that is not there': () => ['nowhere.s'],
      'a directory': () => [directory],
      'a file that is no program': () => [path('text', 'hello')],
      'a broken ELF file': () => [path('broken', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1))],
      'a mistake in a source': () => [path('mistake.s', '_start: jump')],
      'a program outside RAM': () => ['run', path('low.elf', readFileSync(lowElf()))],
      'a kernel that is none': () => ['boot', path('kernel', 'hello')],
      'too many harts': () => ['--harts', '99'],
      'no number of harts': () => ['--harts', 'two'],
      'no size of memory': () => ['--memory', 'lots'],
      'an unknown engine': () => ['--engine', 'steam'],
      'an unknown option': () => ['--fast'],
      'a missing argument': () => ['boot'],
      'too many arguments': () => ['a.s', 'b.s'],
      'an output that cannot be written': () => ['assemble', DEMO, '-o', join(directory, 'no', 'where')],
    };
    const lowElf = (): string => path('low');
    before(() => execute(['assemble', DEMO, '-o', lowElf(), '--base', '0x10000']));
    for (const [what, argv] of Object.entries(cases))
      it(what, async () => {
        const { code, stdout, stderr } = await execute(argv());
        expect(code).to.equal(2);
        expect(stdout).to.equal('');
        expect(stderr).to.match(/^vivarium: .+\n$/);
      });
  });
});
