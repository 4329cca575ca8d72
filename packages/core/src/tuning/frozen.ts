/** Weights that a training graph leaves as they are, written into it: what is constant ONNX Runtime lays out and fuses once. */

import { decodeModel } from '../onnx/decode.js';
import { encodeModel } from '../onnx/encode.js';
import type { Tensors } from '../tensor.js';
import { trainingMetadata, trainingSpecOf } from '../training-spec.js';

/** Throws `bad-model` for a training graph that is none; weights that do not fit it are left for the trainer to refuse. */
export function withFrozen(training: Uint8Array, weights: Tensors): { training: Uint8Array; frozen: string[] } {
  const model = decodeModel(training, 'createTuner');
  const spec = trainingSpecOf(model, 'createTuner');
  const frozen = spec.state.flatMap(({ input, output, kind, dtype, shape }) => {
    const tensor = kind === 'weight' || kind === 'statistic' ? weights[input] : undefined;
    return !output && tensor?.dtype === dtype && tensor.shape.join() === shape.join() ? [input] : [];
  });
  const names = new Set(frozen);
  const { graph } = model;
  const inputs = graph.inputs.filter(({ name }) => !names.has(name));
  const initializers = new Map([...graph.initializers, ...frozen.map((name) => [name, weights[name]!] as const)]);
  const state = spec.state.filter(({ input }) => !names.has(input));
  const metadata = { ...model.metadata, ...trainingMetadata({ ...spec, state }) };
  return { training: encodeModel({ ...model, metadata, graph: { ...graph, inputs, initializers } }), frozen };
}
