/** Models that read several digits of one image: from data to predictions. */
import { encodeModel, type TextPrediction } from '@denary/core';
import { createRecognizer, createSession } from '@denary/runtime-node';
import { type Architecture, evaluate, findArchitecture, fit, makePairs, subset, summarize } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { expect, it } from 'vitest';

/** The `pair` system, small enough to learn something in seconds. */
const small: Architecture = {
  ...findArchitecture('pair'),
  name: 'small-pair',
  layers: [
    { type: 'MaxPooling2D', poolSize: [2, 2] },
    { type: 'Conv2D', filters: 12, kernelSize: [5, 5], activation: 'relu' },
    { type: 'MaxPooling2D', poolSize: [3, 3] },
    { type: 'Flatten' },
    { type: 'Dense', units: 64, activation: 'relu' },
    { type: 'Heads', count: 2, units: 10 },
  ],
};

it('learns pairs, measures each slot and whole images, and predicts texts', async () => {
  const digits = subset(await loadDataset('mnist', 'train'), { from: 0, to: 40_000 });
  const train = makePairs(digits, { seed: 1 });
  const test = makePairs(subset(await loadDataset('mnist', 'test'), { from: 0, to: 2000 }), { seed: 1 });
  const { model } = await fit({ createSession, architecture: small, train, epochs: 4, seed: 1 });
  const bytes = encodeModel(model);
  const result = await evaluate({ createSession, model: bytes, dataset: test });
  expect(result.slotAccuracy).toHaveLength(2);
  expect(Math.min(...result.slotAccuracy)).toBeGreaterThan(0.6);
  expect(result.accuracy).toBeCloseTo((result.slotAccuracy[0]! + result.slotAccuracy[1]!) / 2, 10);
  expect(result.wholeAccuracy).toBeLessThan(result.accuracy);

  const recognizer = await createRecognizer<TextPrediction>({ model: bytes });
  const area = 56 * 56;
  const images = Array.from({ length: 200 }, (_, i) => ({
    data: test.images.subarray(i * area, (i + 1) * area),
    width: 56,
    height: 56,
    channels: 1 as const,
  }));
  const predictions = await recognizer.predict(images);
  await recognizer.close();
  const right = predictions.filter(({ text }, i) => text === `${test.labels[2 * i]}${test.labels[2 * i + 1]}`).length;
  const whole = await evaluate({ createSession, model: bytes, dataset: subset(test, { from: 0, to: 200 }) });
  expect(right / 200).toBeCloseTo(whole.wholeAccuracy, 10);
  const [first] = predictions;
  expect(first!.confidence).toBeCloseTo(first!.slots[0]!.confidence * first!.slots[1]!.confidence, 6);
});

it('sums the losses of its heads, as evaluation does', async () => {
  const train = makePairs(subset(await loadDataset('mnist', 'test'), { from: 0, to: 1000 }), { seed: 2 });
  const optimizer = { name: 'SGD', learningRate: 1e-20 } as const;
  const { model, history } = await fit({ createSession, architecture: small, train, optimizer, epochs: 1 });
  const { loss, accuracy } = await evaluate({ createSession, model: encodeModel(model), dataset: train });
  expect(history[0]!.loss / loss).toBeCloseTo(1, 5);
  expect(history[0]!.accuracy).toBeCloseTo(accuracy, 5);
});

it.each([
  ['pair', 3_172_480],
  ['string', 1_366_991],
])('%s has the parameters of its layers', (name, parameters) => {
  expect(summarize(findArchitecture(name)).parameters).toBe(parameters);
});
