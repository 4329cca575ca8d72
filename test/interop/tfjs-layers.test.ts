/**
 * Layers models in other hands: onnx's checker reads what becomes of every layer and of all drawn models, and models that an
 * npm package ships predict what they do in TensorFlow.js.
 */

import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeModel, type Tensor } from '@denary/core';
import { convertTfjsFiles } from '@denary/train/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { cases } from '../tfjs/layer-cases.js';
import { randomModel } from '../tfjs/random-model.js';
import { compareFiles, drawWeights, filesIn, savedFiles, type tf } from '../tfjs/tfjs.js';
import { type Answers, python } from './exchange.js';
import { installPackages } from './packages.mjs';

const RANDOM_MODELS = 320;

async function converted(model: tf.LayersModel): Promise<Tensor> {
  const data = encodeModel(await convertTfjsFiles(filesIn(await savedFiles(model))));
  return { dtype: 'uint8', shape: [data.length], data };
}

describe('every layer and every drawn model', () => {
  const models = new Map<string, () => tf.LayersModel>([
    ...Object.entries(cases).flatMap(([layer, list]) =>
      list.map(([name, build]) => [`${layer}: ${name}`, () => drawWeights(build(), 1)] as const),
    ),
    ...Array.from({ length: RANDOM_MODELS }, (_, seed) => [`seed ${seed}`, () => randomModel(seed)] as const),
  ]);
  let answers: Answers<{ readonly domains: readonly string[] }>;

  beforeAll(async () => {
    const items: Record<string, { model: Tensor }> = {};
    for (const [name, build] of models) items[name] = { model: await converted(build()) };
    answers = await python('check', items);
  });

  it('passes the checker and the shape inference of onnx, with standard operators alone', () => {
    for (const name of models.keys()) expect(answers.get(name), name).toMatchObject({ domains: [''] });
  });
});

describe('layers models that npm packages ship', () => {
  const manifest = fileURLToPath(new URL('tfjs-packages/package.json', import.meta.url));
  let folder: string;
  beforeAll(async () => {
    folder = await installPackages(manifest);
  });

  // Quantised to uint8, by tensorflowjs_converter from Keras 2; each file is a script that exports its content.
  it.each(['mobilenet_v2', 'inception_v3'])(
    'nsfwjs: %s',
    async (name) => {
      const models = join(folder, 'node_modules/nsfwjs/dist/models', name);
      const require = createRequire(join(models, 'model.min.js'));
      const files = new Map<string, Uint8Array>();
      for (const file of await readdir(models)) {
        const content: unknown = require(join(models, file));
        const bytes =
          typeof content === 'string' ? Buffer.from(content, 'base64') : Buffer.from(JSON.stringify(content));
        files.set(file === 'model.min.js' ? 'model.json' : file.replace(/\.min\.js$/, ''), new Uint8Array(bytes));
      }
      const { difference, model } = await compareFiles(files, 2);
      expect(difference).toBeLessThan(1e-5);
      // One Transpose to bring the image into order: everything else stays channels first.
      expect(model.graph.nodes.filter(({ op }) => op === 'Transpose').length).toBeLessThanOrEqual(1);
    },
    300_000,
  );
});
