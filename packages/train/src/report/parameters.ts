/** How many numbers a model has learnt or measured, counted as Keras does. */

import { type Model, sizeOf } from '@denary/core';

/** Its weights are the numbers that are not scalars; of an LSTM's bias, one half is always zero. */
export function parametersOf({ graph }: Model): number {
  const weights = [...graph.initializers.values()].filter(
    ({ dtype, shape }) => dtype === 'float32' && shape.length > 0,
  );
  const unused = graph.nodes.map(({ op, inputs }) => {
    const bias = op === 'LSTM' ? graph.initializers.get(inputs[3] ?? '') : undefined;
    return bias ? sizeOf(bias.shape) / 2 : 0;
  });
  return weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0) - unused.reduce((sum, size) => sum + size, 0);
}
