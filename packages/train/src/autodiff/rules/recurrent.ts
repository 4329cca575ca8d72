/**
 * The gradient of an LSTM (Hochreiter and Schmidhuber, 1997) as a whole, made for GPUs, where the number of kernels is what
 * takes time: whatever does not wait for the step after it is computed for all steps at once.
 */

import type { Value } from '@denary/core';
import { isPlainLstm } from '../../lowering/lstm.js';
import { sizes } from '../../math.js';
import type { Rule, RuleContext } from '../rule.js';

/** Values of all steps are [steps * batch, ...]: the samples of the first step, then those of the second, and so on. */
interface Size {
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
}

export const recurrent = {
  // Training graphs have the cells of these two, one after the other.
  GRU: (c) => c.unsupported('a GRU that was not unrolled'),
  RNN: (c) => c.unsupported('an RNN that was not unrolled'),

  // With the gates in ONNX's order (input, output, forget, cell), and ' for the step before:
  //   [i o f] = sigmoid, g = tanh of W x + R h' + b;  c = f c' + i g;  h = o tanh(c)
  // From the last step to the first, with f and dc of the step after in the sum:
  //   dc += dh o (1 - tanh(c)^2);  d[i o f g] = [dc dh dc dc] [g i(1 - i), tanh(c) o(1 - o), c' f(1 - f), i(1 - g^2)]
  //   dh' += R^T d[i o f g];  dc' = f dc
  // The recurrent half of the bias gets no gradient: it stays zero, as Keras has only one bias.
  LSTM: (c) => {
    if (!isPlainLstm(c.node, c.graph)) c.unsupported('an LSTM that is not plain and forward');
    const sequence = c.outputs[0] ?? c.unsupported('an LSTM that does not give its sequence');
    const { graph, concat, reshape, sum, gemm } = c;
    const [steps, batch, inputs] = sizes(c.x) as [number, number, number];
    const hidden = sizes(c.inputs[2]!)[2]!;
    const size = { steps, batch, hidden };

    const w = reshape(c.inputs[1]!, [4 * hidden, inputs]);
    const r = reshape(c.inputs[2]!, [4 * hidden, hidden]);
    const bias = c.inputs[3] && sum(reshape(c.inputs[3], [2, 4 * hidden]), [0], false);
    const x = reshape(c.x, [steps * batch, inputs]);
    const before = earlier(c, size, reshape(sequence, [steps * batch, hidden]));
    const ofInput = graph.op('Gemm', bias ? [x, w, bias] : [x, w], { transB: 1 });
    const gates = graph.op('Gemm', [before, r, ofInput], { transB: 1 });

    const dGates = concat(gateGradients(c, size, r, factorsOf(c, size, gates)), 0);
    const trained = () => reshape(sum(dGates, [0], false), [1, 4 * hidden]);
    const untrained = () => c.expand(graph.scalar(0, c.x.dtype), [1, 4 * hidden]);
    return [
      c.wanted(0) ? reshape(gemm(dGates, w), sizes(c.x)) : undefined,
      c.wanted(1) ? reshape(gemm(dGates, x, { transA: true }), sizes(c.inputs[1]!)) : undefined,
      c.wanted(2) ? reshape(gemm(dGates, before, { transA: true }), sizes(c.inputs[2]!)) : undefined,
      c.wanted(3) ? concat([trained(), untrained()], 1) : undefined,
    ];
  },
} as const satisfies Record<string, Rule>;

/** What a step's dh, dc and gates are multiplied by, for all steps. */
interface Factors {
  /** From dc to dc of the step before: f, [.., hidden]. */
  readonly forget: Value;
  /** From dh to dc: o (1 - tanh(c)^2), [.., hidden]. */
  readonly toCell: Value;
  /** From [dc dh dc dc] to the gates, [.., 4 hidden]. */
  readonly toGates: Value;
}

function factorsOf(c: RuleContext, size: Size, gates: Value): Factors {
  const { graph, mul, sub, square, concat, split } = c;
  const { hidden } = size;
  const [open, cell] = split(gates, 1, [3 * hidden, hidden]) as [Value, Value];
  const sigmoids = graph.op('Sigmoid', [open]);
  const fresh = graph.op('Tanh', [cell]);
  const [input, output, forget] = split(sigmoids, 1, [hidden, hidden, hidden]) as [Value, Value, Value];
  const cells = cellsOf(c, size, forget, mul(input, fresh));
  const squashed = graph.op('Tanh', [cells]);
  const slopes = sub(sigmoids, square(sigmoids));
  const toSigmoids = mul(concat([fresh, squashed, earlier(c, size, cells)], 1), slopes);
  const toFresh = mul(input, sub(1, square(fresh)));
  return { forget, toCell: mul(output, sub(1, square(squashed))), toGates: concat([toSigmoids, toFresh], 1) };
}

/**
 * c = f c' + u of every step, as a prefix scan (Blelloch, 1990): after each round a step's sum reaches back twice as far, so
 * that five rounds do for 28 steps.
 */
function cellsOf(c: RuleContext, size: Size, forget: Value, fresh: Value): Value {
  const { add, mul } = c;
  let [kept, cells] = [forget, fresh];
  for (let reach = 1; reach < size.steps; reach *= 2) {
    cells = add(cells, mul(kept, earlier(c, size, cells, reach)));
    if (2 * reach < size.steps) kept = mul(kept, earlier(c, size, kept, reach));
  }
  return cells;
}

/** The gradients of each step's gates, [batch, 4 hidden], by the steps' order. */
function gateGradients(c: RuleContext, { steps, batch, hidden }: Size, r: Value, factors: Factors): Value[] {
  const { graph, add, mul, concat, reshape } = c;
  const byStep = (value: Value) => c.split(value, 0, new Array<number>(steps).fill(batch));
  const [forget, toCell, toGates] = [byStep(factors.forget), byStep(factors.toCell), byStep(factors.toGates)];
  const [sequence, last, lastCell] = c.dys;
  const dys = sequence && byStep(reshape(sequence, [steps * batch, hidden]));
  const zeros = c.expand(graph.scalar(0, c.x.dtype), [batch, hidden]);

  const dGates: Value[] = [];
  let dh = last && reshape(last, [batch, hidden]);
  let dc = lastCell && reshape(lastCell, [batch, hidden]);
  for (let step = steps - 1; step >= 0; step--) {
    const [later] = dGates;
    const dy = dys?.[step];
    if (later) dh = graph.op('Gemm', dy ? [later, r, dy] : [later, r]);
    else if (dy) dh = dh ? add(dh, dy) : dy;
    if (later) dc = mul(dc!, forget[step + 1]!);
    if (dh) dc = dc ? add(mul(dh, toCell[step]!), dc) : mul(dh, toCell[step]!);
    dGates.unshift(mul(concat([dc!, dh ?? zeros, dc!, dc!], 1), toGates[step]!));
  }
  return dGates;
}

/** Each step's value moved to the step so many after it; zeros come first. */
const earlier = ({ pad }: RuleContext, { batch }: Size, value: Value, steps = 1): Value =>
  pad(value, [steps * batch, 0, -steps * batch, 0]);
