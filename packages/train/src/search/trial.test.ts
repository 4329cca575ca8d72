import { describe, expect, it } from 'vitest';
import type { Architecture } from '../architectures/architecture.js';
import { createDataset } from '../data/dataset.js';
import { spreadOf } from '../spread.js';
import { decodeSearch, encodeSearch, resumeSearch, type SearchRecord, searchIdentity } from './record.js';
import { bestOf, rank, type TrialResult, trialOf } from './trial.js';

const trial = (name: string, accuracies: readonly number[], losses = accuracies.map(() => 1), failed?: string) =>
  trialOf(
    { name },
    accuracies.map((accuracy, i) => ({ fold: i + 1, accuracy, loss: losses[i]!, seconds: 2 })),
    2,
    failed,
  );
const names = (trials: readonly TrialResult[]) => trials.map(({ settings }) => settings.name);

describe('spreadOf', () => {
  it('gives the mean and the deviation of a sample', () => {
    const { mean, deviation } = spreadOf([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(mean).toBe(5);
    expect(deviation).toBeCloseTo(Math.sqrt(32 / 7), 12);
    expect(spreadOf([3])).toEqual({ mean: 3 });
  });
});

describe('trialOf', () => {
  it('sums up the folds, in their order', () => {
    const folds = [
      { fold: 2, accuracy: 0.8, loss: 0.4, seconds: 3 },
      { fold: 1, accuracy: 0.6, loss: 0.2, seconds: 1 },
    ];
    expect(trialOf({ epochs: 1 }, folds, 3)).toMatchObject({
      accuracy: { mean: 0.7 },
      loss: { mean: expect.closeTo(0.3, 12), deviation: expect.closeTo(0.2 / Math.SQRT2, 12) },
      finished: false,
      seconds: 4,
      folds: [{ fold: 1 }, { fold: 2 }],
    });
    expect(trialOf({}, folds, 2).finished).toBe(true);
  });

  it('has no numbers without a fold, and nothing left to do where it diverged', () => {
    expect(trialOf({}, [], 2)).toEqual({ settings: {}, folds: [], finished: false, seconds: 0 });
    expect(trialOf({}, [], 2, 'NaN')).toMatchObject({ failed: 'NaN', finished: true });
  });
});

describe('rank', () => {
  const trials = [
    trial('failed', [0.99], [0.1], 'NaN'),
    trial('half', [0.98]),
    trial('low', [0.5, 0.7], [0.1, 0.1]),
    trial('high', [0.8, 0.9], [2, 2]),
    trial('equal but surer', [0.9, 0.8], [1, 1]),
  ];

  it('puts the best first, then the unfinished, then those that diverged', () => {
    expect(names(rank(trials, 'accuracy'))).toEqual(['equal but surer', 'high', 'low', 'half', 'failed']);
    expect(names(rank(trials, 'loss'))).toEqual(['low', 'equal but surer', 'high', 'half', 'failed']);
  });

  it('calls nothing the best that was not measured on all folds', () => {
    expect(bestOf(trials, 'loss')?.settings.name).toBe('low');
    expect(bestOf(trials.slice(0, 2), 'accuracy')).toBeUndefined();
  });
});

describe('a kept search', () => {
  const architecture: Architecture = {
    name: 'tiny',
    description: '',
    input: { image: [1, 1], scale: 255, as: 'flat' },
    classes: 2,
    layers: [{ type: 'Dense', units: 2, activation: 'softmax' }],
    training: { loss: 'categorical_crossentropy', optimizer: { name: 'SGD' }, batchSize: 4, epochs: 2 },
  };
  const few = { name: 'few', images: new Uint8Array(2), labels: Uint8Array.of(0, 1) };
  const train = createDataset({ ...few, height: 1, width: 1, classes: 2 });
  const asked = { architecture, train, folds: 2, seed: 0, grid: { epochs: [1, 2] } };
  const record: SearchRecord = {
    version: 1,
    search: searchIdentity(asked),
    metric: 'accuracy',
    finished: false,
    trials: [trial('a', [0.5, 0.6])],
  };

  it('comes back from its text', () => {
    expect(decodeSearch(encodeSearch(record))).toEqual(record);
    expect(resumeSearch(record, searchIdentity(asked))).toEqual(record.trials);
  });

  it.each([
    ['folds', { folds: 3 }, /folds 2.*folds 3/],
    [
      'epochs',
      { architecture: { ...architecture, training: { ...architecture.training, epochs: 3 } } },
      /epochs 2.*epochs 3/,
    ],
    ['the grid', { grid: { epochs: [1] } }, /grid .*grid /],
    ['the ranges', { random: { epochs: [1] } }, /random undefined.*random \{/],
    ['the samples', { train: { ...train, count: 1 } }, /samples 2.*samples 1/],
  ])('is not taken up with other settings: %s', (_, change, message) => {
    const refused = { code: 'bad-argument', message: expect.stringMatching(message) };
    expect(() => resumeSearch(record, searchIdentity({ ...asked, ...change }))).toThrow(
      expect.objectContaining(refused),
    );
  });

  it('is the same search however many draws of nothing are asked for', () => {
    expect(searchIdentity({ ...asked, random: {}, trials: 7 })).toEqual(record.search);
  });

  it.each([
    ['half of it', encodeSearch(record).slice(0, -20)],
    ['other JSON', '{"a":1}'],
    ['no object', 'null'],
    ['another version', encodeSearch({ ...record, version: 2 as 1 })],
    ['a number that is missing', encodeSearch(record).replace('"accuracy": 0.5', '"accuracy": null')],
    ['an empty trial', encodeSearch({ ...record, trials: [null as unknown as TrialResult] })],
  ])('is refused where it is damaged: %s', (_, text) => {
    expect(() => decodeSearch(text, 'search.json')).toThrow(
      expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(/^search\.json: /) }),
    );
  });
});
