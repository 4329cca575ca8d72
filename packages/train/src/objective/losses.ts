/** Losses by their Keras names: each as graph nodes for training, and as a plain function for evaluating predictions. */

import type { Value } from '@denary/core';
import { type Maths, sizes } from '../math.js';

export type LossName =
  | 'categorical_crossentropy'
  | 'sparse_categorical_crossentropy'
  | 'binary_crossentropy'
  | 'logistic_loss'
  | 'mean_squared_error';

export interface LossInputs {
  /** The model's output, [batch, classes] or [batch, slots, classes]. */
  readonly probabilities: Value;
  /** What the model's last activation was given: a loss that goes with it is then exact and its gradient short. */
  readonly logits: { readonly activation: 'Softmax' | 'Sigmoid'; readonly values: Value } | undefined;
  /** One-hot labels, in the same shape. */
  readonly target: Value;
}

interface Loss {
  /** The loss of each label: the same shape with a last axis of 1. */
  build(math: Maths, inputs: LossInputs): Value;
  /** The loss of one sample from its probabilities. */
  of(probabilities: ArrayLike<number>, label: number): number;
}

/** Keras' epsilon: probabilities are kept this far from 0 and 1. */
const EPSILON = 1e-7;

const lastAxis = ({ shape }: Value): [number] => [shape.length - 1];

const crossentropy: Loss = {
  // logsumexp(z) - z_label, or -log p_label with p divided by its sum, as Keras does where no softmax made it
  build(math, { probabilities, logits, target }) {
    const axes = lastAxis(probabilities);
    if (logits?.activation === 'Softmax') {
      return math.sub(math.logSumExp(logits.values, axes), math.sum(math.mul(target, logits.values), axes));
    }
    const { graph } = math;
    const shares = math.div(probabilities, math.sum(probabilities, axes));
    const clipped = graph.op('Clip', [shares, graph.scalar(EPSILON), graph.scalar(1 - EPSILON)]);
    return math.neg(math.sum(math.mul(target, math.log(clipped)), axes));
  },
  of(probabilities, label) {
    let sum = 0;
    for (let i = 0; i < probabilities.length; i++) sum += probabilities[i]!;
    return -Math.log(Math.min(Math.max(probabilities[label]! / sum, EPSILON), 1 - EPSILON));
  },
};

/** -t log p - (1 - t) log(1 - p) of each class, or log(1 + e^z) - t z where a sigmoid made p of z. */
function logisticOfClasses(math: Maths, { probabilities, logits, target }: LossInputs): Value {
  const { graph, add, sub, mul, log, neg } = math;
  if (logits?.activation === 'Sigmoid') return sub(softplus(math, logits.values), mul(target, logits.values));
  const p = graph.op('Clip', [probabilities, graph.scalar(EPSILON), graph.scalar(1 - EPSILON)]);
  return neg(add(mul(target, log(p)), mul(sub(1, target), log(sub(1, p)))));
}

/** log(1 + e^z) as logsumexp(0, z), which does not overflow. ONNX's Softplus is not there in every runtime and type. */
function softplus({ graph, concat, reshape, expand, logSumExp }: Maths, z: Value): Value {
  const column = [...sizes(z), 1];
  const zeros = expand(graph.scalar(0, z.dtype), column);
  return logSumExp(concat([zeros, reshape(z, column)], z.shape.length), [z.shape.length], false);
}

function logisticSum(probabilities: ArrayLike<number>, label: number): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = Math.min(Math.max(probabilities[i]!, EPSILON), 1 - EPSILON);
    sum -= Math.log(i === label ? p : 1 - p);
  }
  return sum;
}

export const losses: { readonly [L in LossName]: Loss } = {
  // Labels are class numbers in every data set; one-hot and sparse labels are the same loss.
  categorical_crossentropy: crossentropy,
  sparse_categorical_crossentropy: crossentropy,
  // The mean over the classes, as Keras has it.
  binary_crossentropy: {
    build: (math, inputs) => math.mean(logisticOfClasses(math, inputs), lastAxis(inputs.probabilities)),
    of: (probabilities, label) => logisticSum(probabilities, label) / probabilities.length,
  },
  // The sum over the classes: what the textbooks' networks of logistic units minimise.
  logistic_loss: {
    build: (math, inputs) => math.sum(logisticOfClasses(math, inputs), lastAxis(inputs.probabilities)),
    of: logisticSum,
  },
  mean_squared_error: {
    // the mean over classes of (p - t)^2
    build: (math, { probabilities, target }) =>
      math.mean(math.square(math.sub(probabilities, target)), lastAxis(probabilities)),
    of(probabilities, label) {
      let sum = 0;
      for (let i = 0; i < probabilities.length; i++) sum += (probabilities[i]! - (i === label ? 1 : 0)) ** 2;
      return sum / probabilities.length;
    },
  },
};
