/** LSTM, GRU and SimpleRNN by ONNX's own operators, and the wrappers around them. Keras' gates are [inputs, gates], ONNX's [gates, inputs]. */

import { sizeOf, type Tensor, type Value } from '@denary/core';
import { type Edge, transposed } from '../channels-last.js';
import { activationName, hardSigmoid } from './activations.js';
import { Config, type LayerSpec } from './config.js';
import { type Dialect, type LayerContext, type LayerRow, requireRank, when } from './row.js';

/** How ONNX calls an activation of a cell, and the numbers that it takes. */
interface CellActivation {
  readonly name: string;
  readonly alpha?: number;
  readonly beta?: number;
}

const cellActivations = (dialect: Dialect): Readonly<Record<string, CellActivation>> => ({
  linear: { name: 'Affine', alpha: 1, beta: 0 },
  relu: { name: 'Relu' },
  tanh: { name: 'Tanh' },
  sigmoid: { name: 'Sigmoid' },
  hardsigmoid: { name: 'HardSigmoid', ...hardSigmoid(dialect) },
  elu: { name: 'Elu', alpha: 1 },
  softsign: { name: 'Softsign' },
  softplus: { name: 'Softplus' },
});

interface Cell {
  readonly op: 'LSTM' | 'GRU' | 'RNN';
  /** Of Keras' gates, in ONNX's order. */
  readonly gates: readonly number[];
  /** Whether there is a recurrent activation beside the activation. */
  readonly gated: boolean;
  readonly states: number;
}

// Keras' order: i f c o of an LSTM, z r h of a GRU. ONNX': i o f c, and z r h.
const cells: Readonly<Record<string, Cell>> = {
  LSTM: { op: 'LSTM', gates: [0, 3, 1, 2], gated: true, states: 2 },
  GRU: { op: 'GRU', gates: [0, 1, 2], gated: true, states: 1 },
  SimpleRNN: { op: 'RNN', gates: [0], gated: false, states: 1 },
};

const cellOf = (className: string): Cell | undefined => cells[className.replace(/Cell$/, '')];

/** [inputs, gates x units] as [1, gates x units, inputs], the gates in another order. */
function kernelOf(kernel: Tensor<'float32'>, gates: readonly number[]): Tensor {
  const turned = reordered(transposed(kernel, [1, 0]), gates);
  return { ...turned, shape: [1, ...turned.shape] };
}

/** Equal parts of the first axis in another order. */
function reordered(tensor: Tensor<'float32'>, gates: readonly number[]): Tensor<'float32'> {
  const part = sizeOf(tensor.shape) / gates.length;
  const data = new Float32Array(tensor.data.length);
  gates.forEach((gate, i) => data.set(tensor.data.subarray(gate * part, (gate + 1) * part), i * part));
  return { ...tensor, data };
}

/** [1, 2 x gates x units]: the bias of the inputs, then that of the recurrence, which only a GRU that resets afterwards has. */
function biasOf(c: LayerContext, { gates }: Cell, units: number, resetAfter: boolean): Tensor {
  const count = gates.length * units;
  const data = new Float32Array(2 * count);
  if (resetAfter) data.set(c.weight('bias', [2, count]).data);
  else data.set(reordered(c.weight('bias', [count]), gates).data);
  return { dtype: 'float32', shape: [1, 2 * count], data };
}

interface Result {
  /** [steps, batch, units], the first step first, whichever came first. */
  readonly sequence: Value;
  /** [batch, units]: what was computed last, and the cell's state. */
  readonly states: readonly Value[];
}

/** Runs a cell over `steps` [steps, batch, features], in that order. */
function run(c: LayerContext, cell: Cell, steps: Value, initial: readonly Edge[]): Result {
  const { graph } = c;
  const units = c.config.whole('units', 1);
  const count = cell.gates.length * units;
  const resetAfter = cell.op === 'GRU' && c.config.flag('reset_after', false);
  const kernel = c.weight('kernel', [c.fixed(steps.shape[2]), count]);
  const recurrent = c.weight('recurrent_kernel', [units, count]);
  const weights = [
    c.initializer('kernel', kernelOf(kernel, cell.gates)),
    c.initializer('recurrent_kernel', kernelOf(recurrent, cell.gates)),
    c.config.flag('use_bias', true) ? c.initializer('bias', biasOf(c, cell, units, resetAfter)) : undefined,
  ];
  const starts = initial.map((state) => c.op('Unsqueeze', [c.layout.last(state), graph.int64s([0])]));
  const inputs = [steps, ...weights, ...(starts.length > 0 ? [undefined, ...starts] : [])];
  const outputs = c.ops(
    cell.op,
    inputs,
    { hidden_size: units, ...activationsOf(c, cell), ...(resetAfter && { linear_before_reset: 1 }) },
    1 + cell.states,
  );
  return {
    sequence: graph.op('Squeeze', [outputs[0]!, graph.int64s([1])]),
    states: outputs.slice(1).map((state) => graph.op('Squeeze', [state, graph.int64s([0])])),
  };
}

/** As attributes; none where they are ONNX's own, sigmoid and tanh. */
function activationsOf(c: LayerContext, cell: Cell) {
  const table = cellActivations(c.dialect);
  const own = table[activationName(c.config, 'activation', 'tanh')]!;
  const gate =
    table[activationName(c.config, 'recurrent_activation', c.dialect === 'tfjs' ? 'hard_sigmoid' : 'sigmoid')]!;
  const list = cell.op === 'LSTM' ? [gate, own, own] : cell.gated ? [gate, own] : [own];
  if (list.every(({ name }, i) => name === (cell.gated && i === 0 ? 'Sigmoid' : 'Tanh'))) return {};
  const numbers = (key: 'alpha' | 'beta') => list.flatMap((item) => item[key] ?? []);
  return {
    activations: list.map(({ name }) => name),
    activation_alpha: numbers('alpha'),
    activation_beta: numbers('beta'),
  };
}

/** x with an axis in the other direction; its size need not be known. */
export const reversed = (c: LayerContext, x: Value, axis: number): Value =>
  c.math.slice(x, [axis], [-1], [-(2 ** 31)], [-1]);

/** A recurrent layer: the outputs of all steps or of the last, and the states where they are asked for. */
function recur(c: LayerContext, stack: readonly LayerContext[], [x, ...initial]: readonly Edge[]): Edge[] {
  if (!x) return c.fail('an input', 'none');
  requireRank(c, x, 3);
  const { layout, config } = c;
  let steps = layout.permuted(x, [1, 0, 2]);
  if (config.flag('go_backwards', false)) steps = reversed(c, steps, 0);
  const states: Value[] = [];
  let rest = initial;
  for (const inner of stack) {
    const cell = cellOf(inner.spec.className)!;
    const result = run(inner, cell, steps, rest.slice(0, cell.states));
    rest = rest.slice(cell.states);
    steps = result.sequence;
    states.push(...result.states);
  }
  const last = states.at(-cellOf(stack.at(-1)!.spec.className)!.states)!;
  const output = config.flag('return_sequences', false) ? layout.unpermuted(steps, [1, 0, 2]) : layout.fromLast(last);
  return [output, ...(config.flag('return_state', false) ? states.map((state) => layout.fromLast(state)) : [])];
}

/** The cells of a layer RNN: one, or those of a StackedRNNCells. */
function cellsOf(config: Config): LayerSpec[] {
  const cell = config.layer('cell');
  if (cell.className !== 'StackedRNNCells') return [cell];
  const list = cell.config.values.cells;
  if (!Array.isArray(list)) return cell.config.wrong('cells', 'cells', list);
  return list.map((_, i) => new Config({ cell: list[i] }, cell.config.who).layer('cell'));
}

const lacking = (className: string, config: Config): string[] => [
  ...when(config.has('stateful') && config.flag('stateful', false), 'stateful'),
  ...(cellOf(className)?.gated ? ['activation', 'recurrent_activation'] : ['activation'])
    .filter((key) => config.has(key))
    .map((key) => activationName(config, key))
    .filter((name) => !Object.hasOwn(cellActivations('tfjs'), name))
    .map((name) => `the activation ${name} in a cell`),
];

const recurrent = (className: string): LayerRow => ({
  emit: (c, inputs) => recur(c, [c], inputs),
  lacks: (config) => lacking(className, config),
});

export const recurrentLayers = {
  LSTM: recurrent('LSTM'),
  GRU: recurrent('GRU'),
  SimpleRNN: recurrent('SimpleRNN'),

  RNN: {
    emit: (c, inputs) => {
      const specs = cellsOf(c.config);
      const stack = specs.map((spec, i) => c.as(spec, specs.length > 1 ? [`RNNCell_${i}`] : []));
      return recur(c, stack, inputs);
    },
    lacks: (config) => [
      ...when(config.has('stateful') && config.flag('stateful', false), 'stateful'),
      ...cellsOf(config).flatMap((cell) =>
        cellOf(cell.className) ? lacking(cell.className, cell.config) : [`the cell ${cell.className}`],
      ),
    ],
  },

  // The same layer forwards and backwards, with weights of its own each way; what runs backwards is turned round again.
  Bidirectional: {
    emit: (c, inputs) => {
      const spec = c.config.layer('layer');
      const [x, ...initial] = inputs;
      if (!x) return c.fail('an input', 'none');
      const backwards = spec.config.flag('go_backwards', false);
      const half = (name: string, go_backwards: boolean, states: readonly Edge[]) => {
        const config = new Config({ ...spec.config.values, go_backwards }, spec.config.who);
        // Keras 3 has named the layer after its direction already.
        return c.nested({ ...spec, config }, [x, ...states], [`${name}_${spec.name.replace(/^forward_/, '')}`]);
      };
      const middle = initial.length / 2;
      const [there, ...statesThere] = half('forward', backwards, initial.slice(0, middle)) as [Edge, ...Edge[]];
      const [turned, ...statesBack] = half('backward', !backwards, initial.slice(middle)) as [Edge, ...Edge[]];
      const sequences = spec.config.flag('return_sequences', false);
      const back = sequences ? c.layout.map(turned, (value, axisOf) => reversed(c, value, axisOf(1))) : turned;
      return [...merged(c, there, back), ...statesThere, ...statesBack];
    },
    lacks: (config, inside) => {
      const spec = config.layer('layer');
      return cellOf(spec.className) ? inside(spec) : [`${spec.className} inside`];
    },
  },
} satisfies Record<string, LayerRow>;

function merged(c: LayerContext, there: Edge, back: Edge): Edge[] {
  const { layout, config, math } = c;
  const { merge_mode } = config.values;
  if (merge_mode === null) return [there, back];
  const mode = config.choice('merge_mode', ['concat', 'sum', 'mul', 'ave'], 'concat');
  const pair = [there, back];
  if (mode === 'concat') return [layout.zip(pair, (values, axisOf) => c.op('Concat', values, { axis: axisOf(-1) }))];
  if (mode === 'mul') return [layout.zip(pair, ([a, b]) => c.op('Mul', [a, b]))];
  const sum = layout.zip(pair, ([a, b]) => c.op('Add', [a, b]));
  return [mode === 'sum' ? sum : layout.map(sum, (value) => math.mul(value, 0.5))];
}
