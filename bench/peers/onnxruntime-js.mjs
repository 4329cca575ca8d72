/** Bare onnxruntime-node or onnxruntime-web: node onnxruntime-js.mjs ORDER, a work order as JSON with mode node or web. */

import { readFile } from 'node:fs/promises';
import { race, readOrder } from '../clock.mjs';
import { noise, rawBatches } from '../noise.mjs';

const order = readOrder();
const web = order.mode === 'web';
const { env, InferenceSession, Tensor } = await import(web ? 'onnxruntime-web' : 'onnxruntime-node');
if (web) env.wasm.numThreads = order.threads;
const data = noise(order);
const model = new Uint8Array(await readFile(order.model));
const session = await InferenceSession.create(model, web ? {} : { intraOpNumThreads: order.threads });

function inference(batch) {
  const next = rawBatches(order, data, batch);
  return { step: () => session.run({ image: new Tensor('uint8', next(), [batch, ...order.image]) }) };
}

const name = web ? 'onnxruntime-web' : 'onnxruntime-node';
await race(order, inference, { [name]: env.versions[order.mode] });
