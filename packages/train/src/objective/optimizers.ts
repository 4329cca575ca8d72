/** Optimizers by their Keras names, as graph nodes; the formulas are Keras 3's (keras/src/optimizers). A new one is a row. */

import type { Value } from '@denary/core';
import type { Maths } from '../math.js';

interface Common {
  readonly learningRate?: number;
  /** The rate of step t (from 0) is learningRate / (1 + decay t), as in Keras 2; default 0. */
  readonly decay?: number;
}

export interface OptimizerOptions {
  /** Default learning rate 0.01, no momentum. */
  SGD: { readonly momentum?: number; readonly nesterov?: boolean };
  /** Default learning rate 0.001, rho 0.9, epsilon 1e-7. */
  RMSprop: { readonly rho?: number; readonly epsilon?: number };
  /** Default learning rate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7. */
  Adam: { readonly beta1?: number; readonly beta2?: number; readonly epsilon?: number };
  /** Default learning rate 0.001 (Keras 2's was 1.0), rho 0.95, epsilon 1e-7. */
  Adadelta: { readonly rho?: number; readonly epsilon?: number };
}

export type OptimizerName = keyof OptimizerOptions;
export type OptimizerSpec = {
  [O in OptimizerName]: { readonly name: O } & Common & OptimizerOptions[O];
}[OptimizerName];
type Settings<O extends OptimizerName> = OptimizerOptions[O];

/** What a step knows besides weights and gradients, as scalars. */
export interface StepScalars {
  readonly rate: Value;
  /** The number of this step, from 1, as float32. */
  readonly iteration: Value;
}

/** One weight's part of a step. */
interface Update {
  readonly w: Value;
  readonly g: Value;
  /** The optimizer's memory for this weight, in the order of `slots`. */
  readonly slots: readonly Value[];
}

interface Optimizer<O extends OptimizerName> {
  readonly learningRate: number;
  /** Names of what it remembers of each weight; all start at zero. */
  slots(settings: Settings<O>): readonly string[];
  /** Made once a step; gives the function that updates one weight: [new weight, ...new slots]. */
  step(math: Maths, settings: Settings<O>, scalars: StepScalars): (update: Update) => readonly Value[];
}

export const optimizers: { readonly [O in OptimizerName]: Optimizer<O> } = {
  // m = momentum m - rate g; w += m, or with Nesterov w += momentum m - rate g
  SGD: {
    learningRate: 0.01,
    slots: ({ momentum = 0 }) => (momentum ? ['momentum'] : []),
    step:
      ({ add, sub, mul }, { momentum = 0, nesterov = false }, { rate }) =>
      ({ w, g, slots: [m] }) => {
        const step = mul(rate, g);
        if (!m) return [sub(w, step)];
        const next = sub(mul(momentum, m), step);
        return [add(w, nesterov ? sub(mul(momentum, next), step) : next), next];
      },
  },

  // v = rho v + (1 - rho) g^2; w -= rate g / sqrt(v + epsilon)
  RMSprop: {
    learningRate: 0.001,
    slots: () => ['velocity'],
    step:
      ({ add, sub, mul, div, sqrt, square }, { rho = 0.9, epsilon = 1e-7 }, { rate }) =>
      ({ w, g, slots: [v] }) => {
        const velocity = add(mul(rho, v!), mul(1 - rho, square(g)));
        return [sub(w, div(mul(rate, g), sqrt(add(velocity, epsilon)))), velocity];
      },
  },

  // m += (1 - b1)(g - m); v += (1 - b2)(g^2 - v); w -= rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon)
  Adam: {
    learningRate: 0.001,
    slots: () => ['momentum', 'velocity'],
    step(math, { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }, { rate, iteration }) {
      const { graph, add, sub, mul, div, sqrt, square, pow } = math;
      const lost = (beta: number) => sub(1, pow(graph.scalar(beta), iteration));
      const alpha = div(mul(rate, sqrt(lost(beta2))), lost(beta1));
      return ({ w, g, slots: [m, v] }) => {
        const momentum = add(m!, mul(1 - beta1, sub(g, m!)));
        const velocity = add(v!, mul(1 - beta2, sub(square(g), v!)));
        return [sub(w, div(mul(alpha, momentum), add(sqrt(velocity), epsilon))), momentum, velocity];
      };
    },
  },

  // a = rho a + (1 - rho) g^2; u = g sqrt(d + epsilon) / sqrt(a + epsilon); d = rho d + (1 - rho) u^2; w -= rate u
  Adadelta: {
    learningRate: 0.001,
    slots: () => ['accumulated_grad', 'accumulated_delta'],
    step:
      ({ add, sub, mul, div, sqrt, square }, { rho = 0.95, epsilon = 1e-7 }, { rate }) =>
      ({ w, g, slots: [a, d] }) => {
        const gradients = add(mul(rho, a!), mul(1 - rho, square(g)));
        const step = mul(g, sqrt(div(add(d!, epsilon), add(gradients, epsilon))));
        const deltas = add(mul(rho, d!), mul(1 - rho, square(step)));
        return [sub(w, mul(rate, step)), gradients, deltas];
      },
  },
};

/** The row of an optimizer, with the type of its settings forgotten. */
export const optimizerOf = (spec: OptimizerSpec): Optimizer<OptimizerName> =>
  optimizers[spec.name] as Optimizer<OptimizerName>;

/** The learning rate that a spec asks for, or its optimizer's default. */
export const learningRateOf = (spec: OptimizerSpec): number => spec.learningRate ?? optimizerOf(spec).learningRate;
