/** Temperatures, calibration errors, areas under the ROC and distances from a class, as SciPy and scikit-learn have them. */
import { distanceFrom, featuresOf, type Tensor } from '@denary/core';
import { createSession, readModel } from '@denary/runtime-node';
import { areaUnderRoc, evaluate, fitDomain, fitTemperature, subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { expect, it } from 'vitest';
import { python } from './exchange.js';

interface Fit {
  readonly temperature: number;
  readonly before: number;
  readonly after: number;
  readonly nll: number;
}

it('agrees with SciPy and scikit-learn', async () => {
  const train = await loadDataset('mnist', 'train');
  const dataset = subset(train, { from: 0, to: 5000 });
  const { bytes } = await readModel('mlp');
  const { probabilities } = await evaluate({ createSession, model: bytes, dataset });
  const { labels } = dataset;
  const score = (length: number, seed: number) =>
    Float64Array.from({ length }, (_, i) => Math.round(50 * Math.abs(Math.sin(seed * (i + 1)))));
  const [digits, outsiders] = [score(300, 1.7), score(200, 2.3)];
  const threes = [...labels.keys()].filter((i) => labels[i] === 3);
  const images = threes.map((i) => dataset.images.subarray(i * 784, (i + 1) * 784));
  const vector = (data: Float64Array): Tensor => ({ dtype: 'float64', shape: [data.length], data });
  const all = Uint8Array.from({ length: images.length * 784 }, (_, i) => images[Math.floor(i / 784)]![i % 784]!);
  const answers = await python<unknown>('calibrate', {
    mlp: {
      kind: 'calibrate',
      probabilities: { dtype: 'float32', shape: [dataset.count, 10], data: probabilities },
      labels,
    },
    area: { kind: 'area', digits: vector(digits), outsiders: vector(outsiders) },
    threes: {
      kind: 'distances',
      images: { dtype: 'uint8', shape: [images.length, 28, 28], data: all },
      components: 20,
    },
  });

  const ours = fitTemperature({ probabilities, labels });
  const theirs = answers.get('mlp') as Fit;
  expect(ours.temperature / theirs.temperature).toBeCloseTo(1, 3);
  expect(ours.nll.after).toBeCloseTo(theirs.nll, 6);
  expect(ours.ece.before).toBeCloseTo(theirs.before, 6);
  expect(ours.ece.after).toBeCloseTo(theirs.after, 3);

  expect(areaUnderRoc(digits, outsiders)).toBeCloseTo(answers.get('area') as number, 12);

  const domain = fitDomain({ images, labels: new Uint8Array(images.length), classes: 1 });
  const expected = answers.get('threes') as Tensor<'float64'>;
  const distances = images.map((pixels) => distanceFrom(domain, featuresOf(pixels), 0));
  // Ours come from directions in bytes, of some 1 to 4.
  const apart = distances.map((distance, i) => Math.abs(distance - expected.data[i]!));
  expect(Math.max(...apart)).toBeLessThan(0.1);
  expect(apart.reduce((sum, value) => sum + value) / apart.length).toBeLessThan(0.02);
});
