/**
 * denary: node denary.mjs ORDER, a work order as JSON with mode native or wasm; see clock.mjs. Where it has `augment`, the
 * training images are changed by those options.
 */
import { readFile } from 'node:fs/promises';
import { openModel, Recognizer } from '@denary/core';
import * as native from '@denary/runtime-node';
import * as web from '@denary/runtime-web';
import {
  augment,
  Batches,
  createDataset,
  findArchitecture,
  prepareTraining,
  startTrainingGraph,
  stepsPerRun,
} from '@denary/train';
import { race, readOrder } from './clock.mjs';
import { noise, rawBatches } from './noise.mjs';

const order = readOrder();
const { threads, image, slots, classes } = order;
const [height, width] = image;
const { createSession } = order.mode === 'wasm' ? web : native;
const { images, labels } = noise(order);

const versions =
  order.mode === 'wasm'
    ? { 'onnxruntime-web': (await import('onnxruntime-web')).env.versions.web }
    : native.runtimeVersions();

/**
 * As `fit` does it: the next batches are made while those before are trained on. Recurrent systems train by replicas, which
 * need threads of their own; others in this one, as two threads of ONNX Runtime fill two cores.
 */
async function training(batchSize) {
  const onWeb = order.mode === 'wasm';
  const dataset = createDataset({
    name: 'noise',
    images,
    labels: Uint8Array.from(labels),
    height,
    width,
    classes,
    slots,
  });
  const prepared = prepareTraining({ architecture: findArchitecture(order.system), train: dataset, batchSize });
  const isRecurrent = prepared.model.graph.nodes.some(({ op }) => op === 'LSTM');
  const stepper = await startTrainingGraph({
    ...prepared,
    createSession: isRecurrent && !onWeb ? native.isolatedSessions('thread') : createSession,
    device: onWeb ? 'wasm' : 'cpu',
    threads,
  });
  const { plan } = prepared;
  const batches = new Batches(dataset, plan, 0, order.augment && augment(order.augment));
  let at = 0;
  const prepare = (count) => ({ count, steps: stepper.prepare(count, () => batches.at(0, at++ % (plan.steps - 1))) });
  let next;
  const step = async (count) => {
    const { steps } = next?.count === count ? next : prepare(count);
    const running = stepper.run(steps);
    next = prepare(count);
    return (await running).at(-1);
  };
  return { step, stepsPerCall: stepsPerRun, close: () => stepper.close() };
}

async function inference(batchSize) {
  const model = new Uint8Array(await readFile(order.model));
  const next = rawBatches(order, { images }, batchSize);
  const area = height * width;
  const recognizer = await open(model, batchSize);
  const step = () => {
    const data = next();
    const raw = (i) => ({ data: data.subarray(i * area, (i + 1) * area), width, height, channels: 1 });
    return recognizer.predict(batchSize === 1 ? raw(0) : Array.from({ length: batchSize }, (_, i) => raw(i)));
  };
  return { step, close: () => recognizer.close() };
}

/** A page would hand in the same. */
const clock = {
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  soon: (callback) => setImmediate(callback),
};

async function open(model, batchSize) {
  const settings = { preprocess: 'none', batchSize };
  if (order.mode === 'native') return native.createRecognizer({ model, device: 'cpu', threads, ...settings });
  const session = await createSession(model, { threads });
  const { contract } = openModel(model);
  return new Recognizer({ session, contract, decode: (pixels) => pixels, clock, ...settings });
}

await race(order, order.task === 'training' ? training : inference, versions);
