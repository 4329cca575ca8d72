/** Every example under examples/web-*, as its bundler's development server and production build bring it to a browser. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInBrowser } from '../web/chromium.js';
import { ISOLATED, serveFolders } from '../web/static-server.js';
import { installExamples } from './install.js';
import { type Address, runBuild, serveByScript, serveWith } from './serve.js';

interface Way {
  readonly example: string;
  readonly way: string;
  readonly serve: (folder: string) => Promise<Address>;
}

const built =
  (serve: (folder: string) => Promise<Address>, ...options: string[]) =>
  async (folder: string) => {
    await runBuild(folder, options);
    return serve(folder);
  };
const files = (name: string) => (folder: string) => serveFolders({ '/': [join(folder, name)] });
const script = (name: string, argumentsOf: (port: number) => string[]) => (folder: string) =>
  serveByScript(folder, name, argumentsOf);
const hostAndPort = (port: number) => ['--host', '127.0.0.1', '--port', `${port}`];
const hostnameAndPort = (port: number) => ['--hostname', '127.0.0.1', '--port', `${port}`];

const ways: readonly Way[] = [
  { example: 'web-static', way: 'files', serve: built(files('.')) },
  { example: 'web-vite', way: 'development', serve: script('dev', hostAndPort) },
  { example: 'web-vite', way: 'production', serve: built(script('preview', hostAndPort)) },
  { example: 'web-webpack', way: 'development', serve: script('dev', hostAndPort) },
  { example: 'web-webpack', way: 'production', serve: built(files('public')) },
  { example: 'web-next', way: 'development', serve: script('dev', hostnameAndPort) },
  { example: 'web-next', way: 'production', serve: built(script('start', hostnameAndPort)) },
  { example: 'web-next', way: 'webpack', serve: built(script('start', hostnameAndPort), '--webpack') },
  { example: 'web-esbuild', way: 'development', serve: script('dev', (port) => [`--serve=127.0.0.1:${port}`]) },
  { example: 'web-esbuild', way: 'production', serve: built(files('public')) },
];

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const names = readdirSync(examples).filter((name) => name.startsWith('web-'));

it('every example is opened, and is short', () => {
  expect(names.toSorted()).toEqual([...new Set(ways.map(({ example }) => example))].sort());
  for (const name of names) {
    for (const file of sourcesOf(join(examples, name))) {
      const lines = readFileSync(file, 'utf8').split('\n');
      expect(lines.filter((line) => line.trim()).length, file).toBeLessThan(40);
    }
  }
});

describeInBrowser('the examples', () => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = await installExamples();
    for (const name of names) await askForTwoThreads(join(folder, name));
    browser = await chromium.launch({ executablePath: process.env.DENARY_CHROMIUM!, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  describe.each(ways)('$example, $way', ({ example, serve }) => {
    let address: Address;
    beforeAll(async () => {
      address = await serve(join(folder, example));
    });
    afterAll(() => address?.close());

    it('reads a drawn digit', async () => {
      expect(await drawSeven(address.url)).toEqual({ threads: 1, read: '7', complaints: [] });
    });

    it('uses threads where the page is cross-origin isolated', async () => {
      const isolated = await serveWith(ISOLATED, address.url);
      expect(await drawSeven(isolated.url)).toMatchObject({ threads: 2, read: '7' });
      await isolated.close();
    });
  });

  async function drawSeven(url: string) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints = listen(page, url);
    try {
      await page.goto(url);
      const output = page.locator('output');
      await expect.poll(() => output.textContent(), { timeout: 60_000, interval: 100 }).toMatch(/threads: \d/);
      const threads = Number(/threads: (\d)/.exec((await output.textContent())!)![1]);
      const { x, y } = (await page.locator('canvas').boundingBox())!;
      await page.mouse.move(x + 80, y + 70);
      await page.mouse.down();
      await page.mouse.move(x + 200, y + 70, { steps: 8 });
      await page.mouse.move(x + 130, y + 220, { steps: 8 });
      await page.mouse.up();
      await expect.poll(() => output.textContent(), { timeout: 20_000, interval: 50 }).toMatch(/%/);
      return { threads, read: (await output.textContent())!.slice(0, 1), complaints };
    } catch (error) {
      throw new Error(`${url}: ${await page.content()}\n${complaints.join('\n')}`, { cause: error });
    } finally {
      await context.close();
    }
  }
});

/** An example's own JavaScript, without what its tools make. */
const sourcesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.jsx?$/.test(file) && !/^(node_modules|\.next|dist|denary|public)\b/.test(file))
    .map((file) => join(folder, file));

/** The examples leave it to the package, which takes one thread where there are two cores. */
async function askForTwoThreads(folder: string): Promise<void> {
  for (const file of sourcesOf(folder)) {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('createRecognizer()', 'createRecognizer({ threads: 2 })'));
  }
}

/** Errors of the page, what could not be loaded (browsers ask for an icon by themselves), and what came from elsewhere. */
function listen(page: Page, url: string): string[] {
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`);
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('favicon.ico')) complaints.push(message.text());
  });
  return complaints;
}
