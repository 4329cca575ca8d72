/** Batch normalization as it trains (Ioffe and Szegedy, 2015): by the batch's own mean and variance, with Keras' moving averages. */

import { attribute, type Node, type Value } from '@denary/core';
import { sizes } from '../math.js';
import type { TrainingContext } from './training-form.js';

/**
 * y = (x - mean) gamma / sqrt(variance + epsilon) + beta. Samples of weight 0 do not count: sums over the batch are
 * products with the row of ones and zeros, which costs no pass of its own over x.
 */
export function batchNormalization(node: Node, { math, sampleWeight, nextStatistic }: TrainingContext): void {
  const { graph, add, sub, mul, div, sqrt, square, sum, cast, greater, reshape, matmul } = math;
  const [x, gamma, beta, movingMean, movingVariance] = node.inputs.map((name) => graph.value(name)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const [batch, channels, ...spatial] = sizes(x) as [number, number, ...number[]];
  const area = spatial.reduce((product, size) => product * size, 1);
  const momentum = attribute(node.attributes, 'momentum', 'float') ?? 0.9;
  const epsilon = attribute(node.attributes, 'epsilon', 'float') ?? 1e-5;

  const counts = reshape(cast(greater(sampleWeight, 0), 'float32'), [1, batch]);
  const positions = mul(sum(counts, [1], false), area);
  const mean = (value: Value): Value => {
    const overBatch = reshape(matmul(counts, reshape(value, [batch, channels * area])), [channels, area]);
    return div(area === 1 ? reshape(overBatch, [channels]) : sum(overBatch, [1], false), positions);
  };
  const perChannel = (value: Value) => reshape(value, [1, channels, ...spatial.map(() => 1)]);

  const batchMean = mean(x);
  const centred = sub(x, perChannel(batchMean));
  const batchVariance = mean(square(centred));
  const scale = div(gamma, sqrt(add(batchVariance, epsilon)));
  graph.op(
    'Add',
    [mul(centred, perChannel(scale)), perChannel(beta)],
    {},
    { name: node.name, outputs: [node.outputs[0]!] },
  );

  const follow = (old: Value, now: Value) => add(mul(momentum, old), mul(1 - momentum, now));
  nextStatistic(movingMean.name, follow(movingMean, batchMean));
  nextStatistic(movingVariance.name, follow(movingVariance, batchVariance));
}
