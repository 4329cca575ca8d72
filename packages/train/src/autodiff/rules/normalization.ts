/** Gradients of normalisation and regularisation layers in the form in which they predict (training forms are lowered). */

import { sizes } from '../../math.js';
import type { Rule } from '../rule.js';

export const normalization = {
  // y = (x - mean) g / s + b, s = sqrt(variance + epsilon), mean and variance fixed:
  // dx = dy g / s, dg = sum(dy (x - mean) / s), db = sum(dy)
  BatchNormalization: (c) => {
    const [x, gamma, , mean, variance] = c.inputs.map((input) => input!) as [
      typeof c.x,
      typeof c.x,
      typeof c.x,
      typeof c.x,
      typeof c.x,
    ];
    const channels = sizes(gamma)[0]!;
    const perChannel = (value: typeof x) =>
      c.reshape(
        value,
        sizes(x).map((_, axis) => (axis === 1 ? channels : 1)),
      );
    const others = sizes(x).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const deviation = c.sqrt(c.add(variance, c.attr('epsilon', 'float', 1e-5)));
    return [
      c.mul(c.dy, perChannel(c.div(gamma, deviation))),
      c.wanted(1) ? c.div(c.sum(c.mul(c.dy, c.sub(x, perChannel(mean))), others, false), deviation) : undefined,
      c.wanted(2) ? c.sum(c.dy, others, false) : undefined,
    ];
  },

  // y = n g + b, n = (x - mean) / s over the axes from `axis` on, z = dy g:
  // dx = (z - mean(z) - n mean(z n)) / s, dg = sum(dy n), db = sum(dy), which the walk sums
  LayerNormalization: (c) => {
    const [x, gamma] = [c.x, c.inputs[1]!];
    const first = (c.attr('axis', 'int', -1) + sizes(x).length) % sizes(x).length;
    const axes = sizes(x).flatMap((_, axis) => (axis >= first ? [axis] : []));
    const centred = c.sub(x, c.mean(x, axes));
    const deviation = c.sqrt(c.add(c.mean(c.square(centred), axes), c.attr('epsilon', 'float', 1e-5)));
    const normal = c.div(centred, deviation);
    const z = c.mul(c.dy, gamma);
    const along = c.mul(normal, c.mean(c.mul(z, normal), axes));
    return [
      c.wanted(0) ? c.div(c.sub(c.sub(z, c.mean(z, axes)), along), deviation) : undefined,
      c.wanted(1) ? c.mul(c.dy, normal) : undefined,
      c.wanted(2) ? c.dy : undefined,
    ];
  },

  // Identity where the model predicts
  Dropout: ({ dy }) => [dy],
} as const satisfies Record<string, Rule>;
