/** <denary-pad> in a page without a bundler, drawn on as people do. */
import { fileURLToPath } from 'node:url';
import type { Stroke } from '@denary/runtime-web/pad';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type OpenPage, openFolders } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { drawWithFinger, drawWithMouse, drawWithPen, pathsOf, placeOf, writeNumber } from './hand.js';

const pages = fileURLToPath(new URL('pages', import.meta.url));

interface Heard {
  readonly type: string;
  readonly detail: Record<string, never> & { readonly strokes: readonly Stroke[] };
}

describeInBrowser('<denary-pad>', () => {
  let open: OpenPage;
  let page: Page;
  let pad: Locator;
  beforeAll(async () => {
    open = await openFolders([pages]);
  });
  afterAll(() => open.close());
  afterEach(() => page.context().close());

  /** Another visitor, with another screen. */
  async function visit(options: BrowserContextOptions = {}): Promise<void> {
    const context = await open.context.browser()!.newContext({ viewport: { width: 700, height: 600 }, ...options });
    page = await context.newPage();
    await page.goto(`${open.server.url}pad.html`);
    pad = page.locator('denary-pad');
    await page.waitForFunction(() => customElements.get('denary-pad'));
  }
  const reads = (text: string) =>
    page.waitForFunction((expected) => document.querySelector('denary-pad')!.dataset.prediction === expected, text);
  const heard = (type: string) =>
    page.evaluate(
      (wanted) =>
        (globalThis as unknown as { heard: Heard[] }).heard
          .filter((event) => event.type === wanted)
          .map(({ detail: { picture, ...detail } }) => detail as Heard['detail']),
      type,
    );
  const strokes = () => page.evaluate(() => document.querySelector('denary-pad')!.strokes);
  /** The colours of the ink on the canvas, as CSS has them, and how many of its pixels have ink. */
  const ink = () =>
    pad.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const solid: number[][] = [];
      for (let p = 0; p < data.length; p += 4) if (data[p + 3] === 255) solid.push([...data.slice(p, p + 3)]);
      return { width: canvas.width, client: canvas.clientWidth, pixels: solid.length, colour: solid[0] };
    });

  it('reads a digit that a mouse draws, says so, and is a control of its form', async () => {
    await visit();
    expect(await pad.getAttribute('data-prediction')).toBe('');
    await drawWithMouse(page, 7, await placeOf(pad));
    await reads('7');
    await page.waitForFunction(() =>
      (globalThis as unknown as { heard: Heard[] }).heard.some(
        ({ type, detail }) => type === 'denary-prediction' && !detail.live,
      ),
    );
    expect(await pad.locator('[aria-live=polite]').textContent()).toBe('7');
    const predictions = await heard('denary-prediction');
    expect(predictions.at(-1)).toMatchObject({ mode: 'digit', text: '7', live: false, reading: null });
    expect(predictions.at(-1)!.prediction).toMatchObject({ digit: 7 });
    expect(await heard('denary-stroke')).toHaveLength(1);
    expect(await heard('denary-error')).toEqual([]);
    const form = () => page.evaluate(() => [...new FormData(document.forms[0])]);
    expect(await form()).toEqual([['digit', '7']]);
    await page.evaluate(() => document.forms[0]!.reset());
    expect(await form()).toEqual([['digit', '']]);
    expect(await pad.getAttribute('data-prediction')).toBe('');
    expect(await pad.locator('[aria-live=polite]').textContent()).toBe('');
  });

  it('draws with a pen as broad as it presses', async () => {
    await visit();
    await drawWithPen(page, 7, await placeOf(pad));
    await reads('7');
    const [stroke] = await strokes();
    expect(stroke!.tool).toBe('pen');
    const pressures = stroke!.points.map(({ pressure }) => pressure);
    expect(pressures[0]).toBeCloseTo(0.2);
    expect(pressures.at(-1)).toBeGreaterThan(0.7);
    const pressed = await ink();
    await page.evaluate(() => {
      const pad = document.querySelector('denary-pad')!;
      pad.draw(
        pad.strokes.map(({ tool, points }) => ({ tool, points: points.map((point) => ({ ...point, pressure: 1 })) })),
      );
    });
    await page.waitForTimeout(100);
    expect((await ink()).pixels).toBeGreaterThan(1.2 * pressed.pixels);
  });

  it('keeps its strokes from being scrolled away', async () => {
    await visit({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 700 } });
    const place = await placeOf(pad);
    await drawWithFinger(page, pathsOf(1, place));
    await reads('1');
    const [stroke] = await strokes();
    expect(stroke!.tool).toBe('touch');
    expect(await page.evaluate(() => scrollY)).toBe(0);
    // The same movement beside the pad does scroll.
    const path = pathsOf(1, { ...place, y: place.y + place.height + 10 }).map((points) => [...points].reverse());
    await drawWithFinger(page, path);
    await page.waitForFunction(() => scrollY > 50);
    expect(await strokes()).toHaveLength(1);
  });

  it('heeds a pen before a hand that rests beside it', async () => {
    await visit({ hasTouch: true });
    const place = await placeOf(pad);
    const client = await page.context().newCDPSession(page);
    const touchPoints = [{ x: place.x + 20, y: place.y + place.height - 20 }];
    await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
    await drawWithPen(page, 7, place);
    await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await reads('7');
    expect((await strokes()).map(({ tool }) => tool)).toEqual(['pen']);
  });

  it('draws nothing while its form is disabled', async () => {
    await visit();
    const disable = (disabled: boolean) =>
      pad.evaluate((element, is) => element.toggleAttribute('disabled', is), disabled);
    await disable(true);
    await drawWithMouse(page, 7, await placeOf(pad));
    expect(await strokes()).toEqual([]);
    await disable(false);
    await drawWithMouse(page, 7, await placeOf(pad));
    await reads('7');
  });

  it('tells of a model that is not there, and tries again', async () => {
    await visit();
    await pad.evaluate((element) => element.setAttribute('model', '/none.onnx'));
    await drawWithMouse(page, 7, await placeOf(pad));
    await page.waitForFunction(() =>
      (globalThis as unknown as { heard: Heard[] }).heard.some(({ type }) => type === 'denary-error'),
    );
    expect(await pad.getAttribute('data-prediction')).toBe('');
    await pad.evaluate((element) => element.removeAttribute('model'));
    await reads('7');
  });

  it('undoes, redoes and clears, by keys and by buttons', async () => {
    await visit();
    const place = await placeOf(pad);
    await drawWithMouse(page, 4, place);
    await reads('4');
    await page.keyboard.press('Control+z');
    expect(await strokes()).toHaveLength(1);
    await page.keyboard.press('Control+z');
    await reads('');
    await page.keyboard.press('Control+Shift+z');
    await page.keyboard.press('Control+y');
    await reads('4');
    for (const key of ['Delete', 'Escape']) {
      await page.keyboard.press(key);
      await reads('');
      expect(await strokes()).toEqual([]);
      await page.keyboard.press('Meta+z');
      await reads('4');
    }
    await pad.getByRole('button', { name: 'Undo' }).click();
    expect(await strokes()).toHaveLength(1);
    await pad.getByRole('button', { name: 'Clear' }).click();
    await reads('');
    expect(await strokes()).toEqual([]);
  });

  it('lets strokes begin on its buttons', async () => {
    await visit();
    await drawWithMouse(page, 1, await placeOf(pad));
    await reads('1');
    const button = (await pad.getByRole('button', { name: 'Clear' }).boundingBox())!;
    await page.mouse.move(button.x + 20, button.y + 20);
    await page.mouse.down();
    await page.mouse.move(button.x + 20, button.y + 220, { steps: 10 });
    await page.mouse.up();
    expect(await strokes()).toHaveLength(2);
  });

  it('can be drawn on with keys', async () => {
    await visit();
    await page.keyboard.press('Tab');
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await reads('1');
    const [stroke] = await strokes();
    expect(stroke!.tool).toBe('keyboard');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Escape');
    expect(await strokes()).toHaveLength(1);
    await page.keyboard.press('Delete');
    await reads('');
  });

  it('reads a number in line mode', async () => {
    await visit();
    await pad.evaluate((element) => element.setAttribute('mode', 'line'));
    await writeNumber(page, [1, 9, 8, 4], await placeOf(pad));
    await reads('1984');
    const boxes = await pad
      .locator('[part=box]')
      .evaluateAll((all) => all.map((box) => (box as HTMLElement).dataset.digit));
    expect(boxes).toEqual(['1', '9', '8', '4']);
    const [place, last] = [await placeOf(pad), (await pad.locator('[part=box]').last().boundingBox())!];
    expect(last.x).toBeGreaterThan(place.x + (3 / 4) * place.width);
    expect(last.x + last.width).toBeLessThan(place.x + place.width);
    expect((await heard('denary-prediction')).at(-1)).toMatchObject({ mode: 'line', text: '1984', prediction: null });
  });

  it('is sharp on every screen and keeps the drawing when its size changes', async () => {
    await visit({ deviceScaleFactor: 2 });
    await drawWithMouse(page, 7, await placeOf(pad));
    await reads('7');
    const before = await ink();
    expect(before.width).toBe(2 * before.client);
    await pad.evaluate((element) => {
      element.style.inlineSize = '160px';
    });
    await page.waitForTimeout(200);
    const after = await ink();
    expect(after.width).toBe(2 * after.client);
    expect(after.pixels / after.width ** 2).toBeCloseTo(before.pixels / before.width ** 2, 2);
    expect(await pad.getAttribute('data-prediction')).toBe('7');
  });

  it('follows the colour scheme and the variables of its page', async () => {
    await visit();
    await drawWithMouse(page, 7, await placeOf(pad));
    await reads('7');
    expect((await ink()).colour![0]).toBeLessThan(64);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForTimeout(200);
    expect((await ink()).colour![0]).toBeGreaterThan(192);
    await pad.evaluate((element) => element.style.setProperty('--denary-pad-ink', 'rgb(10, 200, 30)'));
    await page.waitForTimeout(200);
    expect((await ink()).colour).toEqual([10, 200, 30]);
  });

  it('works in a shadow tree, with a recognizer of the page, which has never two things to do', async () => {
    await visit();
    const most = await page.evaluate(async () => {
      const host = document.body.appendChild(document.createElement('div'));
      const shadow = host.attachShadow({ mode: 'open' });
      const pad = document.createElement('denary-pad');
      let [under, most] = [0, 0];
      pad.recognizer = {
        read: () => Promise.reject(new Error('not asked for')),
        predict: async () => {
          most = Math.max(most, ++under);
          await new Promise((resolve) => setTimeout(resolve, 60));
          under--;
          return { digit: 3, confidence: 1, probabilities: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0] };
        },
      };
      document.querySelector('form')!.remove();
      shadow.append(pad);
      Object.assign(globalThis, { most: () => most });
      return pad.shadowRoot !== null;
    });
    expect(most).toBe(true);
    await drawWithMouse(page, 7, await placeOf(pad));
    await page.waitForFunction(() =>
      (globalThis as unknown as { heard: Heard[] }).heard.some(
        ({ type, detail }) => type === 'denary-prediction' && !detail.live,
      ),
    );
    expect((await heard('denary-prediction')).at(-1)).toMatchObject({ text: '3' });
    expect(await page.evaluate('most()')).toBe(1);
  });
});
