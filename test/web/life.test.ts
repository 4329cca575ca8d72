/** A recognizer's life in a page: offline, a worker that dies, a cache that was damaged, many made and closed. */
import type { Recognizer } from '@denary/core';
import type { ImageSource } from '@denary/runtime-web';
import { afterEach, expect, it } from 'vitest';
import type { OpenPage } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { type Globals, loaded, openStaticPage, readSeven } from './page.js';
import { ISOLATED } from './static-server.js';

const WASM = '/denary/assets/ort-wasm-simd-threaded.wasm';

describeInBrowser('in a page', () => {
  let open: OpenPage | undefined;
  afterEach(() => open?.close());

  it.each(['denary', 'onnxruntime'] as const)('what was loaded once needs no network (engine: %s)', async (engine) => {
    open = await openStaticPage({ headers: { 'cache-control': 'max-age=3600' } });
    expect((await readSeven(open.page, { engine })).value?.prediction.digit).toBe(7);
    const asked = open.server.requests.filter((path) => path === WASM).length;
    await open.page.reload();
    await loaded(open.page);
    await open.context.setOffline(true);
    const { value, error } = await readSeven(open.page, { engine });
    expect(error).toBeUndefined();
    expect(value!.prediction.digit).toBe(7);
    expect(open.server.requests.filter((path) => path === WASM)).toHaveLength(asked);
    // What was not is an error that says so.
    const { error: missing } = await readSeven(open.page, { model: 'mlp', engine });
    expect(missing).toMatchObject({
      code: 'download-failed',
      received: expect.stringMatching(/no network.*not cached/),
    });
  });

  it('a model of one’s own is asked for each time, and taken from the cache without a network', async () => {
    open = await openStaticPage({ headers: { 'cache-control': 'max-age=3600' } });
    const model = '/denary/assets/mlp.onnx';
    for (let i = 0; i < 2; i++) expect((await readSeven(open.page, { model })).value?.prediction.digit).toBe(7);
    expect(open.server.requests.filter((path) => path === model)).toHaveLength(2);
    await open.context.setOffline(true);
    const { value } = await readSeven(open.page, { model });
    expect(value?.prediction.digit).toBe(7);
    expect(value?.info.notes).toContainEqual(expect.stringContaining('mlp.onnx is the copy that was cached'));
  });

  it("a cached file that is damaged is fetched anew, and the caches of other versions go, but not the page's own", async () => {
    open = await openStaticPage();
    await open.page.evaluate(() => Promise.all(['denary-0.0.0-0.0.0', 'denary-mine'].map((name) => caches.open(name))));
    await readSeven(open.page, { engine: 'onnxruntime' });
    const names = await open.page.evaluate(async (wasm) => {
      const names = await caches.keys();
      const cache = await caches.open(names.find((name) => /^denary-0\.1/.test(name))!);
      await cache.put(new URL(wasm, location.href), new Response('damaged'));
      return names;
    }, WASM);
    expect(names.sort()).toEqual([expect.stringMatching(/^denary-0\.1\.0-/), 'denary-mine']);
    expect((await readSeven(open.page, { engine: 'onnxruntime' })).value?.prediction.digit).toBe(7);
    expect(open.server.requests.filter((path) => path === WASM)).toHaveLength(2);
  });

  it('nothing is kept where that is not wished', async () => {
    open = await openStaticPage();
    await readSeven(open.page, { cache: false });
    expect(await open.page.evaluate(() => caches.keys())).toEqual([]);
  });

  it.each([
    ['an error', 'setTimeout(() => { throw new Error("boom"); })', /boom/],
    ['its own end', 'self.close()', /terminated/],
  ])('a worker that dies by %s is replaced, and the call tried again', async (_, death, how) => {
    open = await openStaticPage();
    await open.page.evaluate(async () => {
      const { denary, draw } = globalThis as unknown as Globals;
      const lost: string[] = [];
      const recognizer = await denary.createRecognizer({ onWorkerLost: (how) => lost.push(how) });
      await recognizer.predict(draw());
      Object.assign(globalThis, { recognizer, lost });
    });
    const [worker] = open.page.workers();
    const died = new Promise((resolve) => worker!.on('close', resolve));
    await worker!.evaluate(death).catch(() => {});
    await died;
    const after = await open.page.evaluate(async () => {
      const { recognizer, lost, draw } = globalThis as unknown as Globals & {
        recognizer: Recognizer<ImageSource>;
        lost: string[];
      };
      const { digit } = await recognizer.predict(draw());
      await recognizer.close();
      return { digit, lost };
    });
    expect(after).toEqual({ digit: 7, lost: [expect.stringMatching(how)] });
    await expect.poll(() => open!.page.workers().length).toBe(0);
  });

  it('a hundred recognizers, made and closed, leave nothing behind', async () => {
    open = await openStaticPage({ headers: ISOLATED });
    const cycle = (count: number) =>
      open!.page.evaluate(async (count) => {
        const { denary, draw } = globalThis as unknown as Globals;
        const digits = new Set<number | null>();
        for (let i = 0; i < count; i++) {
          const recognizer = await denary.createRecognizer({ model: 'mlp', threads: i % 2 ? 1 : 2 });
          digits.add((await recognizer.predict(draw())).digit);
          await recognizer.close();
        }
        return [...digits];
      }, count);
    const devtools = await open.context.newCDPSession(open.page);
    const size = async () => {
      await devtools.send('HeapProfiler.collectGarbage');
      const { usedSize } = await devtools.send('Runtime.getHeapUsage');
      const { nodes, jsEventListeners } = await devtools.send('Memory.getDOMCounters');
      return { heap: usedSize, nodes, jsEventListeners };
    };
    await cycle(10);
    const before = await size();
    expect(await cycle(100)).toEqual([7]);
    const after = await size();
    expect(after.heap - before.heap).toBeLessThan(1_000_000);
    expect(after.jsEventListeners).toBeLessThanOrEqual(before.jsEventListeners + 10);
    // Each worker holds a lock for as long as it lives. The browser takes ONNX Runtime's threads down in its own time.
    const held = () => open!.page.evaluate(async () => (await navigator.locks.query()).held?.length);
    await expect.poll(held, { timeout: 10_000 }).toBe(0);
    await expect.poll(() => open!.page.workers().length, { timeout: 10_000 }).toBeLessThan(10);
  }, 600_000);
});
