/** Temperatures, calibration errors, areas under the ROC and a domain's distances, as SciPy, scikit-learn and PyTorch have them. */
import { calibrationIn, decodeDomain, decodeModel, distanceFrom, domainLayers, type Tensor } from '@denary/core';
import { createSession, readModel } from '@denary/runtime-node';
import { areaUnderRoc, evaluate, fitTemperature, subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { expect, it } from 'vitest';
import { python } from './exchange.js';

interface Fit {
  readonly temperature: number;
  readonly before: number;
  readonly after: number;
  readonly nll: number;
}

it('agrees with SciPy, scikit-learn and PyTorch', async () => {
  const train = await loadDataset('mnist', 'train');
  const dataset = subset(train, { from: 0, to: 5000 });
  const { bytes } = await readModel('mlp');
  const { probabilities } = await evaluate({ createSession, model: bytes, dataset });
  const { labels } = dataset;
  const score = (length: number, seed: number) =>
    Float64Array.from({ length }, (_, i) => Math.round(50 * Math.abs(Math.sin(seed * (i + 1)))));
  const [digits, outsiders] = [score(300, 1.7), score(200, 2.3)];
  const vector = (data: Float64Array): Tensor => ({ dtype: 'float64', shape: [data.length], data });
  const domain = decodeDomain(calibrationIn(decodeModel(bytes)).domain!);
  const layers = domainLayers(10).flatMap(({ filters, size }, i) => {
    const { kernels, biases } = domain[i]!;
    const shape = [size, size, kernels.length / filters / size / size, filters];
    const weights: Tensor = { dtype: 'float64', shape, data: kernels };
    return [[`kernels${i}`, weights] as const, [`biases${i}`, vector(Float64Array.from(biases))] as const];
  });
  const some = dataset.images.subarray(0, 500 * 784);
  const answers = await python<unknown>('calibrate', {
    mlp: {
      kind: 'calibrate',
      probabilities: { dtype: 'float32', shape: [dataset.count, 10], data: probabilities },
      labels,
    },
    area: { kind: 'area', digits: vector(digits), outsiders: vector(outsiders) },
    domain: {
      kind: 'distances',
      images: { dtype: 'uint8', shape: [500, 28, 28], data: some },
      strides: domainLayers(10).map(({ stride }) => stride),
      ...Object.fromEntries(layers),
    },
  });

  const ours = fitTemperature({ probabilities, labels });
  const theirs = answers.get('mlp') as Fit;
  expect(ours.temperature / theirs.temperature).toBeCloseTo(1, 3);
  expect(ours.nll.after).toBeCloseTo(theirs.nll, 6);
  expect(ours.ece.before).toBeCloseTo(theirs.before, 6);
  expect(ours.ece.after).toBeCloseTo(theirs.after, 3);

  expect(areaUnderRoc(digits, outsiders)).toBeCloseTo(answers.get('area') as number, 12);

  const expected = answers.get('domain') as Tensor<'float64'>;
  expected.data.forEach((distance, i) => {
    expect(distanceFrom(domain, some.subarray(i * 784, (i + 1) * 784))).toBeCloseTo(distance, 9);
  });
});
