/** The loss of a batch as graph nodes, weighted by sample, and what a step adds to the metrics. */

import { DenaryError, fromNumbers, type Value } from '@denary/core';
import type { Maths } from '../math.js';
import { type LossName, losses } from './losses.js';

interface LossParts {
  readonly probabilities: Value;
  readonly label: Value;
  readonly sampleWeight: Value;
  readonly loss: LossName;
}

/** The weighted mean loss, and what this step adds to the metrics: [loss, right answers, samples], summed by weight. */
export function emitLoss(
  math: Maths,
  { probabilities, label, sampleWeight, loss }: LossParts,
): { loss: Value; metrics: Value } {
  const { graph, mul, div, sum, cast, equal, reshape, concat } = math;
  const [batch, classes] = probabilities.shape as [number, number];
  if (probabilities.shape.length !== 2)
    throw new DenaryError({
      code: 'bad-model',
      who: 'createTrainingGraph',
      expected: 'an output [batch, classes]',
      received: `[${probabilities.shape}]`,
      remedy: 'Give a classifier with one label an image.',
    });
  const numbers = graph.constant(
    fromNumbers(
      'int32',
      Array.from({ length: classes }, (_, i) => i),
      [1, classes],
    ),
  );
  const target = cast(equal(reshape(label, [batch, 1]), numbers), 'float32');
  const last = graph.producer(probabilities.name);
  const logits = last?.op === 'Softmax' ? graph.value(last.inputs[0]!) : undefined;

  const weightSum = sum(sampleWeight, [0], false);
  const share = reshape(div(sampleWeight, weightSum), [batch, 1]);
  const mean = sum(mul(losses[loss].build(math, { probabilities, logits, target }), share), [0, 1], false);
  const best = graph.op('ArgMax', [logits ?? probabilities], { axis: 1, keepdims: 0 });
  const right = cast(equal(cast(best, 'int32'), label), 'float32');
  const sums = [mul(mean, weightSum), sum(mul(right, sampleWeight), [0], false), weightSum];
  return {
    loss: mean,
    metrics: concat(
      sums.map((value) => reshape(value, [1])),
      0,
    ),
  };
}
