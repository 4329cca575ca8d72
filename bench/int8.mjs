/**
 * The shipped models in eight bits against themselves in float32, in bare onnxruntime-node, in turn in one run: docs/int8.md.
 *
 *     npm run bench:int8 [-- --rounds 9]
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createSession, readModel, runtimeVersions } from '@denary/runtime-node';
import { evaluate } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { median } from './statistics.mjs';
import { table } from './tables.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const BATCHES = [1, 128];
const TIME = 150;

/** Images a second of a batch, over so many milliseconds. */
async function speedOf(session, { images, height, width }, batch) {
  const area = height * width;
  const image = new Tensor('uint8', images.slice(0, batch * area), [batch, height, width]);
  const began = performance.now();
  let runs = 0;
  for (; performance.now() - began < TIME; runs++) await session.run({ image });
  return (runs * batch * 1000) / (performance.now() - began);
}

const count = (value) => Math.round(value).toLocaleString('en-US');
const percent = (share, places = 2) => `${(100 * share).toFixed(places)}%`;

async function compared(name) {
  const files = { float32: await readModel(name), int8: await readModel(name, 'int8') };
  const test = await loadDataset(files.float32.manifest.architecture.training.data ?? 'mnist', 'test');
  const all = await Promise.all(
    Object.entries(files).map(async ([kind, { bytes }]) => {
      const { accuracy, probabilities } = await evaluate({ createSession, model: bytes, dataset: test });
      return [kind, { bytes, accuracy, probabilities, session: await InferenceSession.create(bytes) }];
    }),
  );
  const { float32, int8 } = Object.fromEntries(all);
  const cells = [];
  for (const batch of BATCHES) {
    const speeds = { float32: [], int8: [] };
    for (let round = 0; round <= rounds; round++) {
      for (const [kind, { session }] of all) {
        const speed = await speedOf(session, test, batch);
        if (round > 0) speeds[kind].push(speed);
      }
    }
    const ratio = median(speeds.int8.map((speed, i) => speed / speeds.float32[i]));
    cells.push(count(median(speeds.float32)), count(median(speeds.int8)), ratio.toFixed(2));
  }
  for (const [, { session }] of all) await session.release();
  const other = otherwise(float32.probabilities, int8.probabilities, int8.probabilities.length / test.labels.length);
  const megabytes = [float32, int8].map(({ bytes }) => (bytes.length / 1e6).toFixed(2));
  return [`\`${name}\``, ...megabytes, percent(float32.accuracy), percent(int8.accuracy), percent(other), ...cells];
}

/** The share of labels that are read otherwise, right or wrong. */
function otherwise(a, b, classes) {
  const digit = (probabilities, i) => {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  };
  const labels = [...Array(a.length / classes).keys()];
  return labels.filter((i) => digit(a, i) !== digit(b, i)).length / labels.length;
}

const rows = [];
for (const name of ['cnn', 'cnn-pool4', 'mlp', 'pair', 'string']) rows.push(await compared(name));
const head = [
  ...['model', 'MB', 'in int8', 'test accuracy', 'in int8', 'read otherwise'],
  ...BATCHES.flatMap((batch) => [`images/s, batch ${batch}`, 'in int8', 'ratio']),
];
const text = `# Models in eight bits

Made by \`npm run bench:int8\`: the shipped models against themselves, in bare onnxruntime-node ${runtimeVersions()['onnxruntime-node']}, in
turn in one run; medians of ${rounds}, on ${cpus().length} cores of ${cpus()[0].model.trim()}. What they do for a server is in docs/service.md.

${table([head, ...rows])}

\`denary quantize MODEL\` makes \`model.int8.onnx\` of any model in denary's contract: static quantization (Jacob et al., 2018,
https://arxiv.org/abs/1712.05877). Weights are int8 with a scale for each output channel, activations uint8 that span what they are
on 1,000 training images, the image itself is taken as the bytes that it is, and logits and probabilities stay float32. Nothing is
trained, and no test image is looked at but to measure. Batch normalization is folded into the layer before it; LSTMs, and whatever
else has no weights of a Conv, Gemm or MatMul, stay float32. Weights take 7 of their 8 bits, since processors with AVX2 or AVX-512 and
without VNNI add two products in 16 bits, which would overflow. The file is of ONNX's own operators (QuantizeLinear,
DequantizeLinear): any runtime reads it, and ONNX Runtime merges them into kernels for bytes.

Take it on CPUs with dot products of bytes (VNNI, AMX; ARM has its own), which most servers of the last years have:
\`denary serve --variant int8\`, \`createRecognizer({ model: 'cnn', variant: 'int8' })\`. GPUs gain nothing, pages run the model as it is on
denary's own kernels, and to tune a model, tune it as it is and quantize what comes of it. Temperature and limits are the
model's own.
`;
await writeFile(fileURLToPath(new URL('../docs/int8.md', import.meta.url)), text);
console.log(text);
