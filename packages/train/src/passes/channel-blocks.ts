/**
 * Convolutions in ONNX Runtime's own layout for CPUs, in which a pixel's channels lie together in blocks of 8 or 16 (NCHWc).
 * ONNX Runtime rewrites a convolution so only where its weights are constant, which those in training are not; its kernels
 * take computed weights as well. Measured with cnn's second convolution on AVX-512: forward 15 -> 8 ms, and the gradient
 * of its input, a ConvTranspose before, 22 -> 12 ms.
 */

import { attribute, GraphBuilder, type Model, type Node, type Value } from '@denary/core';
import { removeDeadNodes } from './dead-nodes.js';
import { type Choices, poolInBlocks, poolsTwoByTwo, unpoolInBlocks } from './max-pool-in-blocks.js';
import { type Attributes, int, ints, NCHWC, NodeWriter } from './node-writer.js';

/**
 * The same graph with its convolutions over blocks of so many channels, where their channels fill such blocks and neither
 * groups nor, for a transposed one, strides stand against it; and its max pools over 2x2 with Indices. What it gives is for
 * the machine whose blocks those are.
 */
export function blockChannels(model: Model, block: number): Model {
  return new Rewriting(model, block).result();
}

/** 8 channels put into blocks: its output has as many channels as one block. */
export const REORDERING: Model = {
  ...new GraphBuilder('reordering').model(),
  graph: {
    name: 'reordering',
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, 8, 1, 1] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1, 'channels', 1, 1] }],
    nodes: [{ name: 'y', op: 'ReorderInput', domain: NCHWC, inputs: ['x'], outputs: ['y'], attributes: {} }],
    initializers: new Map(),
  },
};

class Rewriting {
  private readonly values: GraphBuilder;
  private readonly write: NodeWriter;
  /** Values that are in blocks already, by name. */
  private readonly blocked = new Map<string, string>();
  /** Of the poolings in blocks, by the name of their Indices. */
  private readonly choices = new Map<string, Choices>();

  constructor(
    private readonly model: Model,
    private readonly block: number,
  ) {
    this.values = GraphBuilder.from(model.graph, model.opset);
    this.write = new NodeWriter(model.graph);
  }

  result(): Model {
    const { model, write } = this;
    for (const node of model.graph.nodes) if (!this.rewrite(node)) write.nodes.push(node);
    return { ...model, graph: removeDeadNodes(write.result()) };
  }

  /** Appends a node in its blocked form; false where it has none. */
  private rewrite(node: Node): boolean {
    switch (node.op) {
      case 'Conv':
      case 'ConvTranspose':
        return this.convolution(node);
      case 'MaxPool':
        return this.pool(node);
      case 'MaxUnpool':
        return this.unpool(node);
      case 'Transpose':
        return this.transpose(node);
      default:
        return false;
    }
  }

  private convolution(node: Node): boolean {
    const [x, w] = node.inputs.map((name) => (name ? this.values.value(name) : undefined)) as [Value, Value];
    const [outer, inner, ...kernel] = w.shape as number[];
    const numbers = (name: string, fallback: number, count = 2) =>
      attribute(node.attributes, name, 'ints') ?? new Array<number>(count).fill(fallback);
    const grouped = (attribute(node.attributes, 'group', 'int') ?? 1) !== 1;
    const fills = [outer!, inner!].every((channels) => channels % this.block === 0);
    const isFloat = x.dtype === 'float32' && kernel.length === 2;
    if (grouped || !fills || !isFloat || node.attributes.auto_pad) return false;

    const window = { kernel_shape: ints(kernel), dilations: ints(numbers('dilations', 1)) };
    if (node.op === 'Conv') {
      const attributes = { ...window, strides: ints(numbers('strides', 1)), pads: ints(numbers('pads', 0, 4)) };
      this.overBlocks(node, this.filter(w, node.name, false), attributes);
      return true;
    }
    // A transposed convolution is one with the kernel turned round, its channels swapped, and what the pads leave of it around
    const plain = [...numbers('strides', 1), ...numbers('dilations', 1)].every((step) => step === 1);
    const pads = numbers('pads', 0, 4).map((pad, i) => kernel[i % 2]! - 1 - pad);
    if (!plain || numbers('output_padding', 0).some((size) => size > 0) || pads.some((pad) => pad < 0)) return false;
    this.overBlocks(node, this.filter(w, node.name, true), { ...window, pads: ints(pads) });
    return true;
  }

  private overBlocks(node: Node, filter: string, attributes: Attributes): void {
    const inputs = [this.inBlocks(node.inputs[0]!), filter, ...node.inputs.slice(2)];
    this.leave(node, this.write.blocked('Conv', inputs, attributes, `${node.name}/blocks`));
  }

  /** A node's output out of its blocks, for those who do not read them as such. */
  private leave(node: Node, blocks: string): void {
    const [output] = node.outputs as [string];
    const channels = this.values.value(output).shape[1] as number;
    this.write.blocked('ReorderOutput', [blocks], { channels: int(channels) }, node.name, output);
    this.blocked.set(output, blocks);
  }

  private pool(node: Node): boolean {
    const { shape, dtype } = this.values.value(node.inputs[0]!);
    const [batch, channels, height, width] = shape as [number, number, number, number];
    if (dtype !== 'float32' || shape.length !== 4 || channels % this.block !== 0) return false;
    const image = [batch, channels, height, width] as const;
    if (!poolsTwoByTwo(node, image)) return false;
    const choices = poolInBlocks(this.write, node, this.inBlocks(node.inputs[0]!), image, this.block);
    this.choices.set(node.outputs[1]!, choices);
    return true;
  }

  /** Back into the image that was pooled in blocks. */
  private unpool(node: Node): boolean {
    const [values, indices] = node.inputs as [string, string];
    const choices = this.choices.get(indices);
    const { shape } = this.values.value(node.outputs[0]!);
    if (!choices || shape.join() !== choices.shape.join()) return false;
    this.leave(node, unpoolInBlocks(this.write, node.name, this.inBlocks(values), choices, this.block));
    return true;
  }

  /** To channels last: out of the blocks that another convolution has made already, their kernel is the faster one. */
  private transpose(node: Node): boolean {
    const blocks = this.blocked.get(node.inputs[0]!);
    if (!blocks || attribute(node.attributes, 'perm', 'ints')?.join() !== '0,2,3,1') return false;
    const channels = this.values.value(node.inputs[0]!).shape[1] as number;
    const attributes = { channels: int(channels), channels_last: int(1) };
    this.write.blocked('ReorderOutput', [blocks], attributes, node.name, node.outputs[0]!);
    return true;
  }

  /** A value [batch, channels, height, width] in blocks, once for all who read it so. */
  private inBlocks(name: string): string {
    const known = this.blocked.get(name);
    if (known) return known;
    const blocks = this.write.blocked('ReorderInput', [name], {}, `${name}/blocks`);
    this.blocked.set(name, blocks);
    return blocks;
  }

  /** Weights [outer, inner, height, width] as the kernels want them: [to, from, height, width, from in block, to in block]. */
  private filter({ name, shape }: Value, stem: string, transposed: boolean): string {
    const [outer, inner, ...kernel] = shape as [number, number, number, number];
    const { block, write } = this;
    const area = kernel[0]! * kernel[1]!;
    const of = (part: string) => `${stem}/${part}`;
    const sizes = write.numbers([outer / block, block, inner / block, block, area]);
    let parted = write.standard('Reshape', [name, sizes], {}, of('parted'));
    if (transposed) {
      const turned = write.numbers(Array.from({ length: area }, (_, i) => area - 1 - i));
      parted = write.standard('Gather', [parted, turned], { axis: int(4) }, of('turned'));
    }
    const perm = transposed ? [2, 0, 4, 1, 3] : [0, 2, 4, 3, 1];
    const ordered = write.standard('Transpose', [parted], { perm: ints(perm) }, of('ordered'));
    const [to, from] = transposed ? [inner, outer] : [outer, inner];
    return write.standard('Reshape', [ordered, write.numbers([to, from, ...kernel])], {}, of('filter'));
  }
}
