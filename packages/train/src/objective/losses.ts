/** Losses by their Keras names: each as graph nodes for training, and as a plain function for evaluating predictions. */

import type { Value } from '@denary/core';
import type { Maths } from '../math.js';

export type LossName = 'categorical_crossentropy' | 'sparse_categorical_crossentropy' | 'mean_squared_error';

export interface LossInputs {
  /** The model's output, [batch, classes]. */
  readonly probabilities: Value;
  /** What the model's last Softmax was given, where it ends in one: the loss is then exact and its gradient short. */
  readonly logits: Value | undefined;
  /** One-hot labels, [batch, classes]. */
  readonly target: Value;
}

interface Loss {
  /** The loss of each sample, [batch, 1]. */
  build(math: Maths, inputs: LossInputs): Value;
  /** The loss of one sample from its probabilities. */
  of(probabilities: ArrayLike<number>, label: number): number;
}

/** Keras' epsilon: probabilities are kept this far from 0 and 1. */
const EPSILON = 1e-7;

const crossentropy: Loss = {
  // logsumexp(z) - z_label, or -log p_label with p divided by its sum, as Keras does where no softmax made it
  build(math, { probabilities, logits, target }) {
    if (logits) return math.sub(math.logSumExp(logits, [1]), math.sum(math.mul(target, logits), [1]));
    const { graph } = math;
    const shares = math.div(probabilities, math.sum(probabilities, [1]));
    const clipped = graph.op('Clip', [shares, graph.scalar(EPSILON), graph.scalar(1 - EPSILON)]);
    return math.neg(math.sum(math.mul(target, math.log(clipped)), [1]));
  },
  of(probabilities, label) {
    let sum = 0;
    for (let i = 0; i < probabilities.length; i++) sum += probabilities[i]!;
    return -Math.log(Math.min(Math.max(probabilities[label]! / sum, EPSILON), 1 - EPSILON));
  },
};

export const losses: { readonly [L in LossName]: Loss } = {
  // Labels are class numbers in every data set; one-hot and sparse labels are the same loss.
  categorical_crossentropy: crossentropy,
  sparse_categorical_crossentropy: crossentropy,
  mean_squared_error: {
    // the mean over classes of (p - t)^2
    build: (math, { probabilities, target }) => math.mean(math.square(math.sub(probabilities, target)), [1]),
    of(probabilities, label) {
      let sum = 0;
      for (let i = 0; i < probabilities.length; i++) sum += (probabilities[i]! - (i === label ? 1 : 0)) ** 2;
      return sum / probabilities.length;
    },
  },
};
