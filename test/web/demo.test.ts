/** The demo page as `npm run demo` serves it: what it reads and shows, for whom it can be used, and that it asks nobody else. */
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launch } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { startDemo } from './demo-server.js';
import { drawWithMouse, placeOf, writeNumber } from './hand.js';

const path = (to: string) => fileURLToPath(new URL(`../../${to}`, import.meta.url));
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

describeInBrowser('the demo page', () => {
  let server: ChildProcess;
  let address: string;
  let browser: Browser;
  let page: Page;
  /** What no page should do: complain, or ask others. */
  const faults: string[] = [];

  beforeAll(async () => {
    ({ server, address } = await startDemo());
    browser = await launch(CAMERA);
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill();
  });
  afterEach(async () => {
    await page.context().close();
    expect(faults.splice(0)).toEqual([]);
  });

  async function visit(options: BrowserContextOptions = {}): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    page = await context.newPage();
    page.setDefaultTimeout(50_000);
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== new URL(address).origin && protocol !== 'blob:') faults.push(request.url());
    });
    await page.goto(address);
  }
  const pad = () => page.locator('denary-pad');
  const text = (expected: string) =>
    page.waitForFunction((wanted) => document.querySelector('#text')!.textContent === wanted, expected);
  const bars = () =>
    page
      .locator('.bars li')
      .evaluateAll((all) => all.map((bar) => Number((bar as HTMLElement).style.getPropertyValue('--share'))));

  /** By all of its rules. */
  async function violations(): Promise<string[]> {
    await page.evaluate(await readFile(axePath, 'utf8'));
    const found = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run({}),
    );
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  }

  it('reads a digit, with its bars, its picture and what read it', async () => {
    await visit();
    await drawWithMouse(page, 7, await placeOf(pad()));
    await text('7');
    expect(await pad().getAttribute('data-prediction')).toBe('7');
    const shares = await bars();
    expect(shares).toHaveLength(10);
    expect(shares.indexOf(Math.max(...shares))).toBe(7);
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 3);
    const field = await page.locator('#field').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, 28, 28);
      return Array.from({ length: 784 }, (_, p) => data[4 * p]!);
    });
    const sum = field.reduce((total, ink) => total + ink, 0);
    const centre = field.reduce((moment, ink, p) => moment + (p % 28) * ink, 0) / sum;
    expect(Math.max(...field)).toBe(255);
    expect(Math.abs(centre - 14)).toBeLessThan(1);
    expect(await page.locator('#model').textContent()).toBe('cnn-pool4');
    expect(await page.locator('#device').textContent()).toMatch(/^Web(Assembly|GPU)/);
    expect(await page.locator('#time').textContent()).toMatch(/^[\d.]+ ms$/);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.getByRole('button', { name: 'Clear' }).click();
    await text('');
    expect(await bars()).toEqual(Array(10).fill(0));
  });

  it('reads a number, and shows the bars of each of its digits', async () => {
    await visit();
    await page.getByText('Number', { exact: true }).click();
    await writeNumber(page, [1, 9, 8, 4], await placeOf(pad()));
    await text('1984');
    const nines = page.locator('.digits button').nth(1);
    await nines.click();
    expect(await nines.getAttribute('aria-pressed')).toBe('true');
    const shares = await bars();
    expect(shares.indexOf(Math.max(...shares))).toBe(9);
  });

  it('reads images that are opened, pasted and dropped', async () => {
    await visit();
    await page.locator('#file').setInputFiles(path('examples/images/digit-3.png'));
    await text('3');
    expect(await pad().isVisible()).toBe(false);
    const give = async (type: 'paste' | 'drop', digit: number) => {
      const bytes = [...(await readFile(path(`examples/images/digit-${digit}.png`)))];
      await page.evaluate(
        ([type, bytes]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], 'digit.png', { type: 'image/png' }));
          const details = { bubbles: true, cancelable: true };
          document.body.dispatchEvent(
            type === 'drop'
              ? new DragEvent('drop', { ...details, dataTransfer: transfer })
              : new ClipboardEvent('paste', { ...details, clipboardData: transfer }),
          );
        },
        [type, bytes] as const,
      );
      await text(`${digit}`);
    };
    await page.getByText('Number', { exact: true }).click();
    await page.waitForFunction(() => document.querySelector('#boxes')!.children.length === 1);
    const [shown, shape] = await page.locator('#image').evaluate((image: HTMLImageElement) => {
      const { width, height } = document.querySelector('#boxes')!.getBoundingClientRect();
      return [width / height, image.naturalWidth / image.naturalHeight];
    });
    expect(shown).toBeCloseTo(shape!, 1);
    await page.getByText('Digit', { exact: true }).click();
    await give('paste', 5);
    await give('drop', 8);
    await page
      .locator('#file')
      .setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no image') });
    await page.waitForFunction(() => document.querySelector('#problem')!.textContent!.includes('PNG'));
    await page.getByRole('button', { name: 'Back to drawing' }).click();
    expect(await pad().isVisible()).toBe(true);
    await text('');
  });

  it('reads what a camera sees, and lets go of it', async () => {
    await visit();
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.waitForFunction(() => /ms$/.test(document.querySelector('#time')!.textContent!));
    await page.getByRole('button', { name: 'Back to drawing' }).click();
    expect(await page.locator('#video').evaluate((video: HTMLVideoElement) => video.srcObject)).toBeNull();
    await drawWithMouse(page, 1, await placeOf(pad()));
    await text('1');
  });

  it('opens and reads without a network, once it was open', async () => {
    await visit();
    await drawWithMouse(page, 7, await placeOf(pad()));
    await text('7');
    // It takes the page over as the last thing it does to begin with.
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    // What is fetched ahead for lessons, too.
    await page.waitForLoadState('networkidle');
    await page.context().setOffline(true);
    await page.reload();
    await drawWithMouse(page, 4, await placeOf(pad()));
    await text('4');
    await page.getByText('Number', { exact: true }).click();
    await text('4');
  });

  it('learns from a correction, keeps it, gives it away, and forgets it', async () => {
    await visit({ bypassCSP: true });
    const draw = async () => drawWithMouse(page, 'cornered9', await placeOf(pad()));
    const ready = () => page.waitForFunction(() => document.querySelector<HTMLElement>('#stop')!.hidden);
    const model = (expected: string) =>
      page.waitForFunction((wanted) => document.querySelector('#model')!.textContent === wanted, expected);
    const teach = page.locator('#teach');
    await draw();
    await text('4');
    expect(await teach.isVisible()).toBe(false);
    await page.locator('.bars button').nth(9).click();
    await model('cnn-pool4, taught 1 digit');
    await ready();
    await text('9');
    expect(await teach.locator('tbody tr').first().innerText()).toMatch(/4\s+9/);
    expect(await page.locator('#curve-loss').getAttribute('points')).toMatch(/ /);
    expect(await violations()).toEqual([]);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      teach.getByRole('button', { name: 'Download' }).click(),
    ]);
    const file = { name: 'denary.onnx', mimeType: '', buffer: await readFile(await download.path()) };
    await ready();
    await teach.getByRole('button', { name: 'Undo' }).click();
    await model('cnn-pool4');
    await text('4');
    await page.locator('#load').setInputFiles(file);
    await text('9');

    await page.reload();
    await page.waitForFunction(() => document.querySelector('#lesson')!.textContent !== '');
    await draw();
    await text('9');
    await teach.getByRole('button', { name: 'Forget me' }).click();
    await text('4');
    await page.reload();
    await page.waitForFunction(() => !document.querySelector<HTMLElement>('#misread')!.hidden);
    await draw();
    await text('4');
    expect(await teach.isVisible()).toBe(false);
  }, 150_000);

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing that axe objects to, ${colorScheme}`, async () => {
      await visit({ colorScheme, bypassCSP: true });
      expect(await violations()).toEqual([]);
      await drawWithMouse(page, 7, await placeOf(pad()));
      await text('7');
      expect(await violations()).toEqual([]);
      await page.getByText('Number', { exact: true }).click();
      await text('7');
      expect(await violations()).toEqual([]);
      await page.locator('#file').setInputFiles(path('examples/images/digit-3.png'));
      await text('3');
      expect(await violations()).toEqual([]);
    });
  }

  for (const width of [320, 390, 768]) {
    it(`fits a screen of ${width} pixels`, async () => {
      await visit({ viewport: { width, height: 700 }, hasTouch: true, isMobile: true });
      await drawWithMouse(page, 7, await placeOf(pad()));
      await text('7');
      const wide = () =>
        page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(await wide()).toBe(0);
      await page.getByText('Number', { exact: true }).click();
      expect(await wide()).toBe(0);
    });
  }
});
