/** A page of static files: one folder copied, one import, nothing configured. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { type OpenPage, openFolders } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { ISOLATED } from './static-server.js';

const pages = fileURLToPath(new URL('pages', import.meta.url));
const drawings = fileURLToPath(new URL('../../examples/images', import.meta.url));

describeInBrowser('a page of static files', () => {
  let open: OpenPage | undefined;
  afterEach(() => open?.close());

  const read = async () =>
    open!.page.evaluate(async () => {
      const { denary } = globalThis as unknown as { denary: typeof import('@denary/runtime-web') };
      const progress = new Set<string>();
      const recognizer = await denary.createRecognizer({ onProgress: ({ file }) => progress.add(file) });
      const addresses = Array.from({ length: 10 }, (_, digit) => `digit-${digit}.png`);
      const predictions = await recognizer.predict(addresses);
      const { info } = recognizer;
      await recognizer.close();
      return { digits: predictions.map(({ digit }) => digit), info, progress: [...progress] };
    });

  it('recognises digits in a worker', async () => {
    open = await openFolders([pages, drawings]);
    const { digits, info, progress } = await read();
    expect(digits).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(info).toMatchObject({ device: 'wasm', isolation: 'thread', threads: 1 });
    expect(info.notes).toEqual([expect.stringContaining('Cross-Origin-Opener-Policy')]);
    expect(progress).toEqual(expect.arrayContaining(['ort-wasm-simd-threaded.wasm', 'models/cnn-pool4.onnx']));
  });

  it('uses threads where it is cross-origin isolated', async () => {
    open = await openFolders([pages, drawings], { headers: ISOLATED });
    const { digits, info } = await read();
    expect(digits).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(info.notes).toEqual([]);
  });
});
