/** A page reads what Node reads: all test images of MNIST, normalised anew. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRecognizer } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OpenPage } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { type Globals, openStaticPage } from './page.js';
import { ISOLATED } from './static-server.js';

const SIDE = 28;
const cases = [
  { model: 'cnn-pool4', engine: 'denary' },
  { model: 'cnn', engine: 'denary' },
  { model: 'cnn-pool4', engine: 'onnxruntime' },
] as const;

describeInBrowser('a page', () => {
  let open: OpenPage;
  let folder: string;
  let images: Uint8Array;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'denary-test-images-'));
    ({ images } = await loadDataset('mnist', 'test'));
    await writeFile(join(folder, 'images.bin'), images);
    open = await openStaticPage({ headers: ISOLATED }, folder);
  });
  afterAll(async () => {
    await open?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(cases)(
    'reads the 10,000 test images with $model as Node does (engine: $engine)',
    async ({ model, engine }) => {
      const inPage = await open.page.evaluate(
        async ({ model, engine, side }) => {
          const { denary } = globalThis as unknown as Globals;
          const bytes = new Uint8Array(await (await fetch('images.bin')).arrayBuffer());
          const size = side * side;
          const sources = Array.from({ length: bytes.length / size }, (_, i) => ({
            ...{ data: bytes.subarray(i * size, (i + 1) * size), width: side, height: side, channels: 1 as const },
          }));
          const recognizer = await denary.createRecognizer({ model, engine, threads: 2 });
          const predictions = await recognizer.predict(sources);
          await recognizer.close();
          return predictions.map(({ digit, probabilities }) => ({ digit, probabilities }));
        },
        { model, engine, side: SIDE },
      );
      const recognizer = await createRecognizer({ model });
      const sources = Array.from({ length: images.length / SIDE ** 2 }, (_, i) => {
        return { data: images.subarray(i * SIDE ** 2, (i + 1) * SIDE ** 2), width: SIDE, height: SIDE };
      });
      const inNode = await recognizer.predict(sources);
      await recognizer.close();
      expect(inPage).toHaveLength(10_000);
      expect(inPage.map(({ digit }) => digit)).toEqual(inNode.map(({ digit }) => digit));
      let apart = 0;
      inPage.forEach(({ probabilities }, i) => {
        probabilities.forEach((p, digit) => {
          apart = Math.max(apart, Math.abs(p - inNode[i]!.probabilities[digit]!));
        });
      });
      expect(apart).toBeLessThan(1e-4);
    },
    120_000,
  );
});
