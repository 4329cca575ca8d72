/** Training as a user does it: fit on real digits, stopped and resumed, with what goes wrong told in DenaryErrors. */
import { DenaryError, encodeModel, openModel, type Tensors } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import {
  type Architecture,
  buildModel,
  type Checkpoint,
  createDataset,
  type Dataset,
  decodeCheckpoint,
  encodeCheckpoint,
  evaluate,
  findArchitecture,
  fit,
  type Progress,
  subset,
  validationSplit,
} from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { beforeAll, describe, expect, it } from 'vitest';

const mlp = findArchitecture('mlp');
let digits: Dataset;
let unseen: Dataset;

beforeAll(async () => {
  digits = subset(await loadDataset('mnist', 'train'), { from: 0, to: 3000 });
  unseen = subset(await loadDataset('mnist', 'test'), { from: 0, to: 1000 });
});

const options = () => ({ createSession, architecture: mlp, train: digits, epochs: 2, seed: 3 });

describe('fit', () => {
  it('learns to read digits that it has not seen', async () => {
    const { model, history, finished, parameters } = await fit({ ...options(), epochs: 6 });
    const { accuracy, loss } = await evaluate({ createSession, model: encodeModel(model), dataset: unseen });
    expect(finished).toBe(true);
    expect(parameters).toBe(55_050);
    expect(accuracy).toBeGreaterThan(0.85);
    expect(loss).toBeLessThan(0.6);
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss / 2);
  });

  it('gives the same weights for the same seed, others for another', async () => {
    const [first, again, other] = [await fit(options()), await fit(options()), await fit({ ...options(), seed: 4 })];
    expect(encodeModel(first.model)).toEqual(encodeModel(again.model));
    expect(encodeModel(first.model)).not.toEqual(encodeModel(other.model));
  });

  it('counts the last, short batch', async () => {
    const { history } = await fit({ ...options(), train: subset(digits, { from: 0, to: 130 }), epochs: 1 });
    expect((history[0]!.accuracy * 130) % 1).toBeCloseTo(0, 4);
  });

  it('measures validation data after each epoch', async () => {
    const { train, validation } = validationSplit(digits, 0.25, 1);
    const { model, history } = await fit({ ...options(), train, validation });
    const measured = await evaluate({ createSession, model: encodeModel(model), dataset: validation });
    expect(history).toHaveLength(2);
    expect(history.at(-1)).toMatchObject({ validationAccuracy: measured.accuracy, validationLoss: measured.loss });
  });

  it('reports progress that ends where the training ends', async () => {
    const seen: Progress[] = [];
    await fit({ ...options(), progressInterval: 0, callbacks: { onProgress: (progress) => seen.push(progress) } });
    expect(seen).toHaveLength(48);
    expect(seen.at(-1)).toMatchObject({ epoch: 2, epochs: 2, step: 24, steps: 24, eta: 0 });
    expect(seen.every(({ imagesPerSecond }) => imagesPerSecond > 0)).toBe(true);
  });

  it('holds out validation data itself, and gives back the weights of the best epoch', async () => {
    const optimizer = { name: 'SGD', learningRate: 1, momentum: 0.9 } as const;
    const { model, history, epoch, data } = await fit({
      ...options(),
      epochs: 5,
      optimizer,
      validationSplit: 0.2,
      keep: 'best',
    });
    expect([data.train.count, data.validation!.count]).toEqual([2400, 600]);
    const best = Math.max(...history.map(({ validationAccuracy }) => validationAccuracy!));
    expect(history[epoch - 1]!.validationAccuracy).toBe(best);
    const measured = await evaluate({ createSession, model: encodeModel(model), dataset: data.validation! });
    expect(measured.accuracy).toBe(best);
  });

  it('has nothing to choose the best epoch by without validation data', async () => {
    await expect(fit({ ...options(), keep: 'best' })).rejects.toThrow(/expected validation data/);
  });

  it('stops when the loss stands still', async () => {
    const earlyStopping = { monitor: 'loss', minDelta: 100, patience: 2 } as const;
    const { history, finished } = await fit({ ...options(), epochs: 9, earlyStopping });
    expect([history.length, finished]).toEqual([3, true]);
  });

  it('counts steps in place of epochs, also inside an epoch', async () => {
    const { epochs, ...rest } = options();
    const { history, steps, finished } = await fit({ ...rest, steps: 30 });
    expect(finished).toBe(true);
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(steps.at(-1)).toMatchObject({ step: 30, epoch: 1.25, accuracy: expect.any(Number) });
    expect(steps).toHaveLength(30);
  });

  it('descends on all samples at once', async () => {
    const { history } = await fit({ ...options(), minibatches: 1, epochs: 3, optimizer: { name: 'SGD' } });
    expect(history[2]!.loss).toBeLessThan(history[0]!.loss);
  });

  it('gives averaged weights, which lie between those of the steps', async () => {
    const run = (steps: number, emaMomentum?: number) => {
      const { epochs, ...rest } = options();
      const optimizer = { name: 'SGD', learningRate: 0.1, ...(emaMomentum && { emaMomentum }) } as const;
      return fit({ ...rest, steps, optimizer });
    };
    const kernel = ({ model }: Awaited<ReturnType<typeof run>>) =>
      model.graph.initializers.get('dense/kernel')!.data as Float32Array;
    const plain = [kernel(await run(1)), kernel(await run(2)), kernel(await run(3))] as const;
    const averaged = kernel(await run(3, 0.75));
    const expected = plain[0].map((first, i) => 0.75 * (0.75 * first + 0.25 * plain[1][i]!) + 0.25 * plain[2][i]!);
    expect(Math.max(...averaged.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-7);
    expect(averaged).not.toEqual(plain[2]);
  });

  it('tells of a training that diverges', async () => {
    const optimizer = { name: 'SGD', learningRate: 1e30 } as const;
    await expect(fit({ ...options(), optimizer })).rejects.toMatchObject({ code: 'not-finite' });
  });

  it.each([
    ['batchSize', { batchSize: 0 }],
    ['epochs', { epochs: 1.5 }],
    ['seed', { seed: -1 }],
  ])('refuses a bad %s', async (name, bad) => {
    await expect(fit({ ...options(), ...bad })).rejects.toThrow(new RegExp(`^fit: expected ${name}`));
  });

  it('refuses images of another size', async () => {
    const small = createDataset({
      ...digits,
      images: digits.images.subarray(0, 3000 * 14 * 56),
      height: 14,
      width: 56,
    });
    await expect(fit({ ...options(), train: small })).rejects.toMatchObject({ code: 'bad-data' });
  });
});

describe('stop and resume', () => {
  /** Stops after so many steps, as Ctrl-C does, and gives the checkpoint as it comes back from bytes. */
  async function stopAfter(steps: number, architecture: Architecture, epochs = 2): Promise<Checkpoint> {
    const stop = new AbortController();
    let kept: Checkpoint | undefined;
    let done = 0;
    const result = await fit({
      ...options(),
      architecture,
      epochs,
      signal: stop.signal,
      progressInterval: 0,
      callbacks: {
        onProgress: () => {
          if (++done === steps) stop.abort();
        },
        onCheckpoint: (checkpoint) => {
          kept = decodeCheckpoint(encodeCheckpoint(checkpoint));
        },
      },
    });
    expect(result.finished).toBe(false);
    return kept!;
  }

  it.each([7, 24, 31])('goes on bit for bit after %i steps, dropout and momentum included', async (steps) => {
    const whole = await fit(options());
    const checkpoint = await stopAfter(steps, mlp);
    expect(checkpoint).toMatchObject({ epoch: Math.floor(steps / 24), step: steps % 24 });
    const resumed = await fit({ ...options(), resume: checkpoint });
    expect(encodeModel(resumed.model)).toEqual(encodeModel(whole.model));
    const strip = (history: typeof whole.history) => history.map(({ seconds, ...log }) => log);
    expect(strip(resumed.history)).toEqual(strip(whole.history));
  });

  it('goes on with the best weights so far, the curve and the averages', async () => {
    const optimizer = { name: 'SGD', learningRate: 1, momentum: 0.9, emaMomentum: 0.5 } as const;
    const settings = { optimizer, validationSplit: 0.2, keep: 'best', augment: { rotate: 10 }, epochs: 4 } as const;
    const architecture = { ...mlp, training: { ...mlp.training, ...settings } };
    const { epochs, ...rest } = { ...options(), architecture };
    const whole = await fit(rest);
    const resumed = await fit({ ...rest, resume: await stopAfter(60, architecture, 4) });
    expect(encodeModel(resumed.model)).toEqual(encodeModel(whole.model));
    expect(resumed.steps).toEqual(whole.steps);
    expect(resumed.epoch).toBe(whole.epoch);
  });

  it('keeps moving statistics, too', async () => {
    const architecture: Architecture = {
      ...mlp,
      layers: [
        { type: 'Dense', units: 8 },
        { type: 'BatchNormalization' },
        { type: 'Dense', units: 10, activation: 'softmax' },
      ],
    };
    const whole = await fit({ ...options(), architecture });
    const resumed = await fit({ ...options(), architecture, resume: await stopAfter(9, architecture) });
    expect(encodeModel(resumed.model)).toEqual(encodeModel(whole.model));
  });

  it('refuses the checkpoint of another training, naming what differs', async () => {
    const resume = await stopAfter(3, mlp);
    const other = fit({ ...options(), resume, batchSize: 64 });
    await expect(other).rejects.toThrow(/batchSize 128.*batchSize 64/);
  });

  it('refuses a damaged checkpoint', async () => {
    const bytes = encodeCheckpoint(await stopAfter(3, mlp));
    for (const length of [0, 7, 100, bytes.length >> 1, bytes.length - 1]) {
      expect(() => decodeCheckpoint(bytes.subarray(0, length))).toThrow(DenaryError);
    }
  });
});

describe('evaluate', () => {
  it('refuses a model whose weights are not numbers', async () => {
    const { model } = buildModel(mlp);
    const weights: Tensors = Object.fromEntries(model.graph.initializers);
    (weights['dense/kernel']!.data as Float32Array)[17] = Number.NaN;
    const bytes = encodeModel(model);
    expect(() => openModel(bytes)).toThrow(/NaN in "dense\/kernel" at 17/);
    await expect(evaluate({ createSession, model: bytes, dataset: unseen })).rejects.toMatchObject({
      code: 'not-finite',
    });
  });

  it('does not depend on the batch size', async () => {
    const model = encodeModel(buildModel(mlp, 5).model);
    const [all, few] = [
      await evaluate({ createSession, model, dataset: unseen, batchSize: 1000 }),
      await evaluate({ createSession, model, dataset: unseen, batchSize: 7 }),
    ];
    expect(few.accuracy).toBe(all.accuracy);
    expect(few.loss).toBeCloseTo(all.loss, 6);
  });
});
