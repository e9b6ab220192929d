/** Every import of the library, against the layers of the design: a layer knows only itself and those before it. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize, sep } from 'node:path';
import { expect } from 'chai';

/** In order; the shells know all of them, and no other layer knows a shell. */
const layers = ['abi', 'isa', 'machine', 'kernel', 'containers', 'vmm', 'host', 'lab', 'index'] as const;
const shells = ['cli', 'server', 'web'] as const;

const files = (readdirSync('lib', { recursive: true }) as string[])
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.ts'));

const importsOf = (file: string): string[] => {
  const source = readFileSync(join('lib', file), 'utf8');
  const declared = /^(?:import|export)\s(?:[\w\s{},*]*?\bfrom\s+)?'([^']+)'/gm;
  const dynamic = /\bimport\('([^']+)'\)/g;
  return [...source.matchAll(declared), ...source.matchAll(dynamic)].map(([, specifier]) => specifier as string);
};

/** `isa/index.ts` belongs to `isa`, `index.ts` to `index`. */
const layerOf = (file: string): string => file.split('/')[0]!.replace(/\.[jt]s$/, '');
const rank = (layer: string): number =>
  shells.includes(layer as (typeof shells)[number]) ? layers.length : layers.indexOf(layer as (typeof layers)[number]);

interface Import {
  readonly from: string;
  readonly specifier: string;
}
const imports: Import[] = files.flatMap((from) => importsOf(from).map((specifier) => ({ from, specifier })));
const isRelative = ({ specifier }: Import): boolean => specifier.startsWith('.');
const targetOf = ({ from, specifier }: Import): string =>
  normalize(join(dirname(from), specifier))
    .split(sep)
    .join('/')
    .replace(/\.js$/, '.ts');
const show = ({ from, specifier }: Import): string => `${from} imports ${specifier}`;

describe('the layers of lib', () => {
  it('are the only things in it', () => {
    expect(files.filter((file) => rank(layerOf(file)) < 0)).to.deep.equal([]);
    expect(imports.length).to.be.greaterThan(300);
  });
  it('import only files that exist', () => {
    expect(imports.filter((i) => isRelative(i) && !files.includes(targetOf(i))).map(show)).to.deep.equal([]);
  });
  it('import only themselves and earlier ones; so there are no cycles between them', () => {
    const upward = imports.filter((i) => {
      if (!isRelative(i)) return false;
      const [here, there] = [layerOf(i.from), layerOf(targetOf(i))];
      return here !== there && rank(there) >= rank(here);
    });
    expect(upward.map(show)).to.deep.equal([]);
  });
  it('import no package that package.json does not declare, and nothing of Node below the shells', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
    const foreign = imports.filter((i) => {
      if (isRelative(i)) return false;
      const name = i.specifier.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1');
      const isNode = i.specifier.startsWith('node:') || builtinModules.includes(name);
      return isNode ? rank(layerOf(i.from)) < layers.length : !(name in dependencies);
    });
    expect(foreign.map(show)).to.deep.equal([]);
  });
});
