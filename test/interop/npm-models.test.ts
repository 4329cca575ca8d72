/** Models that npm packages ship in their files: converted, they give what TensorFlow.js itself predicts, and onnx's checker passes them. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeModel, type Model, sizeOf, type Tensors } from '@denary/core';
import { stream, uniform } from '@denary/train';
import { convertTfjsFiles, type TfjsFiles } from '@denary/train/tfjs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { python } from './exchange.js';
import { loadTfjs, runOnnx, runTfjs } from './graph-models.js';
import { installPackages } from './packages.mjs';

const LIMIT = 1e-5;
const graphModels = [
  'antispoof',
  'blazeface',
  'emotion',
  'facemesh',
  'faceres',
  'handlandmark-lite',
  'iris',
  'liveness',
];
const wrapped = ['mobilenet_v2', 'mobilenet_v2_mid'];

let root: string;

/** As files in a folder. */
function filesOfHuman(name: string): TfjsFiles {
  const file = join(root, 'node_modules/@vladmandic/human/models', `${name}.json`);
  return { name, json: `${name}.json`, read: (path) => readFile(join(dirname(file), path)) };
}

/** As modules of JavaScript: the JSON as it is, the shards in base64. */
function filesOfNsfw(name: string): TfjsFiles {
  const require = createRequire(join(root, 'package.json'));
  const read = async (path: string) => {
    const found: unknown = require(`./node_modules/nsfwjs/dist/models/${name}/${path.replace('.json', '')}.min.js`);
    return typeof found === 'string' ? Buffer.from(found, 'base64') : Buffer.from(JSON.stringify(found));
  };
  return { name, read };
}

const models: readonly (readonly [string, () => TfjsFiles])[] = [
  ...graphModels.map((name) => [name, () => filesOfHuman(name)] as const),
  ...wrapped.map((name) => [name, () => filesOfNsfw(name)] as const),
];

/** One image, say, of numbers from -1 to 1. */
const drawn = ({ graph }: Model): Tensors =>
  Object.fromEntries(
    graph.inputs.map(({ name, shape }) => {
      const sizes = shape.map((size) => (typeof size === 'number' ? size : 1));
      const data = Float32Array.from({ length: sizeOf(sizes) }, (_, i) => 2 * uniform(5, stream(name), i) - 1);
      return [name, { dtype: 'float32', shape: sizes, data }];
    }),
  );

/** The largest difference, relative to the largest value of an output where that is above 1. */
function distance(actual: Tensors, expected: Tensors): number {
  const distances = Object.entries(expected).map(([name, { shape, data }]) => {
    expect(actual[name]!.shape).toEqual(shape);
    const [found, wanted] = [actual[name]!.data, data].map((values) => Array.from(values as Float32Array));
    const apart = wanted!.map((value, i) => Math.abs(found![i]! - value));
    return Math.max(...apart) / Math.max(1, ...wanted!.map(Math.abs));
  });
  return Math.max(...distances);
}

beforeAll(async () => {
  root = await installPackages(fileURLToPath(new URL('npm-models/package.json', import.meta.url)));
  await tf.setBackend('cpu');
});

describe('models of npm packages', () => {
  it.each(models)('%s', async (_, files) => {
    const model = await convertTfjsFiles(files());
    const feeds = drawn(model);
    const found = await runOnnx(model, feeds);
    const theirs = await runTfjs(
      await loadTfjs(files()),
      feeds,
      model.graph.outputs.map(({ name }) => name),
    );
    expect(distance(found, theirs)).toBeLessThan(LIMIT);
    const data = encodeModel(model);
    const checked = await python('check', { model: { model: { dtype: 'uint8', shape: [data.length], data } } });
    expect(() => checked.get('model')).not.toThrow();
  });
});
