/** The loss of a batch as graph nodes, weighted by sample, and what a step adds to the metrics. */

import { DenaryError, fromNumbers, type GraphBuilder, type Value } from '@denary/core';
import type { Regularizer } from '../architectures/layers.js';
import { elements, type Maths } from '../math.js';
import { type LossInputs, type LossName, losses } from './losses.js';

export type Reduction = 'mean' | 'sum';

interface LossParts {
  readonly probabilities: Value;
  readonly label: Value;
  readonly sampleWeight: Value;
  readonly loss: LossName;
  /** Over the samples. */
  readonly reduction: Reduction;
  /** Of trained weights, by name. */
  readonly regularizers: Readonly<Record<string, Regularizer>>;
}

interface EmittedLoss {
  /** The samples' losses by weight, reduced, with the weights' penalties. */
  readonly loss: Value;
  /** [loss, right answers, samples] of this step, summed by sample weight. */
  readonly metrics: Value;
}

/** A sample's loss is the sum over its slots; its share of right answers is their mean. */
export function emitLoss(math: Maths, parts: LossParts): EmittedLoss {
  const { probabilities, label, sampleWeight, loss, reduction, regularizers } = parts;
  const { graph, add, mul, div, sum, mean, cast, equal, reshape, concat } = math;
  const [batch, ...rest] = probabilities.shape as number[];
  const classes = rest.at(-1)!;
  const slots = rest.length === 2 ? rest[0]! : 1;
  if (rest.length < 1 || rest.length > 2) throw badOutput(probabilities);
  const numbers = graph.constant(
    fromNumbers(
      'int32',
      Array.from({ length: classes }, (_, i) => i),
      [...rest.map(() => 1), classes],
    ),
  );
  const target = cast(equal(reshape(label, [batch!, ...rest.with(-1, 1)]), numbers), 'float32');
  const logits = logitsOf(graph, probabilities);

  const weightSum = sum(sampleWeight, [0], false);
  const share = reshape(reduction === 'mean' ? div(sampleWeight, weightSum) : sampleWeight, [batch!, 1]);
  const perLabel = losses[loss].build(math, { probabilities, logits, target });
  const perSample = slots === 1 ? perLabel : sum(reshape(perLabel, [batch!, slots]), [1]);
  const dataLoss = sum(mul(perSample, share), [0, 1], false);
  const penalties = Object.entries(regularizers).flatMap(([name, { l1, l2 }]) =>
    penaltiesOf(math, graph.value(name), l1, l2),
  );
  const total = penalties.reduce((sum, penalty) => add(sum, penalty), dataLoss);

  const best = graph.op('ArgMax', [logits?.activation === 'Softmax' ? logits.values : probabilities], {
    axis: rest.length,
    keepdims: 0,
  });
  const hits = cast(equal(cast(best, 'int32'), label), 'float32');
  const right = slots === 1 ? hits : mean(hits, [1], false);
  const sums = [
    reduction === 'mean' ? mul(total, weightSum) : total,
    sum(mul(right, sampleWeight), [0], false),
    weightSum,
  ];
  const metrics = concat(
    sums.map((value) => reshape(value, [1])),
    0,
  );
  return { loss: total, metrics };
}

/** What the activation that made the probabilities was given. */
function logitsOf(graph: GraphBuilder, probabilities: Value): LossInputs['logits'] {
  const last = graph.producer(probabilities.name);
  if (last?.op !== 'Softmax' && last?.op !== 'Sigmoid') return undefined;
  return { activation: last.op, values: graph.value(last.inputs[0]!) };
}

/** l1 sum |w| and l2 sum w^2, those of them that are asked for. */
function penaltiesOf({ graph, mul, sum, square, reshape }: Maths, w: Value, l1 = 0, l2 = 0): Value[] {
  const flat = (value: Value) => reshape(value, [elements(w)]);
  const l1Penalty = () => mul(sum(graph.op('Abs', [flat(w)]), [0], false), l1);
  const l2Penalty = () => mul(sum(square(flat(w)), [0], false), l2);
  return [...(l1 ? [l1Penalty()] : []), ...(l2 ? [l2Penalty()] : [])];
}

function badOutput({ shape }: Value): DenaryError {
  return new DenaryError({
    code: 'bad-model',
    who: 'createTrainingGraph',
    expected: 'an output [batch, classes] or [batch, slots, classes]',
    received: `[${shape}]`,
    remedy: 'Give a classifier.',
  });
}
