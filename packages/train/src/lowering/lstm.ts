/** An LSTM (Hochreiter and Schmidhuber, 1997) as its cells, one after the other, in operators that have gradients. */

import { attribute, type GraphBuilder, type Node, type Value } from '@denary/core';
import { type Maths, sizes } from '../math.js';

/** Whether it is the LSTM that Keras builds: one direction, from zero, no peepholes, no masks, the usual activations. */
export function isPlainLstm({ attributes, inputs }: Node, graph: GraphBuilder): boolean {
  const plain = ['direction', 'hidden_size'];
  const optional = inputs.slice(4).filter((name) => name !== '');
  const forward = (attribute(attributes, 'direction', 'string') ?? 'forward') === 'forward';
  return (
    forward &&
    optional.length === 0 &&
    Object.keys(attributes).every((name) => plain.includes(name)) &&
    graph.value(inputs[0]!).shape.length === 3
  );
}

/**
 * For each step, with the gates in ONNX's order (input, output, forget, cell):
 *   [i o f] = sigmoid, g = tanh of [b W R] [1; x; h];  c = f c + i g;  h = o tanh(c)
 * One product a step, over a one, the step's input and the last output: everything that a step touches fits into the cache,
 * and the bias gets its gradient with the weights. Features come first and the batch last, so that to part or to join gates
 * is to copy a run of memory. The recurrent half of the bias has no part in it: it stays zero, as Keras has only one bias.
 */
export function unrollLstm(node: Node, math: Maths): void {
  const { graph, add, mul, concat, reshape, slice, split, expand, transpose, gemm } = math;
  const [x, kernel, recurrent, biases] = node.inputs.map((name) => (name ? graph.value(name) : undefined));
  const [steps, batch, inputs] = sizes(x!) as [number, number, number];
  const hidden = sizes(recurrent!)[2]!;
  const bias = biases && reshape(slice(biases, [1], [0], [4 * hidden]), [4 * hidden, 1]);
  const w = reshape(kernel!, [4 * hidden, inputs]);
  const atFirst = bias ? concat([bias, w], 1) : w;
  const later = concat([atFirst, reshape(recurrent!, [4 * hidden, hidden])], 1);
  const one = bias ? [expand(graph.scalar(1, x!.dtype), [1, batch])] : [];
  const unary = (op: 'Sigmoid' | 'Tanh', value: Value) => graph.op(op, [value]);

  const outputs: Value[] = [];
  let h: Value | undefined;
  let c: Value | undefined;
  for (const part of split(transpose(x!, [0, 2, 1]), 0, new Array<number>(steps).fill(1))) {
    const now = [...one, reshape(part, [inputs, batch])];
    const gates = h ? gemm(later, concat([...now, h], 0)) : gemm(atFirst, concat(now, 0));
    const [input, output, forget, cell] = split(gates, 0, new Array<number>(4).fill(hidden)) as [
      Value,
      Value,
      Value,
      Value,
    ];
    const [i, o, f] = [input, output, forget].map((gate) => unary('Sigmoid', gate)) as [Value, Value, Value];
    const fresh = mul(i, unary('Tanh', cell));
    c = c ? add(mul(f, c), fresh) : fresh;
    h = mul(o, unary('Tanh', c));
    outputs.push(h);
  }

  const [sequence, lastHidden, lastCell] = node.outputs;
  const shaped = (value: Value, shape: readonly number[], name: string) =>
    graph.op('Reshape', [value, graph.int64s(shape)], {}, { name, outputs: [name] });
  if (sequence) {
    const all = reshape(concat(outputs, 0), [steps, hidden, batch]);
    shaped(transpose(all, [0, 2, 1]), [steps, 1, batch, hidden], sequence);
  }
  if (lastHidden) shaped(transpose(h!, [1, 0]), [1, batch, hidden], lastHidden);
  if (lastCell) shaped(transpose(c!, [1, 0]), [1, batch, hidden], lastCell);
}
