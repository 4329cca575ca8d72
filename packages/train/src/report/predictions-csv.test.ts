import { expect, it } from 'vitest';
import { createDataset } from '../data/dataset.js';
import { predictionsCsv } from './predictions-csv.js';

const dataset = (labels: number[], slots: number) =>
  createDataset({
    name: 'two',
    images: new Uint8Array(labels.length / slots),
    labels: Uint8Array.from(labels),
    height: 1,
    width: 1,
    classes: 3,
    slots,
  });

it('has a line for each image', () => {
  const probabilities = Float32Array.from([0.5, 0.25, 0.25, 0.125, 0.125, 0.75]);
  expect(predictionsCsv({ probabilities }, dataset([0, 1], 1))).toBe(
    'index,actual,predicted,confidence\n0,0,0,0.500000\n1,1,2,0.750000\n',
  );
});

it('puts the labels of several slots side by side', () => {
  const probabilities = Float32Array.from([0.5, 0.25, 0.25, 0.125, 0.125, 0.75]);
  expect(predictionsCsv({ probabilities }, dataset([0, 1], 2))).toBe(
    'index,actual,predicted,confidence\n0,0 1,0 2,0.375000\n',
  );
});
