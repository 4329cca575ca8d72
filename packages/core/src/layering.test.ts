/**
 * Imports point one way (design: core <- train, core <- runtimes, runtime-node <- server, all <- cli), and what runs in a
 * browser imports nothing of Node. Read off the sources, so that it holds before anything is built.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const packages = fileURLToPath(new URL('../../', import.meta.url));

interface Import {
  /** Relative to the package's src folder. */
  readonly file: string;
  readonly to: string;
}

/** `from '...'`, `import '...'` and `import('...')`, types too. */
const specifiers = [
  /\bfrom\s*(['"])([^'"\s]+)\1/g,
  /\bimport\s*(['"])([^'"\s]+)\1/g,
  /\bimport\s*\(\s*(?:\/\*.*?\*\/\s*)*(['"])([^'"\s]+)\1/g,
];
const comments = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

function importsOf(name: string): Import[] {
  const source = join(packages, name, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.ts$/.test(file) && !/\.test\.ts$/.test(file),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(source, file), 'utf8').replace(comments, '');
    return specifiers.flatMap((pattern) =>
      [...text.matchAll(pattern)].map((match) => ({ file: file.split(sep).join('/'), to: match[2]! })),
    );
  });
}

const isRelative = ({ to }: Import) => to.startsWith('.');
const isNode = ({ to }: Import) => to.startsWith('node:') || builtinModules.includes(to.split('/')[0]!);
const isRuntime = ({ to }: Import) => /^(onnxruntime-|@denary\/runtime-)/.test(to);
/** The package of a bare specifier: `@scope/name` or `name`. */
const packageOf = (to: string) =>
  to
    .split('/')
    .slice(0, to.startsWith('@') ? 2 : 1)
    .join('/');

/** What each package may import of denary itself; `@denary/models` is data. */
const allowed = {
  core: [],
  train: ['@denary/core'],
  'runtime-node': ['@denary/core', '@denary/models'],
  'runtime-web': ['@denary/core', '@denary/models'],
  server: ['@denary/core', '@denary/runtime-node'],
  cli: [
    '@denary/core',
    '@denary/models',
    '@denary/runtime-node',
    '@denary/runtime-web',
    '@denary/server',
    '@denary/train',
  ],
} as const;
const names = Object.keys(allowed) as (keyof typeof allowed)[];

describe.each(names)('packages/%s', (name) => {
  const imports = importsOf(name);
  const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
    peerDependencies?: Record<string, string>;
  };

  it('imports of denary only what lies below it', () => {
    const wrong = imports.filter(
      ({ to }) => to.startsWith('@denary/') && !(allowed[name] as readonly string[]).includes(packageOf(to)),
    );
    expect(wrong).toEqual([]);
    const declared = Object.keys(manifest.dependencies ?? {}).filter((to) => to.startsWith('@denary/'));
    expect(declared.filter((to) => !(allowed[name] as readonly string[]).includes(to))).toEqual([]);
  });

  it('imports no file outside its own src', () => {
    const source = join(packages, name, 'src');
    const outside = imports
      .filter(isRelative)
      .filter(({ file, to }) => relative(source, resolve(source, dirname(file), to)).startsWith('..'));
    expect(outside).toEqual([]);
  });

  it('imports relative files by the name that they are built under', () => {
    expect(imports.filter(isRelative).filter(({ to }) => !/\.(js|json)$/.test(to))).toEqual([]);
  });

  it('declares every package that it imports', () => {
    const bare = imports.filter((item) => !isRelative(item) && !isNode(item));
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
    const undeclared = bare.filter(({ to }) => !Object.hasOwn(declared, packageOf(to)));
    expect(undeclared).toEqual([]);
  });
});

describe('core', () => {
  it('imports its own files, protobuf and valibot, nothing else', () => {
    const imports = importsOf('core');
    expect(imports.length).toBeGreaterThan(20);
    const others = imports.filter(
      (item) => !isRelative(item) && !['@bufbuild/protobuf', 'valibot'].includes(packageOf(item.to)),
    );
    expect(others).toEqual([]);
  });

  it('is compiled without the types of Node and of the DOM, so that it cannot use their globals', () => {
    const { compilerOptions } = JSON.parse(readFileSync(join(packages, 'core/tsconfig.json'), 'utf8'));
    expect(compilerOptions.lib.filter((lib: string) => lib.startsWith('dom'))).toEqual([]);
    expect(compilerOptions.types ?? []).toEqual([]);
  });
});

describe('train', () => {
  const imports = importsOf('train');
  const portable = imports.filter(({ file }) => !file.startsWith('node/'));

  it('imports nothing of Node outside src/node', () => {
    expect(portable.filter(isNode)).toEqual([]);
    const intoNode = portable
      .filter(isRelative)
      .filter(({ file, to }) => join(dirname(file), to).split(sep)[0] === 'node');
    expect(intoNode).toEqual([]);
    expect(imports.filter(isNode).length).toBeGreaterThan(0);
  });

  it('imports no runtime: it is handed a session factory', () => {
    expect(imports.filter(isRuntime)).toEqual([]);
  });
});

describe('the runtimes', () => {
  it('know one runtime each', () => {
    expect(
      importsOf('runtime-web').filter(
        (item) => isNode(item) || (isRuntime(item) && packageOf(item.to) !== 'onnxruntime-web'),
      ),
    ).toEqual([]);
    expect(
      importsOf('runtime-node').filter((item) => isRuntime(item) && packageOf(item.to) !== 'onnxruntime-node'),
    ).toEqual([]);
  });

  it('are imported by name in no package but the server and the CLI', () => {
    for (const name of names.filter((item) => item !== 'server' && item !== 'cli')) {
      expect(
        importsOf(name).filter(({ to }) => basename(to).startsWith('runtime-')),
        name,
      ).toEqual([]);
    }
  });
});
