/** Teaching in the demo page: lessons, undo, files, other tabs, no network, and storage that fails. */
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launch } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { startDemo } from './demo-server.js';
import { drawWithMouse, placeOf } from './hand.js';

const path = (to: string) => fileURLToPath(new URL(`../../${to}`, import.meta.url));

const TAUGHT = /^cnn-pool4, taught \d+ digits?$/;
/** Also in tabs that are not in front, which draw no frames. */
const often = { polling: 100 };

describeInBrowser('teaching the demo page', () => {
  let server: ChildProcess;
  let address: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    ({ server, address } = await startDemo());
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill();
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(100_000);
    page = await context.newPage();
  });
  afterEach(() => context.close());

  /** When it can be taught. */
  const ready = (on = page) =>
    on.waitForFunction(
      () =>
        !document.querySelector<HTMLElement>('#misread')!.hidden &&
        document.querySelector<HTMLElement>('#stop')!.hidden,
      undefined,
      often,
    );
  const has = (id: string, expected: string | RegExp, on = page) =>
    on.waitForFunction(
      ([id, wanted]) => new RegExp(wanted!).test(document.getElementById(id!)!.textContent!),
      [id, typeof expected === 'string' ? `^${expected}$` : expected.source],
      often,
    );
  const press = (name: string) => page.locator('#teach').getByRole('button', { name }).click();
  const draw = async (on = page) => {
    await ready(on);
    await drawWithMouse(on, 'cornered9', await placeOf(on.locator('denary-pad')));
  };
  /** The drawn four is a nine. */
  const teach = (on = page) => on.locator('.bars button').nth(9).click();
  /** Until it is read so: on a busy machine, one lesson of some seconds may not be enough. */
  const learn = async (on = page) => {
    for (let lessons = 0; lessons < 8; lessons++) {
      await teach(on);
      await ready(on);
      if (/^Learned/.test((await on.locator('#lesson').textContent())!)) break;
    }
    await has('text', '9', on);
    await has('model', TAUGHT, on);
  };
  /** As the user would get it. */
  const fileOf = async (button: string, name: string) => {
    const [download] = await Promise.all([page.waitForEvent('download'), press(button)]);
    const file = { name, mimeType: '', buffer: await readFile(await download.path()) };
    await ready();
    return file;
  };
  /** When everything that lessons need is kept. */
  const prefetched = () =>
    page.waitForFunction(async () => {
      const kept: string[] = [];
      for (const name of await caches.keys()) {
        for (const { url } of await (await caches.open(name)).keys()) kept.push(url);
      }
      return ['.tuning', 'threaded-[^.]*.wasm'].every((end) => kept.some((url) => new RegExp(`${end}$`).test(url)));
    });

  it('takes lessons back, also those of an earlier visit', async () => {
    await page.goto(address);
    await draw();
    await has('text', '4');
    await learn();
    await page.reload();
    await has('lesson', 'As you taught it before.');
    await draw();
    await has('text', '9');
    const model = await page.locator('#model').textContent();
    await press('Undo');
    await has('lesson', 'Taken back.');
    expect(await page.locator('#model').textContent()).not.toBe(model);
    expect(await page.locator('#undo-lesson').isDisabled()).toBe(true);
    if (model !== 'cnn-pool4, taught 1 digit') return;
    await has('text', '4');
    await page.reload();
    await draw();
    await has('text', '4');
    expect(await page.locator('#teach').isVisible()).toBe(false);
  }, 300_000);

  it('goes on with files of its own, with the corrections or without, and refuses what it can not teach', async () => {
    await page.goto(address);
    await draw();
    await learn();
    const onnx = await fileOf('Download', 'denary.onnx');
    const all = await fileOf('Save', 'all.denary');
    await press('Forget me');
    await has('text', '4');
    await ready();
    await page.locator('#load').setInputFiles(path('models/cnn/model.onnx'));
    await has('problem', /another kind of model.*weights/);
    await has('text', '4');
    await ready();
    await page.locator('#load').setInputFiles(onnx);
    await has('text', '9');
    await has('model', TAUGHT);
    expect(await page.locator('#corrections li').count()).toBe(0);
    await ready();
    await page.locator('#load').setInputFiles({ ...all, buffer: all.buffer.subarray(0, 9000) });
    await has('problem', /whole|cut off/);
    await ready();
    await page.locator('#load').setInputFiles(all);
    await page.locator('#corrections li').first().waitFor();
    await page.reload();
    await has('model', TAUGHT);
    expect(await page.locator('#corrections li').count()).toBeGreaterThan(0);
    await draw();
    await has('text', '9');
  }, 300_000);

  it('goes on with what another tab taught, and forgets with it', async () => {
    await page.goto(address);
    await draw();
    await has('text', '4');
    // Drawing takes frames, which only the tab in front has.
    const other = await context.newPage();
    await other.goto(address);
    await draw(other);
    await learn(other);
    await page.bringToFront();
    await has('model', TAUGHT);
    await has('text', '9');
    await ready();
    await press('Forget me');
    await other.bringToFront();
    await has('model', 'cnn-pool4', other);
    await has('text', '4', other);
    await has('lesson', 'Forgotten in another tab.', other);
  }, 300_000);

  it('teaches without a network, once it was open', async () => {
    await page.goto(address);
    await draw();
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    await prefetched();
    await context.setOffline(true);
    await page.reload();
    await draw();
    await has('text', '4');
    await learn();
  }, 300_000);

  it('says that a download failed, and learns when there is a network again', async () => {
    const missing = /\.tuning$/;
    await context.route(missing, (route) => route.abort());
    await page.goto(address);
    await draw();
    await teach();
    await has('problem', /tuning/);
    await ready();
    await press('Forget me');
    await has('lesson', /^Forgotten/);
    await ready();
    await context.unroute(missing);
    await learn();
  }, 300_000);

  it('says so where what it kept is damaged or not to be had, and starts anew', async () => {
    await page.goto(address);
    await draw();
    await learn();
    await page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const opening = indexedDB.open('denary', 1);
          opening.onsuccess = () => {
            const transaction = opening.result.transaction('parts', 'readwrite');
            transaction.objectStore('parts').clear();
            transaction.oncomplete = () => resolve(opening.result.close());
          };
        }),
    );
    await page.reload();
    await has('lesson', /can not be used: this is the model as it was shipped/);
    expect(await page.locator('#problem').textContent()).not.toBe('');
    await press('Start anew');
    await has('lesson', /^Forgotten/);
    await page.reload();
    await draw();
    await has('text', '4');
    expect(await page.locator('#teach').isVisible()).toBe(false);
    expect(await page.locator('#problem').textContent()).toBe('');

    await page.addInitScript(() => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('denied', 'SecurityError');
      };
    });
    await page.reload();
    await has('problem', /Allow the site to keep data/);
    await draw();
    await learn();
    await has('problem', /Allow the site to keep data/);
    await press('Forget me');
    await has('text', '4');
    await has('lesson', 'That did not work.');
  }, 300_000);
});
