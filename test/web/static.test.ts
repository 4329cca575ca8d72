/** A page of static files: one folder copied, one import, nothing configured. */
import { afterEach, expect, it } from 'vitest';
import type { OpenPage } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { type Globals, loaded, openStaticPage, readSeven } from './page.js';
import { ISOLATED } from './static-server.js';

/** What `wasm-unsafe-eval` alone is granted: no eval, no inline script but the page's own by its nonce, nothing from elsewhere. */
const STRICT =
  "default-src 'none'; script-src 'self' 'nonce-page' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self' data:";

describeInBrowser('a page of static files', () => {
  let open: OpenPage | undefined;
  afterEach(() => open?.close());

  it('recognises digits in a worker', async () => {
    open = await openStaticPage();
    const digits = await open.page.evaluate(async () => {
      const { denary } = globalThis as unknown as Globals;
      const recognizer = await denary.createRecognizer();
      const addresses = Array.from({ length: 10 }, (_, digit) => `digit-${digit}.png`);
      const predictions = await recognizer.predict(addresses);
      await recognizer.close();
      return predictions.map(({ digit }) => digit);
    });
    expect(digits).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('tells what it loads, what it runs on, and why not on more', async () => {
    open = await openStaticPage();
    const { prediction, info, files } = (await readSeven(open.page)).value!;
    expect(prediction.digit).toBe(7);
    expect(info).toMatchObject({ model: 'cnn-pool4', device: 'wasm', isolation: 'thread', threads: 1, workers: 1 });
    expect(info.engine).toBe('denary');
    expect(info.notes).toEqual([expect.stringContaining('Cross-Origin-Opener-Policy')]);
    expect(Object.keys(files)).toEqual(['cnn-pool4.onnx']);
    expect(open.server.requests.filter((path) => /ort\b/.test(path))).toEqual([]);
    for (const { loaded, total } of Object.values(files)) expect(loaded).toBe(total);
  });

  it.each([
    ['is asked for', { engine: 'onnxruntime' }, 'cnn-pool4.onnx'],
    ['alone runs the model', { model: 'hrnn' }, 'hrnn.onnx'],
  ] as const)('loads ONNX Runtime where it %s', async (_, options, model) => {
    open = await openStaticPage();
    const { prediction, info, files } = (await readSeven(open.page, options)).value!;
    expect(prediction.digit).toBe(7);
    expect(info).toMatchObject({ engine: 'onnxruntime', device: 'wasm', threads: 1 });
    expect(Object.keys(files).sort()).toEqual([model, 'ort-wasm-simd-threaded.wasm']);
    for (const { loaded, total } of Object.values(files)) expect(loaded).toBe(total);
  });

  it('uses threads where it is cross-origin isolated', async () => {
    open = await openStaticPage({ headers: ISOLATED });
    const { prediction, info } = (await readSeven(open.page, { threads: 2 })).value!;
    expect(prediction.digit).toBe(7);
    expect(info).toMatchObject({ threads: 2, notes: [] });
  });

  it.each(['thread', 'none'] as const)(
    'works under a strict Content-Security-Policy (isolation: %s)',
    async (isolation) => {
      open = await openStaticPage({ headers: { ...ISOLATED, 'content-security-policy': STRICT } });
      const { value, error } = await readSeven(open.page, { isolation, threads: 2 });
      expect(error).toBeUndefined();
      expect(value!.prediction.digit).toBe(7);
      expect(value!.info.isolation).toBe(isolation);
    },
  );

  it.each(['thread', 'none'] as const)('runs on WebGPU where that is asked for (isolation: %s)', async (isolation) => {
    open = await openStaticPage();
    const { value, error } = await readSeven(open.page, { device: 'webgpu', isolation });
    expect(error).toBeUndefined();
    expect(value!.prediction.digit).toBe(7);
    expect(value!.info.device).toBe('webgpu');
  });

  it('does not load WebGPU by itself for a GPU in software', async () => {
    open = await openStaticPage();
    expect((await readSeven(open.page, { model: 'cnn' })).value!.info.device).toBe('wasm');
    expect(open.server.requests.filter((path) => /webgpu|asyncify/.test(path))).toEqual([]);
  });

  it('works on an origin that the browser does not trust, and tells what is amiss there', async () => {
    open = await openStaticPage();
    await open.page.goto(open.server.url.replace('127.0.0.1', 'insecure.test'));
    await loaded(open.page);
    const { value, error } = await readSeven(open.page);
    expect(error).toBeUndefined();
    expect(value!.prediction.digit).toBe(7);
    const notes = value!.info.notes.join(' ');
    for (const words of ['not cross-origin isolated', 'not checked', 'not cached']) expect(notes).toContain(words);
  });

  it('reads a sheet', async () => {
    open = await openStaticPage();
    const text = await open.page.evaluate(async () => {
      const { denary, draw } = globalThis as unknown as Globals;
      const recognizer = await denary.createRecognizer();
      const sheet = new OffscreenCanvas(900, 300);
      const context = sheet.getContext('2d')!;
      context.fillStyle = 'white';
      context.fillRect(0, 0, 900, 300);
      for (const x of [0, 300, 600]) context.drawImage(draw(), x + 10, 10);
      const { text } = await recognizer.read(sheet);
      await recognizer.close();
      return text;
    });
    expect(text).toBe('777');
  });

  it('runs any shipped model, one by its address, and one of bytes', async () => {
    open = await openStaticPage();
    for (const model of ['mlp', 'hrnn', 'cnn', '/denary/assets/mlp.onnx', `${open.server.url}denary/assets/mlp.onnx`]) {
      const { value, error } = await readSeven(open.page, { model });
      expect([model, error, value?.prediction.digit]).toEqual([model, undefined, 7]);
    }
    const digit = await open.page.evaluate(async () => {
      const { denary, draw } = globalThis as unknown as Globals;
      const model = await (await fetch('/denary/assets/mlp.onnx')).arrayBuffer();
      const recognizer = await denary.createRecognizer({ model });
      const { digit } = await recognizer.predict(draw());
      await recognizer.close();
      return digit;
    });
    expect(digit).toBe(7);
  });
});
