/** An LSTM (Hochreiter and Schmidhuber, 1997) as its cells, one after the other, with one gradient for all of them. */

import { attribute, type GraphBuilder, type Node, type Value } from '@denary/core';
import type { Composite, Gradients } from '../autodiff/differentiate.js';
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
 * For each step, with the gates in ONNX's order (input, output, forget, cell), and ' for the step before:
 *   [i o f] = sigmoid, g = tanh of [b W R] [1; x; h'];  c = f c' + i g;  h = o tanh(c)
 * The weights meet a one, the step's input and the last output at once: everything that a step touches fits into the cache,
 * and the bias gets its gradient with the weights. Features come first and the batch last, so that to join gates is to copy
 * runs of memory; each gate has a product of its own, so that none must be parted. The recurrent half of the bias has no
 * part in it: it stays zero, as Keras has only one bias.
 * Gives what `differentiate` needs to take the cells as one.
 */
export function unrollLstm(node: Node, math: Maths): Composite {
  const { graph, concat, reshape, slice, split, expand, transpose } = math;
  const [x, kernel, recurrent, biases] = node.inputs.map((name) => (name ? graph.value(name) : undefined));
  const [steps, batch, inputs] = sizes(x!) as [number, number, number];
  const hidden = sizes(recurrent!)[2]!;
  const bias = biases && reshape(slice(biases, [1], [0], [4 * hidden]), [4 * hidden, 1]);
  const w = reshape(kernel!, [4 * hidden, inputs]);
  const r = reshape(recurrent!, [4 * hidden, hidden]);
  const atFirst = bias ? concat([bias, w], 1) : w;
  const later = concat([atFirst, r], 1);
  const one = bias ? [expand(graph.scalar(1, x!.dtype), [1, batch])] : [];
  const byStep = split(transpose(x!, [0, 2, 1]), 0, new Array<number>(steps).fill(1));
  const xs = byStep.map((part) => reshape(part, [inputs, batch]));

  const before = new Set(graph.build().nodes);
  const cells: Cell[] = [];
  for (const now of xs) {
    const last = cells.at(-1);
    const operand = concat([...one, now, ...(last ? [last.h] : [])], 0);
    cells.push(cellOf(math, last ? later : atFirst, operand, last?.c));
  }
  const { h, c } = cells.at(-1)!;
  const hs = cells.map((cell) => cell.h);
  const composite: Composite = {
    nodes: new Set(graph.build().nodes.filter((made) => !before.has(made))),
    inputs: [r, atFirst, later, ...xs],
    outputs: [...hs, c],
    gradient: (dys, wanted) => {
      const dGates = gateGradients(math, r, cells, dys);
      const dAtFirst = productOf(math, dGates.slice(0, 1), cells);
      const dLater = productOf(math, dGates.slice(1), cells.slice(1));
      const dxs = xs.map((_, i) =>
        dGates[i] && wanted(3 + i) ? math.gemm(w, dGates[i], { transA: true }) : undefined,
      );
      return [undefined, dAtFirst, dLater, ...dxs];
    },
  };

  const [sequence, lastHidden, lastCell] = node.outputs;
  const shaped = (value: Value, shape: readonly number[], name: string) =>
    graph.op('Reshape', [value, graph.int64s(shape)], {}, { name, outputs: [name] });
  if (sequence) {
    const all = reshape(concat(hs, 0), [steps, hidden, batch]);
    shaped(transpose(all, [0, 2, 1]), [steps, 1, batch, hidden], sequence);
  }
  if (lastHidden) shaped(transpose(h, [1, 0]), [1, batch, hidden], lastHidden);
  if (lastCell) shaped(transpose(c, [1, 0]), [1, batch, hidden], lastCell);
  return composite;
}

/** What a step leaves for the next one and for the gradient; every value is [hidden, batch] but for `operand`. */
interface Cell {
  /** [1; x; h'], what the weights are multiplied by. */
  readonly operand: Value;
  readonly input: Value;
  readonly output: Value;
  readonly forget: Value;
  readonly fresh: Value;
  /** What the cell takes in, i g. */
  readonly taken: Value;
  /** What it keeps, f c'; nothing in the first step. */
  readonly kept: Value | undefined;
  readonly squashed: Value;
  readonly h: Value;
  readonly c: Value;
}

function cellOf({ graph, add, mul, split, gemm }: Maths, weights: Value, operand: Value, before?: Value): Cell {
  const ofGates = split(weights, 0, new Array<number>(4).fill(sizes(weights)[0]! / 4));
  const gates = ofGates.map((ofGate) => gemm(ofGate, operand));
  const [input, output, forget] = gates.slice(0, 3).map((gate) => graph.op('Sigmoid', [gate])) as [Value, Value, Value];
  const fresh = graph.op('Tanh', [gates[3]!]);
  const taken = mul(input, fresh);
  const kept = before && mul(forget, before);
  const c = kept ? add(kept, taken) : taken;
  const squashed = graph.op('Tanh', [c]);
  return { operand, input, output, forget, fresh, taken, kept, squashed, h: mul(output, squashed), c };
}

/**
 * The gradients of the steps' gates, [4 hidden, batch], up to the last step that the loss depends on; from that to the first:
 *   dh += R^T d[i o f g] of the step after;  dc = dh (o - h tanh(c)) + f dc of the step after
 *   d[i o f g] = [dc (ig - ig i),  dh (h - h o),  dc (fc' - fc' f),  dc (i - ig g)]
 * Slopes are made of products that the cells have made already, as i (1 - i) g = ig - ig i: fewer passes over memory, which
 * are what takes time.
 */
function gateGradients(math: Maths, r: Value, cells: readonly Cell[], dys: Gradients): Value[] {
  const { graph, add, sub, mul, concat, expand } = math;
  const without = (value: Value, factor: Value, other: Value) => sub(value, mul(factor, other));
  const zeros = () => expand(graph.scalar(0, r.dtype), sizes(cells[0]!.h));
  const dCell = dys[cells.length];
  const reached = dCell ? cells.length : dys.findLastIndex((dy) => dy !== undefined) + 1;

  const dGates: Value[] = [];
  let dc = dCell;
  for (let step = reached - 1; step >= 0; step--) {
    const { input, output, forget, fresh, taken, kept, squashed, h } = cells[step]!;
    const dy = dys[step];
    const [after] = dGates;
    const dh = after ? graph.op('Gemm', dy ? [r, after, dy] : [r, after], { transA: 1 }) : dy;
    const byOutput = dh && mul(dh, without(output, h, squashed));
    dc = dc && byOutput ? add(dc, byOutput) : (dc ?? byOutput)!;
    const ofGates = [
      mul(dc, without(taken, taken, input)),
      dh ? mul(dh, without(h, h, output)) : zeros(),
      kept ? mul(dc, without(kept, kept, forget)) : zeros(),
      mul(dc, without(input, taken, fresh)),
    ];
    dGates.unshift(concat(ofGates, 0));
    dc = mul(dc, forget);
  }
  return dGates;
}

/** What the steps' gates give the weights, summed; undefined where there is no step. */
function productOf({ graph }: Maths, dGates: readonly Value[], cells: readonly Cell[]): Value | undefined {
  let sum: Value | undefined;
  dGates.forEach((dGate, i) => {
    const factors = [dGate, cells[i]!.operand];
    sum = graph.op('Gemm', sum ? [...factors, sum] : factors, { transB: 1 });
  });
  return sum;
}
