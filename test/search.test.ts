/** Cross-validation and search as a user does them: real trainings of small networks, stopped, resumed, and diverging. */
import { encodeModel } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import {
  type Architecture,
  createDataset,
  crossValidate,
  decodeSearch,
  encodeSearch,
  evaluate,
  type FoldResult,
  fit,
  folds,
  hash32,
  normal,
  type SearchProgress,
  type SettingOverrides,
  search,
  type TrialResult,
} from '@denary/train';
import { describe, expect, it } from 'vitest';

const tiny: Architecture = {
  name: 'tiny',
  description: 'One layer',
  input: { image: [4, 4], scale: 255, as: 'flat' },
  classes: 4,
  layers: [{ type: 'Dense', units: 4, activation: 'softmax' }],
  training: {
    loss: 'categorical_crossentropy',
    optimizer: { name: 'SGD', learningRate: 0.5 },
    batchSize: 16,
    epochs: 2,
  },
};

/** A bright row for each class, and noise over everything, so that a few are read wrong. */
const rows = createDataset({
  name: 'rows',
  images: Uint8Array.from({ length: 240 * 16 }, (_, i) => {
    const bright = Math.floor((i % 16) / 4) === Math.floor(i / 16) % 4;
    return Math.min(255, Math.max(0, (bright ? 150 : 90) + 50 * normal(1, 1, i)));
  }),
  labels: Uint8Array.from({ length: 240 }, (_, i) => i % 4),
  height: 4,
  width: 4,
  classes: 4,
});

const withoutSeconds = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, part) => (key === 'seconds' ? undefined : part)));
const options = () => ({ createSession, architecture: tiny, train: rows, seed: 3, progressInterval: 0 });
const rates = [{ learningRate: 1e-6 }, { learningRate: 1e38 }, { learningRate: 0.5 }];

describe('crossValidate', () => {
  const parts = folds(rows, 3, 1);

  it('measures the exported model of each fold on what it has not seen', async () => {
    const seen: FoldResult[] = [];
    const { train, ...training } = options();
    const onFold = (result: FoldResult) => void seen.push(result);
    const result = await crossValidate({ ...training, folds: parts, callbacks: { onFold } });
    for (const [i, { train, validation }] of parts.entries()) {
      const { model } = await fit({ ...training, train, seed: hash32(3, i + 1) });
      const alone = await evaluate({ createSession, model: encodeModel(model), dataset: validation });
      expect(result.folds[i]).toMatchObject({ fold: i + 1, accuracy: alone.accuracy, loss: alone.loss });
    }
    const accuracies = result.folds.map(({ accuracy }) => accuracy);
    expect(result.accuracy.mean).toBeCloseTo((accuracies[0]! + accuracies[1]! + accuracies[2]!) / 3, 12);
    expect(result.accuracy.mean).toBeGreaterThan(0.6);
    expect(result.accuracy.mean).toBeLessThan(1);
    expect(result.finished).toBe(true);
    expect(seen).toEqual(result.folds);
  });

  it('stops when told to, and goes on with what was done', async () => {
    const { train, ...training } = options();
    const whole = await crossValidate({ ...training, folds: parts });
    const stop = new AbortController();
    const onFold = () => stop.abort();
    const cut = await crossValidate({ ...training, folds: parts, signal: stop.signal, callbacks: { onFold } });
    expect(cut).toMatchObject({ finished: false, folds: [{ fold: 1 }] });
    const trained = new Set<number>();
    const onProgress = ({ fold }: { fold: number }) => void trained.add(fold);
    const rest = await crossValidate({ ...training, folds: parts, done: cut.folds, callbacks: { onProgress } });
    expect([...trained]).toEqual([2, 3]);
    expect(withoutSeconds(rest)).toEqual(withoutSeconds(whole));
  });

  it('loses no more than the fold under way when it is stopped inside it', async () => {
    const { train, ...training } = options();
    const stop = new AbortController();
    const onProgress = ({ fold, step }: { fold: number; step: number }) => {
      if (fold === 2 && step === 3) stop.abort();
    };
    const cut = await crossValidate({ ...training, folds: parts, signal: stop.signal, callbacks: { onProgress } });
    expect(cut).toMatchObject({ finished: false, folds: [{ fold: 1 }] });
  });

  it('tells of a training that diverges', async () => {
    const { train, ...training } = options();
    const optimizer = { name: 'SGD', learningRate: 1e38 } as const;
    await expect(crossValidate({ ...training, optimizer, folds: parts })).rejects.toMatchObject({ code: 'not-finite' });
  });
});

describe('search', () => {
  it('finds the setting that learns, and puts the one that diverges last, with the reason', async () => {
    const { trials, best, finished } = await search({ ...options(), settings: rates });
    expect(finished).toBe(true);
    expect(best?.settings).toEqual({ learningRate: 0.5 });
    expect(trials.map(({ settings }) => settings.learningRate)).toEqual([0.5, 1e-6, 1e38]);
    expect(trials[0]).toMatchObject({ folds: [{ fold: 1 }, { fold: 2 }, { fold: 3 }] });
    expect(trials[0]!.accuracy!.deviation).toBeGreaterThan(0);
    expect(trials[2]).toMatchObject({ folds: [], failed: expect.stringMatching(/NaN|Infinity/), finished: true });
  });

  it('gives every setting the same folds and the same start', async () => {
    const settings: SettingOverrides[] = [{ learningRate: 0.5 }, { batchSize: 16 }, { 'dense.activation': 'softmax' }];
    const { trials } = await search({ ...options(), settings });
    const [first, ...others] = trials.map(({ folds }) => withoutSeconds(folds));
    for (const other of others) expect(other).toEqual(first);
  });

  it('trains with the settings that it reports', async () => {
    const seen = new Map<unknown, Set<string>>();
    const onProgress = ({ settings, trial, trials, folds, epochs, steps }: SearchProgress) => {
      const facts = seen.get(settings) ?? new Set();
      seen.set(settings, facts.add(`${trial}/${trials}, ${folds} folds, ${epochs} epochs of ${steps}`));
    };
    const settings: SettingOverrides[] = [{ epochs: 3 }, { epochs: 1, batchSize: 120 }];
    await search({ ...options(), settings, folds: 2, callbacks: { onProgress } });
    expect([...seen.get(settings[0])!]).toEqual(['1/2, 2 folds, 3 epochs of 8']);
    expect([...seen.get(settings[1])!]).toEqual(['2/2, 2 folds, 1 epochs of 1']);
  });

  it('goes on from what was kept after any fold to the same end, doing no fold again', async () => {
    const kept: (readonly TrialResult[])[] = [];
    const onResults = (trials: readonly TrialResult[]) => void kept.push(trials);
    const whole = await search({ ...options(), settings: rates, callbacks: { onResults } });
    // Three folds, one that diverges, three folds.
    expect(kept).toHaveLength(7);
    for (const [i, trials] of kept.entries()) {
      const record = { version: 1, search: {}, metric: 'accuracy', finished: false, trials } as const;
      const done = decodeSearch(encodeSearch(record)).trials;
      let folds = 0;
      const counted = { onResults: () => void folds++ };
      const resumed = await search({ ...options(), settings: rates, done, callbacks: counted });
      expect(withoutSeconds(resumed)).toEqual(withoutSeconds(whole));
      expect(folds).toBe(6 - i);
    }
  });

  it('stops when told to, with the folds done', async () => {
    const stop = new AbortController();
    let folds = 0;
    const onResults = () => {
      if (++folds === 2) stop.abort();
    };
    const stopped = await search({ ...options(), settings: rates, signal: stop.signal, callbacks: { onResults } });
    expect(stopped).toMatchObject({
      finished: false,
      best: undefined,
      trials: [{ folds: [{ fold: 1 }, { fold: 2 }] }],
    });
  });

  it.each([0, 1])('holds a fifth out once where there are %i folds', async (folds) => {
    const { trials } = await search({ ...options(), settings: [{ epochs: 1 }], folds });
    expect(trials[0]!.folds).toHaveLength(1);
    expect((trials[0]!.accuracy!.mean * 48) % 1).toBeCloseTo(0, 6);
    expect(trials[0]!.accuracy!.deviation).toBeUndefined();
  });

  it('chooses by the loss where it is asked to', async () => {
    const settings = [{ learningRate: 0.5 }, { learningRate: 0.05 }];
    const { trials } = await search({ ...options(), settings, metric: 'loss' });
    expect(trials[0]!.loss!.mean).toBeLessThan(trials[1]!.loss!.mean);
    const two = [{ loss: 'mean_squared_error' }, { loss: 'categorical_crossentropy' }];
    await expect(search({ ...options(), settings: two, metric: 'loss' })).rejects.toThrow(/one loss to choose by/);
  });

  it('says how long it will take', async () => {
    const etas: number[] = [];
    const onProgress = ({ searchEta }: SearchProgress) => void etas.push(searchEta);
    await search({ ...options(), settings: [{ epochs: 1 }, { epochs: 2 }], callbacks: { onProgress } });
    expect(etas.every((eta) => eta >= 0 && Number.isFinite(eta))).toBe(true);
    expect(etas.at(-1)).toBe(0);
    expect(etas[0]).toBeGreaterThan(0);
  });

  it.each([
    ['no setting', [], /at least one setting/],
    ['a key that there is not', [{ epochs: 1 }, { 'dense.unitz': 3 }], /setting "dense\.unitz"/],
    ['a layer that cannot be built', [{ epochs: 1 }, { 'dense.activation': 'rleu' }], /layer "dense": .*"rleu"/],
    ['a best epoch that nothing tells', [{ keep: 'best' }], /a validationSplit/],
    ['other outputs', [{ 'dense.units': 7 }], /1 label\(s\) of 4 classes, received 1 of 7/],
  ])('refuses %s before anything is trained', async (_, settings, message) => {
    let sessions = 0;
    const counted: typeof createSession = (...args) => {
      sessions++;
      return createSession(...args);
    };
    const refused = search({ ...options(), createSession: counted, settings: settings as [] });
    await expect(refused).rejects.toMatchObject({ code: 'bad-argument', message: expect.stringMatching(message) });
    expect(sessions).toBe(0);
  });
});
