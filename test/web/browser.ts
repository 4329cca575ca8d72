/** Chromium with WebGPU on SwiftShader, and pages in it: of static files, or of a test's file with everything that it imports. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from 'tsup';
import { type StaticServer, serveFolders } from './static-server.js';

const FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  // An origin that is not trusted, unlike localhost.
  '--host-resolver-rules=MAP insecure.test 127.0.0.1',
];

/** What a user copies into a folder of static files. */
export const dist = fileURLToPath(new URL('../../packages/runtime-web/dist', import.meta.url));

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.DENARY_CHROMIUM!, args: FLAGS });

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly server: StaticServer;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Of all answers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the page, after the server's address. */
  readonly path?: string;
}

/** Serves folders of pages, with @denary/runtime-web's files under `denary/`, and opens one of the pages. */
export async function openFolders(
  folders: readonly string[],
  { headers = {}, path = '' }: OpenOptions = {},
): Promise<OpenPage> {
  const server = await serveFolders({ '/': folders, '/denary/': [dist] }, headers);
  const browser = await launch();
  const close = async () => {
    await browser.close();
    await server.close();
  };
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.url + path);
    return { page, context, server, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens a page that has run the file, bundled with everything that it imports; the package's files lie beside the bundle. */
export async function openPage(file: string, options: OpenOptions = {}): Promise<OpenPage> {
  const folder = await mkdtemp(join(tmpdir(), 'denary-page-'));
  await bundle(file, folder);
  await writeFile(join(folder, 'index.html'), '<!doctype html><script type="module" src="page.js"></script>');
  const open = await openFolders([folder, dist], options);
  const close = async () => {
    await open.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...open, close };
}

const bundle = (file: string, outDir: string) =>
  build({
    entry: { page: file },
    outDir,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    noExternal: [/./],
    silent: true,
    config: false,
  });
