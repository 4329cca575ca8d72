/**
 * What a busy Node service gets: many callers that each predict one image after the other, against a bare loop over batched
 * session.run of onnxruntime-node in the same run, in turn, and how long the event loop is held up meanwhile.
 *
 *     node bench/service.mjs [--model cnn] [--variant int8] [--callers 512] [--seconds 3] [--rounds 3] [--preprocess none] [--workers 1]
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { createRecognizer, readModel } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { median } from './statistics.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'cnn' },
    variant: { type: 'string' },
    callers: { type: 'string', default: '512' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    preprocess: { type: 'string', default: 'none' },
    workers: { type: 'string', default: '1' },
    threads: { type: 'string' },
  },
});
const { model, variant, preprocess } = values;
const [callers, seconds, rounds, workers] = ['callers', 'seconds', 'rounds', 'workers'].map((key) =>
  Number(values[key]),
);
const batch = 128;
const test = await loadDataset('mnist', 'test');
const { height, width } = test;
const area = height * width;
const images = Array.from({ length: test.count }, (_, i) => ({
  data: test.images.subarray(i * area, (i + 1) * area),
  width,
  height,
  channels: 1,
}));
const { bytes } = await readModel(model, variant);

const bareSession = await InferenceSession.create(bytes);
async function bare(until) {
  let done = 0;
  for (let start = 0; performance.now() < until; start = (start + batch) % (test.count - batch)) {
    const data = test.images.subarray(start * area, (start + batch) * area);
    await bareSession.run({ image: new Tensor('uint8', data, [batch, height, width]) });
    done += batch;
  }
  return done;
}

async function service(recognizer, until) {
  let done = 0;
  const caller = async (at) => {
    while (performance.now() < until) {
      await recognizer.predict(images[at % test.count]);
      at += callers;
      done++;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, i) => caller(i)));
  return done;
}

const recognizers = {};
for (const isolation of ['none', 'thread', 'process']) {
  const threads = values.threads ? { threads: Number(values.threads) } : {};
  recognizers[isolation] = await createRecognizer({
    model: bytes,
    device: 'cpu',
    preprocess,
    isolation,
    workers,
    ...threads,
  });
}
const contestants = {
  bare,
  ...Object.fromEntries(
    Object.entries(recognizers).map(([isolation, recognizer]) => [isolation, (until) => service(recognizer, until)]),
  ),
};

const measured = Object.fromEntries(Object.keys(contestants).map((who) => [who, []]));
for (let round = 0; round <= rounds; round++) {
  for (const [who, work] of Object.entries(contestants)) {
    // Samples are the time from one look to the next, so that 1 ms of them is the resolution.
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const began = performance.now();
    delay.enable();
    const done = await work(began + (round === 0 ? 500 : seconds * 1000));
    delay.disable();
    const elapsed = performance.now() - began;
    if (round === 0) continue;
    const result = { imagesPerSecond: (done / elapsed) * 1000, p50: delay.percentile(50) / 1e6 };
    measured[who].push({ ...result, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 });
  }
}
await Promise.all([...Object.values(recognizers).map((recognizer) => recognizer.close()), bareSession.release()]);

const settings = {
  model,
  ...(variant && { variant }),
  callers,
  preprocess,
  workers,
  rounds,
  seconds,
  node: process.versions.node,
};
const results = Object.fromEntries(
  Object.entries(measured).map(([who, list]) => {
    const of = (key) => Number(median(list.map((result) => result[key])).toPrecision(4));
    const ratio = median(list.map(({ imagesPerSecond }, i) => imagesPerSecond / measured.bare[i].imagesPerSecond));
    return [
      who,
      { imagesPerSecond: of('imagesPerSecond'), ratio: Number(ratio.toFixed(3)), p99: of('p99'), max: of('max') },
    ];
  }),
);
if (process.stdout.isTTY) console.table(results);
console.log(JSON.stringify({ ...settings, results }));
