/** Times r.predict on 10,000 raw images against a bare onnxruntime-node loop over the same batches, in turn. Prints JSON. */

import { createRecognizer, readModel } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { median } from './statistics.mjs';

const [name, rounds] = [process.argv[2] ?? 'cnn', Number(process.argv[3] ?? 5)];
const batch = 128;
const test = await loadDataset('mnist', 'test');
const area = test.height * test.width;
const images = Array.from({ length: test.count }, (_, i) => ({
  data: test.images.subarray(i * area, (i + 1) * area),
  width: test.width,
  height: test.height,
  channels: 1,
}));
const { bytes } = await readModel(name);
const session = await InferenceSession.create(bytes);
const recognizer = await createRecognizer({ model: bytes, device: 'cpu', preprocess: 'none', batchSize: batch });
const normalising = await createRecognizer({ model: bytes, device: 'cpu', batchSize: batch });

async function bare() {
  for (let start = 0; start < test.count; start += batch) {
    const end = Math.min(start + batch, test.count);
    const data = test.images.subarray(start * area, end * area);
    await session.run({ image: new Tensor('uint8', data, [end - start, test.height, test.width]) });
  }
}

const works = { bare, predict: () => recognizer.predict(images), normalise: () => normalising.predict(images) };
const seconds = Object.fromEntries(Object.keys(works).map((key) => [key, []]));
for (let round = 0; round <= rounds; round++) {
  for (const [key, work] of Object.entries(works)) {
    const began = performance.now();
    await work();
    if (round > 0) seconds[key].push((performance.now() - began) / 1000);
  }
}
await Promise.all([recognizer.close(), normalising.close(), session.release()]);
const speeds = Object.fromEntries(Object.entries(seconds).map(([key, values]) => [key, test.count / median(values)]));
console.log(JSON.stringify({ model: name, images: test.count, batch, imagesPerSecond: speeds }));
