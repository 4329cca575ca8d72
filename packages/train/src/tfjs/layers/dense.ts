/** Dense and Embedding: products with a kernel, and rows of one. */

import { activate } from './activations.js';
import { type LayerContext, type LayerRow, single, when } from './row.js';

/** The bias of a layer, where it has one. */
export const biasOf = (c: LayerContext, units: number) =>
  c.config.flag('use_bias', true) ? c.initializer('bias', c.weight('bias', [units])) : undefined;

export const denseLayers = {
  Dense: single((c, x) => {
    const units = c.config.whole('units', 1);
    const inputs = c.fixed(x.shape.at(-1));
    const kernel = c.initializer('kernel', c.weight('kernel', [inputs, units]));
    const bias = biasOf(c, units);
    const value = c.layout.last(x);
    if (x.shape.length === 2)
      return activate(c, c.layout.fromLast(c.op('Gemm', [value, kernel, ...(bias ? [bias] : [])])));
    const product = c.op('MatMul', [value, kernel]);
    return activate(c, c.layout.fromLast(bias ? c.op('Add', [product, bias]) : product));
  }),

  // Whole numbers in a float32 input are cut off, as TensorFlow.js does.
  Embedding: single(
    (c, x) => {
      const rows = c.weight('embeddings', [c.config.whole('input_dim', 1), c.config.whole('output_dim', 1)]);
      const indices = c.layout.last(c.cast(x, 'int32'));
      return c.layout.fromLast(c.op('Gather', [c.initializer('embeddings', rows), indices], { axis: 0 }));
    },
    (config) => when(config.flag('mask_zero', false), 'mask_zero'),
  ),
} satisfies Record<string, LayerRow>;
