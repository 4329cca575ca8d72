/**
 * LSTM, GRU and RNN with any of ONNX's activations and initial states, as their cells one after the other, in operators that have
 * gradients. An LSTM as Keras builds it by default has a faster form (lstm.ts).
 */

import { attribute, describeNode, type Node, problem, type Tensor, toNumbers, type Value } from '@denary/core';
import { type Maths, sizes } from '../math.js';

type Activation = (x: Value) => Value;

/** What a step is given: the gates' products with its input [batch, gates x hidden], and the states before it [batch, hidden]. */
interface Step {
  readonly now: Value;
  readonly states: readonly Value[];
}

interface Cell {
  readonly math: Maths;
  readonly hidden: number;
  readonly activations: readonly Activation[];
  /** [gates x hidden, hidden] */
  readonly recurrent: Value;
  /** Of the recurrence, [gates x hidden]: where a GRU resets afterwards. */
  readonly recurrentBias: Value | undefined;
}

interface Kind {
  readonly gates: number;
  readonly states: number;
  /** ONNX' own, in their order. */
  readonly activations: readonly string[];
  /** The states after a step; the first is its output. */
  readonly step: (cell: Cell, step: Step) => Value[];
}

const kinds: Readonly<Record<string, Kind>> = {
  // [i o f c] = now + h R^T;  c = f(f) c + f(i) g(c);  h = f(o) h(c)
  LSTM: {
    gates: 4,
    states: 2,
    activations: ['Sigmoid', 'Tanh', 'Tanh'],
    step({ math, hidden, activations, recurrent }, { now, states }) {
      const [gate, cell, output] = activations as [Activation, Activation, Activation];
      const [h, c] = states as [Value, Value];
      const all = math.add(now, math.gemm(h, recurrent, { transB: true }));
      const [i, o, f, fresh] = math.split(all, 1, new Array<number>(4).fill(hidden)) as [Value, Value, Value, Value];
      const kept = math.add(math.mul(gate(f), c), math.mul(gate(i), cell(fresh)));
      return [math.mul(gate(o), output(kept)), kept];
    },
  },

  // [z r] = f(now + h R^T);  n = g(now + (r h) R^T + b), or g(now + r (h R^T + b));  h = (1 - z) n + z h
  GRU: {
    gates: 3,
    states: 1,
    activations: ['Sigmoid', 'Tanh'],
    step({ math, hidden, activations, recurrent, recurrentBias }, { now, states }) {
      const { add, sub, mul, gemm, split } = math;
      const [gate, output] = activations as [Activation, Activation];
      const h = states[0]!;
      const [ofGates, ofNew] = split(recurrent, 0, [2 * hidden, hidden]) as [Value, Value];
      const [gates, fresh] = split(now, 1, [2 * hidden, hidden]) as [Value, Value];
      const [z, r] = split(gate(add(gates, gemm(h, ofGates, { transB: true }))), 1, [hidden, hidden]) as [Value, Value];
      const before = recurrentBias
        ? mul(r, add(gemm(h, ofNew, { transB: true }), recurrentBias))
        : gemm(mul(r, h), ofNew, { transB: true });
      const n = output(add(fresh, before));
      return [add(mul(sub(1, z), n), mul(z, h))];
    },
  },

  // h = f(now + h R^T)
  RNN: {
    gates: 1,
    states: 1,
    activations: ['Tanh'],
    step: ({ math, activations, recurrent }, { now, states }) => [
      activations[0]!(math.add(now, math.gemm(states[0]!, recurrent, { transB: true }))),
    ],
  },
};

/** The activation of that name; alpha and beta are taken from the lists where it has them. */
function activationOf(
  name: string,
  { graph, add, mul }: Maths,
  alphas: number[],
  betas: number[],
): Activation | undefined {
  const take = (list: number[], fallback: number) => list.shift() ?? fallback;
  switch (name) {
    case 'Sigmoid':
    case 'Tanh':
    case 'Relu':
    case 'Softplus':
    case 'Softsign':
      return (x) => graph.op(name, [x]);
    case 'HardSigmoid': {
      const attributes = { alpha: take(alphas, 0.2), beta: take(betas, 0.5) };
      return (x) => graph.op('HardSigmoid', [x], attributes);
    }
    case 'Elu': {
      const alpha = take(alphas, 1);
      return (x) => graph.op('Elu', [x], { alpha });
    }
    case 'Affine': {
      const [alpha, beta] = [take(alphas, 1), take(betas, 0)];
      return (x) => (alpha === 1 && beta === 0 ? x : add(mul(x, alpha), beta));
    }
    default:
      return undefined;
  }
}

/** What of a node the cells do not cover; undefined where they cover it. */
function lacking({ op, inputs, attributes }: Node): string | undefined {
  const direction = attribute(attributes, 'direction', 'string') ?? 'forward';
  if (direction !== 'forward') return `${op} in the direction ${direction}`;
  if (inputs[4]) return `${op} with sequences of different lengths`;
  if (inputs[7]) return `${op} with peepholes`;
  if (attribute(attributes, 'layout', 'int')) return `${op} with the batch first`;
  if (attribute(attributes, 'input_forget', 'int')) return `${op} with coupled gates`;
  return attribute(attributes, 'clip', 'float') === undefined ? undefined : `${op} with a clip`;
}

/**
 * Appends the cells of a recurrence. `initial` gives the values that weights have before training: a recurrent bias of zeros is
 * left out, so that it stays zero and untrained, as Keras has one bias.
 * Throws `unsupported-operator` for other directions than forward, lengths, peepholes, clips and unknown activations.
 */
export function unrollRecurrence(node: Node, math: Maths, initial: (name: string) => Tensor | undefined): void {
  const { graph, add, reshape, slice, split, transpose, expand, concat } = math;
  const kind = kinds[node.op]!;
  const [x, kernel, recurrent, bias, , ...starts] = node.inputs.map((name) => (name ? graph.value(name) : undefined));
  const [steps, batch, inputs] = sizes(x!) as [number, number, number];
  const hidden = sizes(recurrent!)[2]!;
  const rows = kind.gates * hidden;
  const found = lacking(node) ?? unknownActivation(node, math);
  if (found) throw unsupported(node, found);

  const part = (from: number, size: number) => reshape(slice(bias!, [1], [from], [from + size]), [size]);
  const resetsAfter = attribute(node.attributes, 'linear_before_reset', 'int') === 1;
  const twice = bias && hasRecurrentBias(initial(node.inputs[3]!), rows);
  // A GRU that resets afterwards has the bias of its last gate inside of the reset.
  const outside = resetsAfter ? 2 * hidden : rows;
  const products = math.matmul(
    reshape(x!, [steps * batch, inputs]),
    transpose(reshape(kernel!, [rows, inputs]), [1, 0]),
  );
  const ofInput = bias ? add(products, part(0, rows)) : products;
  const now = twice && outside > 0 ? add(ofInput, padded(math, part(rows, outside), rows)) : ofInput;
  const cell: Cell = {
    math,
    hidden,
    activations: activationsOf(node, math) as Activation[],
    recurrent: reshape(recurrent!, [rows, hidden]),
    recurrentBias: !resetsAfter ? undefined : twice ? part(rows + outside, hidden) : expand(graph.scalar(0), [hidden]),
  };

  const zeros = expand(graph.scalar(0), [batch, hidden]);
  let states: Value[] = Array.from({ length: kind.states }, (_, i) =>
    starts[i] ? reshape(starts[i]!, [batch, hidden]) : zeros,
  );
  const outputs = split(now, 0, new Array<number>(steps).fill(batch)).map((value) => {
    states = kind.step(cell, { now: value, states });
    return states[0]!;
  });
  const results = [concat(outputs, 0), ...states];
  node.outputs.forEach((name, i) => {
    const shape = i === 0 ? [steps, 1, batch, hidden] : [1, batch, hidden];
    if (name) graph.op('Reshape', [results[i]!, graph.int64s(shape)], {}, { name, outputs: [name] });
  });
}

const padded = ({ pad }: Maths, vector: Value, size: number): Value => pad(vector, [0, size - sizes(vector)[0]!]);

/** Whether the second half of a bias is anything but zeros; one that is not known counts as if it were. */
export function hasRecurrentBias(bias: Tensor | undefined, rows: number): boolean {
  return (
    bias === undefined ||
    toNumbers(bias)
      .slice(rows)
      .some((value) => value !== 0)
  );
}

function activationsOf({ op, attributes }: Node, math: Maths): (Activation | undefined)[] {
  const kind = kinds[op]!;
  const names = attribute(attributes, 'activations', 'strings');
  const alphas = [...(attribute(attributes, 'activation_alpha', 'floats') ?? [])];
  const betas = [...(attribute(attributes, 'activation_beta', 'floats') ?? [])];
  const own = names?.length ? names : kind.activations;
  return own.map((name) => activationOf(name, math, alphas, betas));
}

const unknownActivation = (node: Node, math: Maths): string | undefined =>
  activationsOf(node, math).includes(undefined)
    ? `the activations ${attribute(node.attributes, 'activations', 'strings')?.join(', ')}`
    : undefined;

const unsupported = (node: Node, what: string) =>
  problem(
    'unsupported-operator',
    describeNode(node),
    'a recurrence that can be trained',
    what,
    'Leave its inputs out of training, or replace the node.',
  );
