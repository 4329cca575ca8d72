/** A model in eight bits: a quarter of the size, and on processors with dot products of bytes several times as fast. */

import { contractOf, decodeModel, encodeModel, permutation, problem, type SessionFactory } from '@denary/core';
import { type Dataset, subset } from '../data/dataset.js';
import { removeDeadNodes } from '../passes/dead-nodes.js';
import { foldNormalization } from '../passes/fold-normalization.js';
import { folded, withoutDropout } from '../passes/inference-form.js';
import { planQuantization, type Quantization } from './plan.js';
import { quantizedGraph } from './quantized-graph.js';
import { type Span, spansOf } from './spans.js';

export interface QuantizeOptions {
  readonly createSession: SessionFactory;
  /** The bytes of a model in denary's contract. */
  readonly model: Uint8Array;
  /** What it was trained on: its activations are watched on some of that. */
  readonly dataset: Dataset;
  /** How many of the images are run; default 1,000. */
  readonly samples?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Quantized {
  /** The bytes of the model in eight bits, in the same contract. */
  readonly bytes: Uint8Array;
  /** Layers with weights of int8. */
  readonly layers: number;
  /** Operators with weights that stay float32, for example `LSTM`. */
  readonly kept: readonly string[];
}

const SAMPLES = 1000;
/** DequantizeLinear has scales by channels since then. */
const LEAST_OPSET = 13;

/**
 * Static quantization of weights and activations (Jacob et al., 2018, https://arxiv.org/abs/1712.05877): int8 weights with a scale
 * for each output channel, uint8 activations that span what they were on the samples, products added up in int32. Softmax, and
 * the logits that it is of, stay float32.
 *
 * The same model and data give the same file. Throws `bad-model` for a file that is not in the contract or has an operator set
 * below 13, `bad-data` where the images do not fit, `unsupported-operator` where no layer can be had in eight bits.
 */
export async function quantizeModel(options: QuantizeOptions): Promise<Quantized> {
  const { createSession, dataset, samples = SAMPLES, signal } = options;
  const given = decodeModel(options.model, 'quantizeModel');
  const { height, width } = contractOf(given, 'quantizeModel');
  if (given.opset < LEAST_OPSET) {
    const expected = `an operator set of ${LEAST_OPSET} or later`;
    throw problem('bad-model', 'quantizeModel', expected, `${given.opset}`, 'Export the model again.');
  }
  if (dataset.height !== height || dataset.width !== width) {
    const received = `${dataset.name} of ${dataset.width}x${dataset.height}`;
    throw problem(
      'bad-data',
      'quantizeModel',
      `images of ${width}x${height}`,
      received,
      'Give what it was trained on.',
    );
  }
  const prepared = folded(withoutDropout(given));
  const model = { ...prepared, graph: removeDeadNodes(foldNormalization(prepared.graph)) };
  const plan = planQuantization(model.graph);
  if (plan.layers.size === 0) throw noLayers();
  const names = [...new Set(plan.values.values())].filter((name) => !plan.pixels.has(name));
  const chosen = permutation(dataset.count, 0, 0).slice(0, samples);
  const spans = await spansOf({ createSession, model, names, images: subset(dataset, chosen), signal });
  const quantizations = new Map([...spans].map(([name, span]) => [name, quantizationOf(span)]));
  const graph = removeDeadNodes(quantizedGraph(model.graph, plan, quantizations));
  return {
    bytes: encodeModel({ ...model, graph }),
    layers: plan.layers.size,
    kept: model.graph.nodes.filter((node) => weighs(node.op) && !plan.layers.has(node)).map(({ op }) => op),
  };
}

const weighs = (op: string) => ['Conv', 'ConvTranspose', 'GRU', 'Gemm', 'LSTM', 'MatMul', 'RNN'].includes(op);

/** 256 steps from the least to the greatest number, one of them at 0. */
function quantizationOf(span: Span): Quantization {
  const [min, max] = [Math.min(0, span.min), Math.max(0, span.max)];
  const scale = Math.fround((max - min) / 255) || 1;
  return { scale, zeroPoint: Math.round(-min / scale) };
}

function noLayers() {
  const expected = 'a Conv, Gemm or MatMul with weights in initializers';
  return problem('unsupported-operator', 'quantizeModel', expected, 'none', 'Use the model as it is.');
}
