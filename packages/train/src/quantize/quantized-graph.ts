/**
 * A graph in eight bits, as ONNX Runtime reads it: float layers between DequantizeLinear and QuantizeLinear, which it merges
 * into kernels for integers. Where a runtime knows none, what is written is what it computes.
 */

import { attribute, filled, type Graph, type Node, type Tensor } from '@denary/core';
import { int, NodeWriter } from '../passes/node-writer.js';
import type { Pixels, Quantization, QuantizationPlan } from './plan.js';

/**
 * Weights take 7 of their 8 bits: processors without VNNI add two products of a uint8 and an int8 in 16 bits, which 2 * 255 * 64
 * does not overflow. https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#when-to-use-s8s8-vs-u8s8-data-type
 */
const MOST_WEIGHT = 64;
const INT32_MAX = 2 ** 31 - 1;

export function quantizedGraph(
  graph: Graph,
  plan: QuantizationPlan,
  quantizations: ReadonlyMap<string, Quantization>,
): Graph {
  return new Quantizer(graph, plan, quantizations).result();
}

class Quantizer {
  private readonly writer: NodeWriter;
  /** Weights that are written; layers may share them. */
  private readonly written = new Set<string>();

  constructor(
    private readonly graph: Graph,
    private readonly plan: QuantizationPlan,
    /** Of the values that are the source of others. */
    private readonly quantizations: ReadonlyMap<string, Quantization>,
  ) {
    this.writer = new NodeWriter(graph);
    for (const { name } of graph.inputs) this.quantizeValue(name);
    for (const node of graph.nodes) {
      this.writer.nodes.push(plan.layers.has(node) ? this.layer(node) : this.reading(node));
      for (const name of node.outputs) this.quantizeValue(name);
    }
  }

  result(): Graph {
    return this.writer.result();
  }

  /** The node, of what comes out of eight bits where there is such a thing. */
  private reading(node: Node): Node {
    return { ...node, inputs: node.inputs.map((name) => (this.plan.values.has(name) ? dequantized(name) : name)) };
  }

  /** Behind a value: what it is in eight bits, and what that stands for. */
  private quantizeValue(name: string): void {
    const source = this.plan.values.get(name);
    if (source === undefined) return;
    const pixels = this.plan.pixels.get(name);
    const parameters = pixels
      ? this.parametersOf(name, pixels)
      : this.parametersOf(source, this.quantizationOf(source));
    const whole = pixels?.of ?? this.writer.standard('QuantizeLinear', [name, ...parameters], {}, `${name}/quantized`);
    this.writer.standard('DequantizeLinear', [whole, ...parameters], {}, dequantized(name));
  }

  private quantizationOf(source: string): Quantization {
    return (this.plan.pixels.get(source) as Pixels | undefined) ?? this.quantizations.get(source)!;
  }

  private parametersOf(source: string, { scale, zeroPoint }: Quantization): [scale: string, zeroPoint: string] {
    return [
      this.constant(`${source}/scale`, { dtype: 'float32', shape: [], data: Float32Array.of(scale) }),
      this.constant(`${source}/zero_point`, { dtype: 'uint8', shape: [], data: Uint8Array.of(zeroPoint) }),
    ];
  }

  /** The layer, with weights of int8 by output channels, and a bias of int32 in steps of what it is added to. */
  private layer(node: Node): Node {
    const [x, weightName, biasName] = node.inputs as [string, string, string?];
    const weight = this.graph.initializers.get(weightName) as Tensor<'float32'>;
    const bias = biasName ? (this.graph.initializers.get(biasName) as Tensor<'float32'>) : undefined;
    const step = Math.fround(this.quantizationOf(this.plan.values.get(x)!).scale);
    const axis = node.op === 'Conv' || attribute(node.attributes, 'transB', 'int') ? 0 : 1;
    const scales = channelScales(weight, axis, bias, step);
    const data = Int8Array.from(weight.data, (value, i) => Math.round(value / scales[channelAt(weight, axis, i)]!));
    const inputs = [
      dequantized(x),
      this.dequantizedWeight(weightName, { dtype: 'int8', shape: weight.shape, data }, scales, axis),
    ];
    if (biasName && bias) {
      const steps = scales.map((scale) => step * scale);
      const whole = Int32Array.from(bias.data, (value, i) => Math.round(value / steps[i]!));
      inputs.push(this.dequantizedWeight(biasName, { dtype: 'int32', shape: bias.shape, data: whole }, steps, 0));
    }
    return { ...node, inputs };
  }

  private dequantizedWeight(name: string, values: Tensor, scales: Float32Array, axis: number): string {
    const inputs = [
      this.constant(`${name}/quantized`, values),
      this.constant(`${name}/scale`, { dtype: 'float32', shape: [scales.length], data: scales }),
      // Without them, ONNX Runtime has no kernel for dense layers.
      this.constant(`${name}/zero_point`, filled(values.dtype, [scales.length])),
    ];
    if (!this.written.has(name)) {
      this.writer.standard('DequantizeLinear', inputs, { axis: int(axis) }, dequantized(name));
    }
    this.written.add(name);
    return dequantized(name);
  }

  private constant(name: string, tensor: Tensor): string {
    return this.writer.constant(name, () => tensor);
  }
}

const dequantized = (name: string) => `${name}/dequantized`;

/** The output channel of a weight's element. */
function channelAt({ shape }: Tensor, axis: number, index: number): number {
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  return Math.floor(index / inner) % shape[axis]!;
}

/** What one step of each channel's weights is worth: so much that the channel's bias has its place in an int32, too. */
function channelScales(weight: Tensor<'float32'>, axis: number, bias: Tensor | undefined, step: number): Float32Array {
  const most = new Float32Array(weight.shape[axis]!);
  weight.data.forEach((value, i) => {
    const channel = channelAt(weight, axis, i);
    most[channel] = Math.max(most[channel]!, Math.abs(value));
  });
  return most.map((value, channel) => {
    const least = Math.abs(Number(bias?.data[channel] ?? 0)) / (INT32_MAX / 2) / step;
    return Math.max(value / MOST_WEIGHT, least) || 1;
  });
}
