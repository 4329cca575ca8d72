import { describe, expect, it } from 'vitest';
import { bestEpoch, type EpochLog, emptyCurve, extended, stalled } from './history.js';

const logs = (losses: readonly number[], extra: (i: number) => Partial<EpochLog> = () => ({})): EpochLog[] =>
  losses.map((loss, i) => ({ epoch: i + 1, loss, accuracy: 1 - loss, seconds: 1, ...extra(i) }));

describe('stalled', () => {
  it('counts the epochs since the last improvement', () => {
    const history = logs([1, 0.5, 0.6, 0.55]);
    expect(stalled(history, { patience: 2 })).toBe(true);
    expect(stalled(history, { patience: 3 })).toBe(false);
    expect(stalled([...history, ...logs([0.4])], { patience: 1 })).toBe(false);
    expect(stalled([], {})).toBe(false);
  });

  // scikit-learn 1.7, MLPClassifier._update_no_improvement_count: an epoch counts where loss > best - tol; the best moves anyway.
  it('asks for more than minDelta over the best so far, which creeps on', () => {
    const creeping = logs([1, 0.99995, 0.9999, 0.99985]);
    expect(stalled(creeping, { minDelta: 1e-4, patience: 3 })).toBe(true);
    expect(stalled(creeping, { minDelta: 1e-5, patience: 1 })).toBe(false);
  });

  it('watches the validation loss where there is one, or what it is told to', () => {
    const history = logs([1, 0.5, 0.25], () => ({ validationLoss: 1, validationAccuracy: 0.5 }));
    expect(stalled(history, { patience: 2 })).toBe(true);
    expect(stalled(history, { monitor: 'loss' })).toBe(false);
    expect(stalled(history, { monitor: 'accuracy' })).toBe(false);
    expect(stalled(history, { monitor: 'val_accuracy' })).toBe(true);
  });
});

describe('bestEpoch', () => {
  it('goes by validation accuracy, then by validation loss, then by who was first', () => {
    const accuracy = [0.8, 0.9, 0.9, 0.9, 0.7];
    const loss = [0.1, 0.3, 0.2, 0.2, 0.1];
    const history = logs([5, 4, 3, 2, 1], (i) => ({ validationAccuracy: accuracy[i]!, validationLoss: loss[i]! }));
    expect(bestEpoch(history)?.epoch).toBe(3);
    expect(bestEpoch([])).toBeUndefined();
  });
});

describe('extended', () => {
  it('gives means since the point before, from running means over the epoch', () => {
    const at = (step: number, endsEpoch = false) => ({ step, epoch: step / 4, endsEpoch });
    let curve = extended(emptyCurve, { loss: 2, accuracy: 0.5, count: 10 }, at(2));
    curve = extended(curve, { loss: 1.5, accuracy: 0.6, count: 20 }, at(4, true));
    curve = extended(curve, { loss: 0.5, accuracy: 1, count: 10 }, at(6));
    expect(curve.points.map(({ step, epoch }) => [step, epoch])).toEqual([
      [2, 0.5],
      [4, 1],
      [6, 1.5],
    ]);
    [2, 1, 0.5].forEach((loss, i) => expect(curve.points[i]!.loss).toBeCloseTo(loss, 12));
    [0.5, 0.7, 1].forEach((accuracy, i) => expect(curve.points[i]!.accuracy).toBeCloseTo(accuracy, 12));
  });
});
