/**
 * denary: node denary.mjs ORDER, a work order as JSON with mode native or wasm; see clock.mjs. Where it has `augment`, the
 * training images are changed by those options.
 */
import { readFile } from 'node:fs/promises';
import { encodeModel, initializersOf, openModel, Recognizer, Trainer } from '@denary/core';
import * as native from '@denary/runtime-node';
import * as web from '@denary/runtime-web';
import {
  augment,
  Batches,
  buildModel,
  createDataset,
  createTrainingGraph,
  findArchitecture,
  forMachine,
  planBatches,
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

async function training(batchSize) {
  const architecture = findArchitecture(order.system);
  const settings = { ...architecture.training, batchSize };
  const { model, regularizers } = buildModel(architecture, 0);
  const device = order.mode === 'wasm' ? 'wasm' : 'cpu';
  const graph = createTrainingGraph(model, { ...settings, regularizers });
  const training = encodeModel(await forMachine(graph, createSession, device));
  const trainer = await Trainer.create({ createSession, training, weights: initializersOf(model), threads });
  const dataset = createDataset({
    name: 'noise',
    images,
    labels: Uint8Array.from(labels),
    height,
    width,
    classes,
    slots,
  });
  const plan = planBatches(order.count, settings);
  const batches = new Batches(dataset, plan, 0, order.augment && augment(order.augment));
  let at = 0;
  return {
    step: async (count) => (await trainer.steps(count, () => batches.at(0, at++ % (plan.steps - 1)))).at(-1),
    stepsPerCall: stepsPerRun,
    close: () => trainer.close(),
  };
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
