/** A model file's graph as a network of the kernels' layers, where it is a chain of what they know. */

import { attribute, describeNode, type Graph, type Node, padsOf, problem, type Tensor, toNumbers } from '@denary/core';
import {
  type Convolution,
  type Dense,
  type Network,
  type Pool,
  type SpatialLayer,
  shapeAfter,
  type Window,
} from './layers.js';
import { type Affine, absorb } from './normalisation.js';

/** Throws `unsupported-operator` for a graph that is another one, and says what is in the way. */
export function networkOf(graph: Graph): Network {
  return new Reader(graph).read();
}

class Reader {
  /** Channels, height and width of one image, or its numbers in a row. */
  private sizes: readonly number[];
  private readonly spatial: SpatialLayer[] = [];
  private readonly dense: Dense[] = [];
  private scale = 1;
  private offset = 0;
  /** A normalisation that goes into the weights that follow. */
  private pending: Affine | undefined;
  private done = false;
  private node: Node | undefined;
  private readonly imageShape: { readonly height: number; readonly width: number; readonly channels: 1 };

  constructor(private readonly graph: Graph) {
    const [input] = graph.inputs;
    const [, height, width] = input?.shape ?? [];
    const fits = graph.inputs.length === 1 && input?.dtype === 'uint8' && input.shape.length === 3;
    if (!fits || typeof height !== 'number' || typeof width !== 'number' || width < 4) {
      this.refuse('a model of another input than grey images of one size, uint8 [batch, height, width]');
    }
    this.imageShape = { height, width, channels: 1 };
    this.sizes = [height, width];
  }

  read(): Network {
    const { nodes, inputs, outputs } = this.graph;
    let name = inputs[0]!.name;
    for (const node of nodes) {
      this.node = node;
      const constants = node.inputs.filter((input) => input !== name);
      const other = constants.find((input) => input !== '' && !this.graph.initializers.has(input));
      if (other !== undefined || constants.length === node.inputs.length) this.refuse('a graph that is no chain');
      this.add(node, node.inputs.indexOf(name));
      name = node.outputs[0]!;
    }
    this.node = undefined;
    if (outputs.length !== 1 || outputs[0]!.name !== name || !this.done || this.dense.length === 0) {
      this.refuse('a graph that does not end with dense layers and a softmax');
    }
    const { scale, offset, spatial, dense, imageShape: shape } = this;
    return { input: inputs[0]!.name, shape, scale, offset, spatial, dense, output: name, outputShape: this.sizes };
  }

  private add(node: Node, at: number): void {
    if (this.done) this.refuse();
    const { op } = node;
    const rules: Readonly<Record<string, () => void>> = {
      Identity: () => {},
      Dropout: () => {},
      Cast: () => this.requireThat(this.untouched && attribute(node.attributes, 'to', 'int') === FLOAT),
      Reshape: () => this.reshape(toNumbers(this.constant(1))),
      Flatten: () => this.flatten(),
      Conv: () => this.convolution(),
      Gemm: () => this.product('Gemm'),
      MatMul: () => this.product('MatMul'),
      Relu: () => this.relu(),
      MaxPool: () => this.pool(op),
      AveragePool: () => this.pool(op),
      GlobalAveragePool: () => this.pool(op),
      BatchNormalization: () => this.normalise(),
      Softmax: () => this.softmax(),
      Mul: () => this.arithmetic('Mul', at),
      Div: () => this.arithmetic('Div', at),
      Add: () => this.arithmetic('Add', at),
      Sub: () => this.arithmetic('Sub', at),
    };
    const known = Object.hasOwn(rules, op) && ['', 'ai.onnx'].includes(node.domain);
    const rule = known ? rules[op] : undefined;
    if (rule) rule();
    else this.refuse();
  }

  private get untouched(): boolean {
    return this.spatial.length === 0 && this.dense.length === 0 && !this.pending;
  }

  /** Of one image. */
  private get numbers(): number {
    return productOf(this.sizes);
  }

  private get isFlat(): boolean {
    return this.sizes.length === 1;
  }

  /** The last layer, where what follows may go into it. */
  private get open(): Convolution | Dense | undefined {
    const last = this.dense.at(-1) ?? this.spatial.at(-1);
    const flattened = this.isFlat && this.dense.length === 0;
    return last && last.kind !== 'pool' && !last.relu && !this.pending && !flattened ? last : undefined;
  }

  private replace(layer: Convolution | Dense): void {
    if (layer.kind === 'dense') this.dense[this.dense.length - 1] = layer;
    else this.spatial[this.spatial.length - 1] = layer;
  }

  private reshape(target: readonly number[]): void {
    const count = this.numbers;
    const rest = target.slice(1);
    const known = productOf(rest.filter((size) => size > 0));
    const sizes = rest.map((size) => (size === -1 ? count / known : size));
    const [height, width] = [this.imageShape.height, this.imageShape.width];
    if (target[0] !== 0 && target[0] !== -1) this.refuse('a fixed batch');
    if (productOf(sizes) !== count) this.refuse(`a reshape of ${count} numbers to [${target}]`);
    if (this.untouched && sizes.join() === `1,${height},${width}`) this.sizes = sizes;
    else if (sizes.length === 1) this.flatten();
    else if (this.isFlat && this.dense.length > 0 && sizes.length === 2) this.sizes = sizes;
    else this.refuse(`a reshape to [${target}]`);
  }

  private flatten(): void {
    const { node, pending } = this;
    this.requireThat(node!.op !== 'Flatten' || (attribute(node!.attributes, 'axis', 'int') ?? 1) === 1);
    const area = this.numbers / this.sizes[0]!;
    const spread = (values: ArrayLike<number>) =>
      Array.from({ length: values.length * area }, (_, i) => values[Math.floor(i / area)]!);
    if (pending) this.pending = { scale: spread(pending.scale), shift: spread(pending.shift) };
    this.sizes = [this.numbers];
  }

  private window(kernel: readonly number[]): Window {
    const { attributes } = this.node!;
    const [, height, width] = this.sizes;
    const strides = attribute(attributes, 'strides', 'ints') ?? [1, 1];
    const dilations = attribute(attributes, 'dilations', 'ints') ?? [1, 1];
    this.requireThat(kernel.length === 2 && dilations.every((step) => step === 1));
    const pads = padsOf({ attributes }, [height!, width!], kernel);
    this.requireThat(pads.every((pad) => pad >= 0));
    return { kernel, strides, pads } as unknown as Window;
  }

  private slide(layer: SpatialLayer): void {
    const [channels, height, width] = this.sizes as [number, number, number];
    const shape = shapeAfter(layer, { channels, height, width });
    this.requireThat(shape.height > 0 && shape.width > 0 && this.dense.length === 0);
    this.spatial.push(layer);
    this.sizes = [shape.channels, shape.height, shape.width];
  }

  private convolution(): void {
    const { data, shape } = this.weights(1);
    const [outputs, inputs, ...kernel] = shape as [number, number, ...number[]];
    const groups = attribute(this.node!.attributes, 'group', 'int') ?? 1;
    this.requireThat(this.sizes.length === 3 && groups === 1 && inputs === this.sizes[0]);
    const window = this.window(kernel);
    const [weights, bias] = [new Float32Array(data), this.bias(2, outputs)];
    const { pending } = this;
    if (pending) {
      // Around the image there are zeros, which no normalisation has changed.
      this.requireThat(window.pads.every((pad) => pad === 0));
      const area = kernel[0]! * kernel[1]!;
      absorb(weights, bias, pending, (i) => [Math.floor(i / (area * inputs)), Math.floor(i / area) % inputs]);
      this.pending = undefined;
    }
    this.slide({ kind: 'convolution', ...window, weights, bias, relu: false });
  }

  private product(op: 'Gemm' | 'MatMul'): void {
    const { attributes, inputs } = this.node!;
    const of = (name: string, type: 'int' | 'float', otherwise: number) =>
      attribute(attributes, name, type) ?? otherwise;
    const plain = of('transA', 'int', 0) === 0 && of('alpha', 'float', 1) === 1 && of('beta', 'float', 1) === 1;
    const { data, shape } = this.weights(1);
    const turned = of('transB', 'int', 0) === 1;
    const [from, to] = (turned ? [shape[1], shape[0]] : shape) as [number, number];
    this.requireThat(plain && this.isFlat && shape.length === 2 && from === this.sizes[0] && inputs[1] !== inputs[0]);
    const weights = turned
      ? Float32Array.from({ length: data.length }, (_, i) => data[(i % to) * from + Math.floor(i / to)]!)
      : new Float32Array(data);
    const bias = op === 'Gemm' ? this.bias(2, to) : new Float32Array(to);
    if (this.pending) absorb(weights, bias, this.pending, (i) => [i % to, Math.floor(i / to)]);
    this.pending = undefined;
    this.dense.push({ kind: 'dense', weights, bias, relu: false });
    this.sizes = [to];
  }

  private relu(): void {
    const { open } = this;
    if (!open) this.refuse('a ReLU that follows no weights');
    this.replace({ ...open, relu: true });
  }

  private pool(op: string): void {
    const { attributes, outputs } = this.node!;
    this.requireThat(this.sizes.length === 3 && !this.pending && outputs.length === 1 && this.spatial.length > 0);
    const kernel = op.startsWith('Global')
      ? this.sizes.slice(1)
      : (attribute(attributes, 'kernel_shape', 'ints') ?? []);
    const window = this.window(kernel);
    const whole = (attribute(attributes, 'ceil_mode', 'int') ?? 0) === 0;
    this.requireThat(whole && window.pads.every((pad) => pad === 0) && kernel[0]! * kernel[1]! <= MOST_OF_POOL);
    const layer: Pool = { kind: 'pool', how: op === 'MaxPool' ? 'largest' : 'mean', ...window };
    this.slide(layer);
  }

  private normalise(): void {
    const { attributes } = this.node!;
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => this.weights(i).data);
    this.requireThat((attribute(attributes, 'training_mode', 'int') ?? 0) === 0);
    const epsilon = attribute(attributes, 'epsilon', 'float') ?? 1e-5;
    const scale = Float64Array.from(gamma!, (value, i) => value / Math.sqrt(variance![i]! + epsilon));
    this.affine({ scale, shift: scale.map((value, i) => beta![i]! - value * mean![i]!) });
  }

  /** Changes the values there are: in the input, in the weights that made them, or in those that come. */
  private affine(by: Affine): void {
    const { open } = this;
    if (this.untouched && by.scale.length === 1) {
      this.scale *= by.scale[0]!;
      this.offset = this.offset * by.scale[0]! + by.shift[0]!;
    } else if (open && by.scale.length === open.bias.length) {
      const outputs = open.bias.length;
      const each = open.kind === 'dense' ? 1 : open.weights.length / outputs;
      const outputOf = (i: number) => (open.kind === 'dense' ? i % outputs : Math.floor(i / each));
      const weights = open.weights.map((value, i) => value * by.scale[outputOf(i)]!);
      this.replace({ ...open, weights, bias: open.bias.map((value, o) => value * by.scale[o]! + by.shift[o]!) });
    } else {
      this.requireThat(!this.pending && by.scale.length === this.sizes[0]);
      this.pending = by;
    }
  }

  private arithmetic(op: 'Mul' | 'Div' | 'Add' | 'Sub', at: number): void {
    const { data: values, shape } = this.weights(1 - at);
    this.requireThat((at === 0 || op === 'Mul' || op === 'Add') && shape.length <= this.sizes.length + 1);
    const { open } = this;
    // Of a dense layer, its bias; otherwise one number for all.
    const outputs = values.length === 1 ? (this.untouched ? 1 : this.sizes[0]!) : values.length;
    this.requireThat(values.length === 1 || (open?.kind === 'dense' && shape.at(-1) === values.length));
    const value = (i: number) => values[values.length === 1 ? 0 : i]!;
    const map = (of: (i: number) => number) => Float64Array.from({ length: outputs }, (_, i) => of(i));
    if (op === 'Mul' || op === 'Div') {
      this.affine({ scale: map((i) => (op === 'Mul' ? value(i) : 1 / value(i))), shift: map(() => 0) });
    } else this.affine({ scale: map(() => 1), shift: map((i) => (op === 'Add' ? value(i) : -value(i))) });
  }

  private softmax(): void {
    // Before operator set 13 it was 1 where left out.
    const axis = attribute(this.node!.attributes, 'axis', 'int') ?? 1;
    this.requireThat((axis === -1 || axis === this.sizes.length) && this.dense.length > 0 && !this.pending);
    this.done = true;
  }

  private constant(i: number): Tensor {
    const name = this.node!.inputs[i];
    return this.graph.initializers.get(name ?? '') ?? this.refuse();
  }

  private weights(i: number): Tensor<'float32'> {
    const tensor = this.constant(i);
    return tensor.dtype === 'float32' ? (tensor as Tensor<'float32'>) : this.refuse(`weights of ${tensor.dtype}`);
  }

  private bias(i: number, outputs: number): Float32Array {
    if (!this.node!.inputs[i]) return new Float32Array(outputs);
    const { data } = this.weights(i);
    this.requireThat(data.length === outputs || data.length === 1);
    return Float32Array.from({ length: outputs }, (_, o) => data[data.length === 1 ? 0 : o]!);
  }

  private requireThat(fits: boolean): void {
    if (!fits) this.refuse();
  }

  private refuse(received?: string): never {
    const what = this.node ? describeNode(this.node) : 'the graph';
    throw problem(
      'unsupported-operator',
      'createSession',
      "a chain of convolutions, pools and dense layers that denary's own kernels run",
      received ? `${received} (${what})` : `${what} as it is used here`,
      "Leave `engine` out, or ask for 'onnxruntime', which runs any model.",
    );
  }
}

const productOf = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);

/** ONNX's element type float32. */
const FLOAT = 1;
/** Every value of a pool's window is an instruction. */
const MOST_OF_POOL = 64;
