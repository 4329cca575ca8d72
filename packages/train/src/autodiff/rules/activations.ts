/** Gradients of the activations that other frameworks' exporters write; what ours are made of is in elementwise.ts. */

import type { Value } from '@denary/core';
import type { Rule, RuleContext } from '../rule.js';

/** 1 / sqrt(2 pi), the height of the normal density. */
const DENSITY = 0.3989422804014327;
/** Of the tanh form: tanh(slope (x + cubic x^3)), as in Hendrycks and Gimpel, 2016. */
const GELU = { slope: Math.sqrt(2 / Math.PI), cubic: 0.044715 } as const;
/** ONNX's defaults, from Klambauer et al., 2017. */
export const SELU = { alpha: 1.6732632423543772, gamma: 1.0507009873554805 } as const;

/** dy where x > 0, else dy times what it says. */
const leaky = (c: RuleContext, slope: Value | number): Value => c.where(c.greater(c.x, 0), c.dy, c.mul(c.dy, slope));

/** d (x P(x)) = dy (P + x p), P and p being the normal distribution's function and density. */
function exactGelu({ graph, x, dy, add, mul, exp, square }: RuleContext): Value {
  const below = mul(add(graph.op('Erf', [mul(x, Math.SQRT1_2)]), 1), 0.5);
  const density = mul(exp(mul(square(x), -0.5)), DENSITY);
  return mul(dy, add(below, mul(x, density)));
}

/** d (x (1 + t) / 2), t = tanh(u) = dy ((1 + t) / 2 + x (1 - t^2) u' / 2) */
function tanhGelu({ graph, x, dy, add, sub, mul, square }: RuleContext): Value {
  const squares = square(x);
  const t = graph.op('Tanh', [mul(mul(x, GELU.slope), add(mul(squares, GELU.cubic), 1))]);
  const slope = mul(add(mul(squares, 3 * GELU.cubic), 1), GELU.slope / 2);
  return mul(dy, add(mul(add(t, 1), 0.5), mul(mul(x, sub(1, square(t))), slope)));
}

export const activations = {
  // d erf(x) = dy 2 / sqrt(pi) exp(-x^2)
  Erf: ({ dy, x, mul, exp, neg, square }) => [mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))],
  Gelu: (c) => [c.attr('approximate', 'string', 'none') === 'tanh' ? tanhGelu(c) : exactGelu(c)],
  // d (x clip(x / 6 + 1/2, 0, 1)) = dy clip(x / 6 + 1/2, 0, 1), and dy x / 6 besides where -3 < x < 3
  HardSwish: ({ graph, x, dy, add, mul, where, less, div }) => {
    const gate = graph.op('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 });
    return [mul(dy, add(gate, where(less(graph.op('Abs', [x]), 3), div(x, 6), 0)))];
  },
  // d leaky(x) = dy where x > 0, else dy alpha
  LeakyRelu: (c) => [leaky(c, c.attr('alpha', 'float', 0.01))],
  // d prelu(x, slope) = as above, and dy x for the slope where x <= 0
  PRelu: (c) => [
    c.wanted(0) ? leaky(c, c.inputs[1]!) : undefined,
    c.wanted(1) ? c.where(c.greater(c.x, 0), 0, c.mul(c.dy, c.x)) : undefined,
  ],
  // d selu(x) = dy gamma where x > 0, else dy (y + gamma alpha)
  Selu: (c) => {
    const alpha = c.attr('alpha', 'float', SELU.alpha);
    const gamma = c.attr('gamma', 'float', SELU.gamma);
    return [c.mul(c.dy, c.where(c.greater(c.x, 0), gamma, c.add(c.y, gamma * alpha)))];
  },
  // d log(1 + e^x) = dy sigmoid(x)
  Softplus: ({ graph, dy, x, mul }) => [mul(dy, graph.op('Sigmoid', [x]))],
} as const satisfies Record<string, Rule>;
