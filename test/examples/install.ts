/**
 * Installs the examples as a user would: this checkout's packages as `npm pack` makes them, bundlers from the registry, in a
 * folder outside of the checkout, so that nothing is found that was not installed. It is kept for the next run.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const shell = process.platform === 'win32';
const digestOf = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex').slice(0, 12);
const readJson = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
/** What building an example in the checkout has left there. */
const outputs = /[\\/](node_modules|dist|denary|assets|\.next)$/;

async function npm(args: string[], cwd: string): Promise<string> {
  return (await promisify(execFile)('npm', args, { cwd, shell, maxBuffer: 2 ** 26 })).stdout;
}

/** The folders of @denary/runtime-web and of what it depends on among this checkout's packages, by name. */
async function ownPackages(): Promise<Map<string, string>> {
  const folders = ['models', ...(await readdir(join(root, 'packages'))).map((name) => join('packages', name))];
  const all = new Map<string, { folder: string; needs: string[] }>();
  for (const folder of folders.map((name) => join(root, name))) {
    const { name, dependencies = {} } = await readJson(join(folder, 'package.json'));
    all.set(name, { folder, needs: Object.keys(dependencies) });
  }
  const found = new Map<string, string>();
  const visit = (name: string) => {
    const one = all.get(name);
    if (!one || found.has(name)) return;
    found.set(name, one.folder);
    one.needs.forEach(visit);
  };
  visit('@denary/runtime-web');
  return found;
}

/** Packs a package into `folder`, named by its content, so that npm installs it anew exactly when it changed. */
async function pack(source: string, folder: string): Promise<string> {
  const [{ filename, shasum }] = JSON.parse(await npm(['pack', '--json', '--pack-destination', folder], source));
  const name = `${filename.replace(/\.tgz$/, '')}-${shasum.slice(0, 12)}.tgz`;
  await rename(join(folder, filename), join(folder, name));
  return name;
}

/** The example as it is in the checkout; what npm has put into the copy's node_modules stays. */
async function copyExample(name: string, folder: string): Promise<void> {
  const [source, copy] = [join(root, 'examples', name), join(folder, name)];
  await mkdir(copy, { recursive: true });
  const stale = (await readdir(copy)).filter((entry) => entry !== 'node_modules');
  await Promise.all(stale.map((entry) => rm(join(copy, entry), { recursive: true })));
  // npm would take what the link leads to for superfluous, and delete it.
  await rm(join(copy, 'node_modules', '@denary'), { force: true });
  await cp(source, copy, { recursive: true, filter: (path) => !outputs.test(path) });
}

/** Workspaces share one node_modules; an example that is installed by itself has this package in its own. */
async function linkPackages(example: string): Promise<void> {
  const own = join(example, 'node_modules');
  await mkdir(own, { recursive: true });
  await symlink(join(example, '..', 'node_modules', '@denary'), join(own, '@denary'), 'junction');
}

/** Gives the folder in which every example of examples/web-* lies, ready to run. */
export async function installExamples(): Promise<string> {
  const folder = join(tmpdir(), `denary-examples-${digestOf(root)}`);
  const packs = join(folder, 'packs');
  await rm(packs, { recursive: true, force: true });
  await mkdir(packs, { recursive: true });
  const dependencies: Record<string, string> = {};
  for (const [name, source] of await ownPackages()) dependencies[name] = `file:packs/${await pack(source, packs)}`;

  const names = (await readdir(join(root, 'examples'))).filter((name) => name.startsWith('web-'));
  const manifests = await Promise.all(
    names.map((name) => readFile(join(root, 'examples', name, 'package.json'), 'utf8')),
  );
  const manifest = JSON.stringify({ name: 'denary-examples', private: true, workspaces: names, dependencies }, null, 2);
  for (const name of names) await copyExample(name, folder);
  const mark = join(folder, 'installed');
  const digest = digestOf([manifest, ...manifests].join());
  if ((await readFile(mark, 'utf8').catch(() => '')) !== digest) {
    await writeFile(join(folder, 'package.json'), manifest);
    await npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], folder);
    await writeFile(mark, digest);
  }
  for (const name of names) await linkPackages(join(folder, name));
  return folder;
}
