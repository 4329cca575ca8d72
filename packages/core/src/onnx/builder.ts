/** Builds a Graph node by node; every value's type is inferred at once, so that a mistake shows where it is made. */

import { DenaryError } from '../errors.js';
import { type DType, fromNumbers, int64s, type Tensor } from '../tensor.js';
import {
  type Attribute,
  type Dimension,
  describeNode,
  type Graph,
  type Model,
  type Node,
  type Value,
} from './model.js';
import { type AttributeKinds, type AttributesOf, isOperator, type Operator, operators } from './operators.js';

/** The operator set of the files that denary writes; ONNX Runtime has known it since version 1.13. */
export const OPSET = 17;
const IR_VERSION = 8;

export interface NodeOptions {
  /** Name of the node, and of its outputs where those have none. */
  readonly name?: string;
  readonly outputs?: readonly string[];
}

/** A number stands for a scalar constant of the other operand's type. */
export type Operand = Value | number;

export class GraphBuilder {
  readonly opset: number;
  private readonly values = new Map<string, Value>();
  private readonly inputs: Value[] = [];
  private readonly outputs: Value[] = [];
  private readonly initializers = new Map<string, Tensor>();
  private readonly constants = new Map<string, Value>();
  private readonly nodes: Node[] = [];
  /** The names that outputs had before they were renamed: handles given out earlier still hold those. */
  private readonly renames = new Map<string, string>();
  private readonly reserved = new Set<string>();
  private counter = 0;

  constructor(
    private readonly name: string,
    opset = OPSET,
  ) {
    this.opset = opset;
  }

  /** Continues an existing graph; its outputs are kept where `keepOutputs` says so. */
  static from(graph: Graph, opset: number, keepOutputs = false): GraphBuilder {
    const builder = new GraphBuilder(graph.name, opset);
    for (const { name, dtype, shape } of graph.inputs) builder.input(name, dtype, shape);
    for (const [name, tensor] of graph.initializers) builder.initializer(name, tensor);
    for (const node of graph.nodes) builder.append(node);
    if (keepOutputs) for (const { name } of graph.outputs) builder.output(builder.value(name));
    return builder;
  }

  input(name: string, dtype: DType, shape: readonly Dimension[]): Value {
    const value = this.declare({ name, dtype, shape });
    this.inputs.push(value);
    return value;
  }

  initializer(name: string, tensor: Tensor): Value {
    this.initializers.set(name, tensor);
    return this.declare({ name, dtype: tensor.dtype, shape: tensor.shape });
  }

  /** An unnamed initializer; equal ones are shared. */
  constant(tensor: Tensor): Value {
    const key = `${tensor.dtype}[${tensor.shape}]${tensor.data.join()}`;
    const known = this.constants.get(key);
    if (known) return known;
    const value = this.initializer(this.unique('constant'), tensor);
    this.constants.set(key, value);
    return value;
  }

  scalar(value: number, dtype: DType = 'float32'): Value {
    return this.constant(fromNumbers(dtype, [value], []));
  }

  /** A one-dimensional int64 constant, as shapes and axes are given. */
  int64s(values: readonly number[]): Value {
    return this.constant(int64s(values));
  }

  /** Adds a node of one output. */
  op<O extends Operator>(
    op: O,
    inputs: readonly (Operand | undefined)[],
    attributes: AttributesOf<O> = {},
    options: NodeOptions = {},
  ): Value {
    return this.ops(op, inputs, attributes, options)[0]!;
  }

  /** Adds a node of as many outputs as `options.outputs` names (one where it names none). */
  ops<O extends Operator>(
    op: O,
    inputs: readonly (Operand | undefined)[],
    attributes: AttributesOf<O> = {},
    options: NodeOptions = {},
  ): Value[] {
    const dtype = inputs.find((item): item is Value => typeof item === 'object')?.dtype;
    const kinds = operators[op].attributes as AttributeKinds;
    const name = options.name ?? this.unique(op);
    return this.append({
      name,
      op,
      domain: '',
      inputs: inputs.map((item) =>
        item === undefined
          ? ''
          : typeof item === 'number'
            ? this.scalar(item, dtype).name
            : (this.renames.get(item.name) ?? item.name),
      ),
      outputs: options.outputs ?? [name],
      attributes: Object.fromEntries(
        Object.entries(attributes)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => [key, { type: kinds[key], value } as Attribute]),
      ),
    });
  }

  /** Adds a node as it is. Throws `unsupported-operator` or `bad-model`, naming the node. */
  append(node: Node): Value[] {
    if (node.domain !== '' || !isOperator(node.op)) {
      throw new DenaryError({
        code: 'unsupported-operator',
        who: describeNode(node),
        expected: "an operator of ONNX's default domain that denary knows",
        received: node.domain ? `${node.domain}.${node.op}` : node.op,
        remedy: `Known are: ${Object.keys(operators).join(', ')}.`,
      });
    }
    const types = operators[node.op].infer({
      opset: this.opset,
      attributes: node.attributes,
      outputCount: node.outputs.length,
      inputs: node.inputs.map((name) => (name ? this.value(name, node) : undefined)),
      constant: (index) => this.initializers.get(node.inputs[index] ?? ''),
      fail: (expected, received) => {
        throw new DenaryError({
          code: 'bad-model',
          who: describeNode(node),
          expected,
          received,
          remedy: 'Check the shapes of the layers before it.',
        });
      },
    });
    this.nodes.push(node);
    return node.outputs.map((name, i) => {
      const value = { name, ...(types[i] ?? types[0]!) };
      return name ? this.declare(value) : value;
    });
  }

  /** The value of that name. */
  value(name: string, reader?: Node): Value {
    const value = this.values.get(this.renames.get(name) ?? name);
    if (value) return value;
    throw new DenaryError({
      code: 'bad-model',
      who: reader ? describeNode(reader) : this.name,
      expected: 'inputs that an earlier node, an initializer or an input gives',
      received: `"${name}"`,
      remedy: 'Export the model again; its nodes must be in topological order.',
    });
  }

  /** The node that makes a value; none for inputs and initializers. */
  producer(name: string): Node | undefined {
    return this.nodes.find(({ outputs }) => outputs.includes(name));
  }

  /** The constant behind a value, where it is one. */
  constantOf(name: string): Tensor | undefined {
    return this.initializers.get(name);
  }

  /** Declares a value as an output; under another name, the node that makes it is renamed, so that nothing is copied. */
  output(value: Value, name = value.name): Value {
    const result = name === value.name ? value : this.renamed(value, name);
    this.outputs.push(result);
    return result;
  }

  private renamed(value: Value, name: string): Value {
    const taken = this.outputs.some((output) => output.name === value.name);
    if (taken || !this.nodes.some(({ outputs }) => outputs.includes(value.name))) {
      return this.op('Identity', [value], {}, { name, outputs: [name] });
    }
    const rename = (names: readonly string[]) => names.map((item) => (item === value.name ? name : item));
    this.nodes.forEach((node, i) => {
      if (node.inputs.includes(value.name) || node.outputs.includes(value.name)) {
        this.nodes[i] = { ...node, inputs: rename(node.inputs), outputs: rename(node.outputs) };
      }
    });
    this.renames.set(value.name, name);
    return this.declare({ ...value, name });
  }

  build(): Graph {
    const { name, inputs, outputs, nodes, initializers } = this;
    return { name, inputs, outputs, nodes, initializers };
  }

  model(metadata: Readonly<Record<string, string>> = {}): Model {
    return { irVersion: IR_VERSION, opset: this.opset, producer: 'denary', metadata, graph: this.build() };
  }

  /** Keeps names for values that are yet to come: `unique` gives none of them. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.reserved.add(name);
  }

  /** A name that no value has yet. */
  unique(stem: string): string {
    let name = `${stem}_${this.counter++}`;
    while (this.values.has(name) || this.reserved.has(name)) name = `${stem}_${this.counter++}`;
    return name;
  }

  private declare(value: Value): Value {
    if (this.values.has(value.name)) {
      throw new DenaryError({
        code: 'bad-model',
        who: this.name,
        expected: 'every value to be named once',
        received: `"${value.name}" twice`,
        remedy: 'Give the second one another name.',
      });
    }
    this.values.set(value.name, value);
    return value;
  }
}
