/**
 * Rewrites a model's nodes into the form in which they train: dropout drops, batch normalization uses its batch, max
 * pooling remembers where the maximum was. Whatever is not in the table is taken over as it is.
 */

import { attribute, type Node, type Tensor, toNumbers, type Value } from '@denary/core';
import type { Maths } from '../math.js';
import { batchNormalization } from './batch-normalization.js';
import { dropout } from './dropout.js';
import { scaleIntoGemm } from './gemm-scale.js';
import { isPlainLstm, unrollLstm } from './lstm.js';
import { hasRecurrentBias, unrollRecurrence } from './recurrence.js';
import type { Target } from './target.js';
import { averageOverZeros, isOneDimensional, leavesOutPadding, overImage } from './windows.js';

export interface TrainingContext {
  readonly math: Maths;
  /** Default `cpu`. */
  readonly target?: Target;
  /** Per-sample weights, [batch]; 0 for a sample that only fills up the batch. */
  readonly sampleWeight: Value;
  /** A weight's value before training; none of what is computed. */
  readonly initial?: (name: string) => Tensor | undefined;
  /** Random uint32 keys of this step, one a sample, [batch, 1]. */
  readonly rowKeys: () => Value;
  /** Told of the next value of a moving statistic. */
  readonly nextStatistic: (name: string, value: Value) => void;
  /** Whether a moving statistic is kept up to date; if not, normalization predicts as the finished model does. */
  readonly followsStatistics: (name: string) => boolean;
}

const slides = new Set(['AveragePool', 'Conv', 'MaxPool']);

/** Appends one node to the graph, in its training form. */
export function appendForTraining(node: Node, context: TrainingContext): void {
  const { graph } = context.math;
  const { initial = () => undefined } = context;
  const x = () => graph.value(node.inputs[0]!);
  if (slides.has(node.op) && isOneDimensional(node, graph)) {
    overImage(node, context.math, (wider) => appendForTraining(wider, context));
    return;
  }
  switch (node.op) {
    case 'AveragePool':
      if (leavesOutPadding(node)) averageOverZeros(node, context.math);
      else graph.append(node);
      return;
    case 'Dropout': {
      const ratio = graph.constantOf(node.inputs[1] ?? '');
      const rate = ratio ? toNumbers(ratio)[0]! : (attribute(node.attributes, 'ratio', 'float') ?? 0.5);
      if (rate === 0) graph.op('Identity', [x()], {}, { name: node.name, outputs: [node.outputs[0]!] });
      else dropout(x(), rate, node, context);
      return;
    }
    case 'BatchNormalization':
      if (node.inputs.slice(3).every((name) => context.followsStatistics(name))) batchNormalization(node, context);
      else graph.append(node);
      return;
    case 'Gemm':
      graph.append(scaleIntoGemm(node, graph));
      return;
    case 'LSTM':
      if (!isPlainLstm(node, graph) || biasedTwice(node, context)) unrollRecurrence(node, context.math, initial);
      else if (context.target === 'gpu') graph.append(withSequence(node));
      else unrollLstm(node, context.math);
      return;
    case 'GRU':
    case 'RNN':
      unrollRecurrence(node, context.math, initial);
      return;
    case 'MaxPool':
      graph.append(
        node.outputs.length === 1 && context.target !== 'gpu' && indicesSuffice(node)
          ? { ...node, outputs: [node.outputs[0]!, `${node.outputs[0]}/indices`] }
          : node,
      );
      return;
    default:
      graph.append(node);
  }
}

/** Whether an LSTM has a bias of the recurrence, which Keras has not, but PyTorch. */
function biasedTwice({ inputs }: Node, { initial }: TrainingContext): boolean {
  const bias = initial?.(inputs[3] ?? '');
  return bias !== undefined && hasRecurrentBias(bias, bias.data.length / 2);
}

/** An LSTM that gives the outputs of all its steps: its gradient needs them. */
const withSequence = (node: Node): Node => ({
  ...node,
  outputs: [node.outputs[0] || `${node.name}/sequence`, ...node.outputs.slice(1)],
});

/** MaxUnpool puts a value where an index says and adds nothing up: enough where windows do not overlap. */
function indicesSuffice({ attributes }: Node): boolean {
  const kernel = attribute(attributes, 'kernel_shape', 'ints') ?? [];
  const strides = attribute(attributes, 'strides', 'ints') ?? kernel.map(() => 1);
  const dilations = attribute(attributes, 'dilations', 'ints') ?? [];
  const number = (name: string) => attribute(attributes, name, 'int') ?? 0;
  const plain = number('ceil_mode') === 0 && number('storage_order') === 0 && dilations.every((step) => step === 1);
  return plain && kernel.every((width, axis) => strides[axis]! >= width);
}

/**
 * MaxPool(Relu(x)) = Relu(MaxPool(x)), and on a quarter of the pixels. Swaps the two where nobody else reads the Relu.
 */
export function poolBeforeRelu(nodes: readonly Node[]): Node[] {
  const readers = new Map<string, number>();
  for (const name of nodes.flatMap(({ inputs }) => inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const result = [...nodes];
  for (let i = 0; i < result.length; i++) {
    const pool = result[i]!;
    if (pool.op !== 'MaxPool' || pool.outputs.length > 1) continue;
    const at = result.findIndex(({ op, outputs }) => op === 'Relu' && outputs[0] === pool.inputs[0]);
    const relu = result[at];
    if (!relu || readers.get(relu.outputs[0]!) !== 1) continue;
    const between = relu.outputs[0]!;
    result[at] = { ...pool, inputs: [relu.inputs[0]!], outputs: [between] };
    result[i] = { ...relu, inputs: [between], outputs: [pool.outputs[0]!] };
  }
  return result;
}
