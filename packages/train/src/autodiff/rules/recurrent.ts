/**
 * The gradient of an LSTM (Hochreiter and Schmidhuber, 1997) as a whole, made for GPUs, where the number of kernels is what
 * takes time: whatever does not wait for the step after it is computed for all steps at once.
 */

import type { Value } from '@denary/core';
import { isPlainLstm } from '../../lowering/lstm.js';
import { sizes } from '../../math.js';
import type { Rule, RuleContext } from '../rule.js';

export const recurrent = {
  // With the gates in ONNX's order (input, output, forget, cell), and ' for the step before:
  //   [i o f] = sigmoid, g = tanh of W x + R h' + b;  c = f c' + i g;  h = o tanh(c)
  // From the last step to the first, with f and dc of the step after in the sum:
  //   dc += dh o (1 - tanh(c)^2);  d[i o f g] = [dc dh dc dc] [g i(1 - i), tanh(c) o(1 - o), c' f(1 - f), i(1 - g^2)]
  //   dh' += R^T d[i o f g];  dc' = f dc
  // The recurrent half of the bias gets no gradient: it stays zero, as Keras has only one bias.
  LSTM: (c) => {
    if (!isPlainLstm(c.node, c.graph)) c.unsupported('an LSTM that is not plain and forward');
    const sequence = c.outputs[0] ?? c.unsupported('an LSTM that does not give its sequence');
    const [steps, batch, inputs] = sizes(c.x) as [number, number, number];
    const hidden = sizes(c.inputs[2]!)[2]!;
    const { add, mul, concat, reshape, sum, gemm, graph } = c;
    const kernel = reshape(c.inputs[1]!, [4 * hidden, inputs]);
    const recurrentKernel = reshape(c.inputs[2]!, [4 * hidden, hidden]);
    const bias = c.inputs[3] && sum(reshape(c.inputs[3], [2, 4 * hidden]), [0], false);
    const zeros = c.expand(graph.scalar(0, c.x.dtype), [batch, hidden]);

    // The rows of these are the samples of the first step, then those of the second, and so on.
    const x = reshape(c.x, [steps * batch, inputs]);
    const before = (value: Value, count = 1) => c.pad(value, [count * batch, 0, -count * batch, 0]);
    const lastHidden = before(reshape(sequence, [steps * batch, hidden]));
    const fromInput = graph.op('Gemm', bias ? [x, kernel, bias] : [x, kernel], { transB: 1 });
    const gates = graph.op('Gemm', [lastHidden, recurrentKernel, fromInput], { transB: 1 });
    const { forget, toCell, toGates } = factors(c, gates, hidden, before, steps);

    const byStep = (value: Value) => c.split(value, 0, new Array<number>(steps).fill(batch));
    const flat = (value: Value | undefined, rows: number) => value && reshape(value, [rows, hidden]);
    const [forgets, toCells, toGateses] = [forget, toCell, toGates].map(byStep) as [Value[], Value[], Value[]];
    const dys = c.dys[0] && byStep(flat(c.dys[0], steps * batch)!);
    const dGates: Value[] = [];
    let [dh, dc] = [flat(c.dys[1], batch), flat(c.dys[2], batch)];
    for (let step = steps - 1; step >= 0; step--) {
      const later = dGates[0];
      const dy = dys?.[step];
      if (later) dh = graph.op('Gemm', dy ? [later, recurrentKernel, dy] : [later, recurrentKernel]);
      else if (dy) dh = dh ? add(dh, dy) : dy;
      const ofHidden = dh && mul(dh, toCells[step]!);
      const ofCell = later ? mul(dc!, forgets[step + 1]!) : dc;
      dc = ofHidden && ofCell ? add(ofHidden, ofCell) : (ofHidden ?? ofCell)!;
      dGates.unshift(mul(concat([dc, dh ?? zeros, dc, dc], 1), toGateses[step]!));
    }

    const dGate = concat(dGates, 0);
    const half = () => reshape(sum(dGate, [0], false), [1, 4 * hidden]);
    const still = () => c.expand(graph.scalar(0, c.x.dtype), [1, 4 * hidden]);
    return [
      c.wanted(0) ? reshape(gemm(dGate, kernel), sizes(c.x)) : undefined,
      c.wanted(1) ? reshape(gemm(dGate, x, { transA: true }), sizes(c.inputs[1]!)) : undefined,
      c.wanted(2) ? reshape(gemm(dGate, lastHidden, { transA: true }), sizes(c.inputs[2]!)) : undefined,
      c.wanted(3) ? concat([half(), still()], 1) : undefined,
    ];
  },
} as const satisfies Record<string, Rule>;

/** What a step's dh and dc are multiplied by, for all steps: o (1 - tanh(c)^2), and the gates' factors, side by side. */
function factors(
  c: RuleContext,
  gates: Value,
  hidden: number,
  before: (value: Value, count?: number) => Value,
  steps: number,
) {
  const { graph, mul, sub, square, concat, split } = c;
  const [open, cell] = split(gates, 1, [3 * hidden, hidden]) as [Value, Value];
  const sigmoids = graph.op('Sigmoid', [open]);
  const fresh = graph.op('Tanh', [cell]);
  const [input, output, forget] = split(sigmoids, 1, [hidden, hidden, hidden]) as [Value, Value, Value];
  const cells = scanned(c, forget, mul(input, fresh), before, steps);
  const squashed = graph.op('Tanh', [cells]);
  const slopes = sub(sigmoids, square(sigmoids));
  const ofSigmoids = mul(concat([fresh, squashed, before(cells)], 1), slopes);
  const ofFresh = mul(input, sub(1, square(fresh)));
  return {
    forget,
    toCell: mul(output, sub(1, square(squashed))),
    toGates: concat([ofSigmoids, ofFresh], 1),
  };
}

/**
 * c = f c' + u of every step, as a prefix scan (Blelloch, 1990): after each round a step's sum reaches back twice as far, so
 * that five rounds do for 28 steps.
 */
function scanned(
  { add, mul }: RuleContext,
  f: Value,
  u: Value,
  before: (value: Value, count: number) => Value,
  steps: number,
): Value {
  let [decay, reached] = [f, u];
  for (let reach = 1; reach < steps; reach *= 2) {
    reached = add(reached, mul(decay, before(reached, reach)));
    if (2 * reach < steps) decay = mul(decay, before(decay, reach));
  }
  return reached;
}
