/** Layers models in other hands: onnx's checker reads what becomes of every layer and of all drawn models. */

import { encodeModel, type Tensor } from '@denary/core';
import { convertTfjsFiles } from '@denary/train/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { cases } from '../tfjs/layer-cases.js';
import { randomModel } from '../tfjs/random-model.js';
import { drawWeights, filesIn, savedFiles, type tf } from '../tfjs/tfjs.js';
import { type Answers, python } from './exchange.js';

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
