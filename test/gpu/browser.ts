/** A page in Debian's Chromium, with WebGPU on SwiftShader: a bundle of one of the test's files, and the files of onnxruntime-web. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { build } from 'tsup';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];
const TYPES: Record<string, string> = { mjs: 'text/javascript', js: 'text/javascript', wasm: 'application/wasm' };

export const browserPath = CHROMIUM.find((path) => existsSync(path));

export interface OpenPage {
  readonly page: Page;
  close(): Promise<void>;
}

/** Opens a page that has run the file, with everything that it imports. */
export async function openPage(file: string): Promise<OpenPage> {
  const folder = await mkdtemp(join(tmpdir(), 'denary-page-'));
  await build({
    entry: { page: file },
    outDir: folder,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    noExternal: [/./],
    silent: true,
    config: false,
    outExtension: () => ({ js: '.mjs' }),
  });
  const ort = dirname(createRequire(import.meta.resolve('@denary/runtime-web')).resolve('onnxruntime-web'));
  const server = createServer(async (request, response) => {
    const name = basename(request.url ?? '/');
    if (!name)
      return response.setHeader('content-type', 'text/html').end('<script type="module" src="page.mjs"></script>');
    const path = [join(folder, name), join(ort, name)].find((candidate) => existsSync(candidate));
    if (!path) return response.writeHead(404).end();
    response.setHeader('content-type', TYPES[name.split('.').at(-1)!] ?? 'application/octet-stream');
    response.end(await readFile(path));
  }).listen(0, '127.0.0.1');
  const browser = await chromium.launch({ executablePath: browserPath!, args: FLAGS });
  const close = async () => {
    await browser.close();
    server.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}
