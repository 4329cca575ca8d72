/** Losses and the optimizer as TensorFlow.js' `compile` takes them: the formulas of our own tables. */

import type * as tf from '@tensorflow/tfjs';
import type { LossName } from '../../objective/losses.js';
import type { Reduction } from '../../objective/objective.js';
import { type Arithmetic, type OptimizerSpec, optimizerOf } from '../../objective/optimizers.js';
import type { Ending } from './build-layers-model.js';
import type { Tfjs } from './tfjs.js';

/** Keras' epsilon, as in objective/losses.ts. */
const EPSILON = 1e-7;

/** The loss of each label [..., 1 less axis], from one-hot labels and the model's output: the logits of `ending`. */
type LossOf = (target: tf.Tensor, output: tf.Tensor) => tf.Tensor;

function labelLosses(tf: Tfjs, ending: Ending): { readonly [L in LossName]: LossOf } {
  const probabilities = (y: tf.Tensor) => (ending ? tf[ending](y) : y);
  const clipped = (p: tf.Tensor) => p.clipByValue(EPSILON, 1 - EPSILON);
  const crossentropy: LossOf = (t, y) => {
    if (ending === 'softmax') return tf.losses.softmaxCrossEntropy(t, y, undefined, 0, tf.Reduction.NONE);
    const p = probabilities(y);
    return t
      .mul(clipped(p.div(p.sum(-1, true))).log())
      .sum(-1)
      .neg();
  };
  const logistic: LossOf = (t, y) => {
    if (ending === 'sigmoid') return tf.softplus(y).sub(t.mul(y));
    const p = clipped(probabilities(y));
    return t
      .mul(p.log())
      .add(tf.sub(1, t).mul(tf.sub(1, p).log()))
      .neg();
  };
  return {
    categorical_crossentropy: crossentropy,
    sparse_categorical_crossentropy: crossentropy,
    binary_crossentropy: (t, y) => logistic(t, y).mean(-1),
    logistic_loss: (t, y) => logistic(t, y).sum(-1),
    mean_squared_error: (t, y) => probabilities(y).sub(t).square().mean(-1),
  };
}

/** The loss of each sample: the sum over its slots. `fit` takes their mean; by the batch's size that is their sum. */
export function lossOf(tf: Tfjs, loss: LossName, reduction: Reduction, ending: Ending): LossOf {
  const ofLabels = labelLosses(tf, ending)[loss];
  return (target, output) => {
    const perLabel = ofLabels(target, output);
    const perSample = perLabel.rank > 1 ? perLabel.sum(-1) : perLabel;
    return reduction === 'sum' ? perSample.mul(perSample.size) : perSample;
  };
}

/** The share of right answers: the mean over samples and their slots. */
export const accuracyOf = (tf: Tfjs): LossOf =>
  function accuracy(target, output) {
    return tf.equal(target.argMax(-1), output.argMax(-1)).toFloat().mean();
  };

const arithmetic = (tf: Tfjs): Arithmetic<tf.Tensor> => ({
  scalar: (value) => tf.scalar(value),
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  pow: (a, b) => tf.pow(a, b),
  maximum: (a, b) => tf.maximum(a, b),
  abs: (x) => tf.abs(x),
  sqrt: (x) => tf.sqrt(x),
  square: (x) => tf.square(x),
});

/** An optimizer of ours, with its memory by the names of the variables. */
export interface FormulaOptimizer extends tf.Optimizer {
  /** Of the next step, before its decay. */
  learningRate: number;
  /** Steps done. */
  step: number;
  /** `<variable>/<slot>`, and `<variable>/average` where averages are kept. */
  readonly memory: Map<string, tf.Variable>;
}

/** TensorFlow.js' NamedTensor, which it does not export. */
interface Named {
  readonly name: string;
  readonly tensor: tf.Tensor;
}

export const averageName = (variable: string): string => `${variable}/average`;

/** TensorFlow.js' own optimizers lack Nadam, decay and averages, and put Adam's epsilon elsewhere than Keras 3. */
export function createOptimizer(tf: Tfjs, spec: OptimizerSpec): FormulaOptimizer {
  const row = optimizerOf(spec);
  const { decay = 0, emaMomentum = 0 } = spec;
  const update = (rate: number, iteration: number) =>
    row.step(arithmetic(tf), spec, { rate: tf.scalar(rate), iteration: tf.scalar(iteration) });

  class Formula extends tf.Optimizer implements FormulaOptimizer {
    static readonly className = 'Formula';
    learningRate = 0;
    step = 0;
    readonly memory = new Map<string, tf.Variable>();

    override applyGradients(gradients: tf.NamedTensorMap | Named[]): void {
      const list = Array.isArray(gradients) ? gradients : Object.entries(gradients).map(named);
      tf.tidy(() => {
        const next = update(this.learningRate / (1 + decay * this.step), this.step + 1);
        for (const { name, tensor: g } of list) {
          const w = tf.engine().registeredVariables[name]!;
          const slots = row
            .slots(spec)
            .map(({ name: slot, scalar, initial = 0 }) =>
              this.remembered(`${name}/${slot}`, () => tf.fill(scalar ? [] : w.shape, initial)),
            );
          const [after, ...memory] = next({ w, g, slots });
          w.assign(after as never);
          slots.forEach((slot, i) => {
            slot.assign(memory[i]! as never);
          });
          if (emaMomentum) this.average(name, w);
        }
      });
      this.step++;
    }

    /** average = w + m (average - w) with the new w; m is 0 at the first step. */
    private average(name: string, w: tf.Variable): void {
      const average = this.remembered(averageName(name), () => w.clone());
      average.assign(w.add(average.sub(w).mul(this.step > 0 ? emaMomentum : 0)));
    }

    private remembered(name: string, initial: () => tf.Tensor): tf.Variable {
      const known = this.memory.get(name) ?? tf.variable(initial(), false);
      this.memory.set(name, known);
      return known;
    }

    override getConfig() {
      return { ...spec };
    }

    override dispose(): void {
      for (const variable of this.memory.values()) variable.dispose();
      this.memory.clear();
    }
  }
  return new Formula();
}

const named = ([name, tensor]: [string, tf.Tensor]): Named => ({ name, tensor });
