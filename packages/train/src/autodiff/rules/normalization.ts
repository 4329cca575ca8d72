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

  // y = h g + b, h = (x - mean(x)) / s, s = sqrt(variance(x) + epsilon), over the last axes:
  // dx = (dy g - mean(dy g) - h mean(dy g h)) / s, dg = sum(dy h), db = sum(dy)
  LayerNormalization: (c) => {
    const { x, dy, mean, sub, mul, div, square } = c;
    const rank = sizes(x).length;
    const first = c.attr('axis', 'int', -1);
    const axes = Array.from({ length: rank }, (_, axis) => axis).slice(first);
    const centred = sub(x, mean(x, axes));
    const deviation = c.sqrt(c.add(mean(square(centred), axes), c.attr('epsilon', 'float', 1e-5)));
    const normal = div(centred, deviation);
    const scaled = mul(dy, c.inputs[1]!);
    const straight = sub(scaled, mean(scaled, axes));
    return [
      c.wanted(0) ? div(sub(straight, mul(normal, mean(mul(scaled, normal), axes))), deviation) : undefined,
      c.wanted(1) ? mul(dy, normal) : undefined,
      c.inputs[2] && dy,
    ];
  },

  // Identity where the model predicts
  Dropout: ({ dy }) => [dy],
} as const satisfies Record<string, Rule>;
