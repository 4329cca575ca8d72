/**
 * Writes a graph in the operators that ONNX Runtime's WebGPU provider has and gets right, as of version 1.30. What it lacks
 * would run on the CPU, with everything copied there and back.
 */

import {
  attribute,
  fromNumbers,
  type Graph,
  GraphBuilder,
  type Node,
  type Operator,
  toNumbers,
  type Value,
} from '@denary/core';
import { SELU } from '../autodiff/rules/activations.js';
import { type Maths, maths, sizes } from '../math.js';

/** Buffers that a shader can bind on every WebGPU device: a node's inputs and outputs together. */
const BUFFERS = 8;

const STEEP = 1e30;

/** Gives the value, or values, that take the place of the node's outputs. */
type Rewrite = (math: Maths, inputs: readonly Value[], node: Node) => Value | readonly Value[];

const axisOf = ({ attributes }: Node, x: Value, fallback: number): number => {
  const axis = attribute(attributes, 'axis', 'int') ?? fallback;
  return axis < 0 ? axis + x.shape.length : axis;
};

const rewrites: { readonly [O in Operator]?: Rewrite } = {
  // The first of the largest, as int32: of the classes counted from the last, it is the highest where x is largest.
  // WebGPU has ArgMax, but can do nothing with the int64 that it gives.
  ArgMax: ({ graph, equal, max, where, sub, cast }, [x], node) => {
    const axis = axisOf(node, x!, 0);
    const count = sizes(x!)[axis]!;
    const shape = sizes(x!).map((size, i) => (i === axis ? size : 1));
    const fromLast = graph.constant(
      fromNumbers(
        'float32',
        Array.from({ length: count }, (_, i) => count - 1 - i),
        shape,
      ),
    );
    const keepdims = attribute(node.attributes, 'keepdims', 'int') !== 0;
    return cast(sub(count - 1, max(where(equal(x!, max(x!, [axis])), fromLast, -1), [axis], keepdims)), 'int32');
  },

  // As steep as a step where it stands for one, but not so steep that it overflows: WGSL promises no infinities.
  HardSigmoid: ({ graph }, [x], node) =>
    graph.op('HardSigmoid', [x!], {
      alpha: Math.min(attribute(node.attributes, 'alpha', 'float') ?? 0.2, STEEP),
      beta: attribute(node.attributes, 'beta', 'float') ?? 0.5,
    }),

  // log softmax(x) = x - logsumexp(x)
  LogSoftmax: (math, [x], node) => math.sub(x!, logSumExp(math, x!, [axisOf(node, x!, -1)], true)),

  Or: ({ graph, not }, [a, b]) => not(graph.op('And', [not(a!), not(b!)])),

  PRelu: ({ where, greater, mul }, [x, slope]) => where(greater(x!, 0), x!, mul(x!, slope!)),

  // WebGPU has it, but takes the exponentials of large numbers as they are.
  ReduceLogSumExp: (math, [x, listed], node) => {
    const given = attribute(node.attributes, 'axes', 'ints') ?? (listed && constantsOf(math.graph, listed));
    const axes = given?.length ? given : sizes(x!).map((_, axis) => axis);
    return logSumExp(math, x!, axes, attribute(node.attributes, 'keepdims', 'int') !== 0);
  },

  Selu: ({ graph, mul }, [x], { attributes }) => {
    const elu = graph.op('Elu', [x!], { alpha: attribute(attributes, 'alpha', 'float') ?? SELU.alpha });
    return mul(elu, attribute(attributes, 'gamma', 'float') ?? SELU.gamma);
  },

  Sign: ({ sub, cast, greater, less }, [x]) => sub(cast(greater(x!, 0), x!.dtype), cast(less(x!, 0), x!.dtype)),

  // max(x, 0) + log(1 + e^-|x|), which does not overflow. WebGPU has it in Node, and not on the web.
  Softplus: ({ graph, add, log, exp, neg }, [x]) =>
    add(graph.op('Relu', [x!]), log(add(exp(neg(graph.op('Abs', [x!]))), 1))),

  // In groups, and those in groups, so that each fits into a shader.
  Split: (math, [x, listed], node) => {
    const axis = axisOf(node, x!, 0);
    const given = attribute(node.attributes, 'split', 'ints') ?? (listed && constantsOf(math.graph, listed));
    const count = node.outputs.length;
    return splitInGroups(math, x!, axis, given ?? new Array<number>(count).fill(sizes(x!)[axis]! / count));
  },

  Sum: ({ add }, inputs) => inputs.reduce((sum, input) => add(sum, input)),
};

/** The same graph, computing the same, with the outputs of ArgMax in int32. All shapes must be fixed numbers. */
export function inGpuOperators(graph: Graph, opset: number): Graph {
  const builder = new GraphBuilder(graph.name, opset);
  const math = maths(builder);
  builder.reserve(graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]));
  for (const { name, dtype, shape } of graph.inputs) builder.input(name, dtype, shape);
  for (const [name, tensor] of graph.initializers) builder.initializer(name, tensor);
  const replaced = new Map<string, string>();
  for (const original of graph.nodes) {
    const node = { ...original, inputs: original.inputs.map((name) => replaced.get(name) ?? name) };
    const rewrite = fits(node) ? undefined : rewrites[node.op as Operator];
    if (!rewrite) {
      builder.append(node);
      continue;
    }
    const inputs = node.inputs.filter((name) => name !== '').map((name) => builder.value(name));
    [rewrite(math, inputs, node)].flat().forEach((value, i) => replaced.set(node.outputs[i]!, value.name));
  }
  for (const { name } of graph.outputs) builder.output(builder.value(replaced.get(name) ?? name), name);
  return builder.build();
}

const fits = ({ op, outputs }: Node): boolean => op === 'Split' && outputs.length < BUFFERS;

const constantsOf = (graph: GraphBuilder, { name }: Value): readonly number[] => toNumbers(graph.constantOf(name)!);

/** m + log(sum e^(x - m)), where m is the largest. */
function logSumExp(
  { sub, add, exp, log, sum, max, reshape }: Maths,
  x: Value,
  axes: readonly number[],
  keepdims: boolean,
): Value {
  const largest = max(x, axes);
  const result = add(largest, log(sum(exp(sub(x, largest)), axes)));
  const reduced = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  return keepdims
    ? result
    : reshape(
        result,
        sizes(x).filter((_, axis) => !reduced.includes(axis)),
      );
}

function splitInGroups(math: Maths, x: Value, axis: number, lengths: readonly number[]): readonly Value[] {
  const most = BUFFERS - 1;
  if (lengths.length <= most) return math.split(x, axis, lengths);
  const groupSize = Math.ceil(lengths.length / most);
  const groups = Array.from({ length: Math.ceil(lengths.length / groupSize) }, (_, i) =>
    lengths.slice(i * groupSize, (i + 1) * groupSize),
  );
  const totals = groups.map((group) => group.reduce((sum, length) => sum + length, 0));
  return math.split(x, axis, totals).flatMap((part, i) => splitInGroups(math, part, axis, groups[i]!));
}
