/** Who is measured in a page. Each gives the preparation of its steps, from raw pixels to probabilities, and its version. */
import { rawBatches } from '/bench/noise.mjs';
import { inferenceWith as jaxInference } from '/bench/peers/jax-js-network.mjs';
import { inferenceWith as tfjsInference } from '/bench/peers/tfjs-network.mjs';

const modelOf = ({ system }) => `/models/${system}/model.onnx`;

/** What a page would do: images to a recognizer, whose model runs in its worker. */
export async function denary(order, data) {
  const { createRecognizer } = await import('/denary/denary.js');
  const { threads, image } = order;
  const [height, width] = image;
  const area = height * width;
  async function prepare(batch) {
    const next = rawBatches(order, data, batch);
    const recognizer = await createRecognizer({
      ...{ model: modelOf(order), device: 'wasm', preprocess: 'none', batchSize: batch, threads },
    });
    const step = () => {
      const pixels = next();
      const images = Array.from({ length: batch }, (_, i) => ({
        ...{ data: pixels.subarray(i * area, (i + 1) * area), width, height, channels: 1 },
      }));
      return recognizer.predict(images);
    };
    return { step, close: () => recognizer.close() };
  }
  return { prepare, versions: {} };
}

/** `session.run` in the page. */
export async function onnxruntime(order, data) {
  const { env, InferenceSession, Tensor } = await import('/onnxruntime-web/dist/ort.wasm.bundle.min.mjs');
  env.wasm.numThreads = order.threads;
  const session = await InferenceSession.create(modelOf(order), { executionProviders: ['wasm'] });
  const prepare = (batch) => {
    const next = rawBatches(order, data, batch);
    return { step: () => session.run({ image: new Tensor('uint8', next(), [batch, ...order.image]) }) };
  };
  return { prepare, versions: { 'onnxruntime-web': env.versions.web } };
}

export async function tfjs(order, data) {
  await addScript('/peers/@tensorflow/tfjs/dist/tf.min.js');
  await addScript('/peers/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js');
  const { tf } = globalThis;
  tf.wasm.setWasmPaths('/peers/@tensorflow/tfjs-backend-wasm/dist/');
  tf.wasm.setThreadsCount(order.threads);
  if (!(await tf.setBackend('wasm'))) throw new Error('no WASM backend');
  const features = ['WASM_HAS_SIMD_SUPPORT', 'WASM_HAS_MULTITHREAD_SUPPORT'];
  for (const feature of features) if (!(await tf.env().getAsync(feature))) throw new Error(`${feature} is missing`);
  const threads = tf.wasm.getThreadsCount();
  if (threads !== order.threads) throw new Error(`${threads} threads`);
  return { prepare: tfjsInference(tf, order, data), versions: { 'TensorFlow.js': tf.version.tfjs } };
}

/** It takes as many threads as the browser says that there are cores. */
export async function jaxJs(order, data) {
  const jax = await import('/peers/@jax-js/jax/dist/index.js');
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const { version } = await (await fetch('/peers/@jax-js/jax/package.json')).json();
  return { prepare: jaxInference(jax, order, data), versions: { 'jax-js': version } };
}

const addScript = (src) =>
  new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve, onerror: reject }));
  });
