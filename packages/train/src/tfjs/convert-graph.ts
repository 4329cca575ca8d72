/**
 * A graph model -> ONNX: walks from the outputs back to the inputs and emits each node by its row of the table. Shapes, axes and
 * counters are computed on the way; what is not covered is collected, and told at once.
 */

import {
  DenaryError,
  type Dimension,
  elementTypeOf,
  fromNumbers,
  GraphBuilder,
  type Model,
  problem,
  type Tensor,
  type Value,
} from '@denary/core';
import { maths } from '../math.js';
import { ChannelsLast, type Edge } from './channels-last.js';
import type { ConvertOptions } from './convert-layers.js';
import { withLoops } from './graph/frames.js';
import {
  type FunctionDef,
  type GraphDef,
  type NodeDef,
  openSizes,
  readGraphDef,
  refOf,
  type Signature,
  type SignatureTensor,
  signatureOf,
  type TensorRef,
} from './graph/graph-def.js';
import { graphRowOf } from './graph/index.js';
import { computed, DEAD, type Item, isNumbers, type NodeContext, type Wholes, wholes } from './graph/row.js';
import type { TfjsModel } from './read-model.js';

/** A graph that is being converted: the model's own, or a function's with what it was called with. */
interface Scope {
  /** The nodes that called it, before the names of its own. */
  readonly path: string;
  readonly nodes: ReadonlyMap<string, NodeDef>;
  readonly args: ReadonlyMap<string, Item>;
  readonly done: Map<string, readonly Item[]>;
}

/** Names of outputs in functions, where an operator has several. */
const outputNames: Readonly<Record<string, readonly string[]>> = {
  FusedBatchNorm: ['y'],
  FusedBatchNormV2: ['y'],
  FusedBatchNormV3: ['y'],
  TensorListPopBack: ['output_handle', 'tensor'],
};

/** Whole numbers up to this many are looked into while the model is converted. */
const FEW = 4096;

/**
 * Converts a graph model: inputs and outputs by the names of its signature (or of its nodes), channels last, sizes that are open
 * symbolic. Throws `unsupported-operator` that lists all nodes which are not covered, `bad-model` for what is damaged.
 */
export const convertGraphModel = (model: TfjsModel, options: ConvertOptions = {}): Model =>
  new GraphConverter(model, options).convert();

class GraphConverter {
  private readonly definition: GraphDef;
  private readonly graph: GraphBuilder;
  private readonly layout: ChannelsLast;
  private readonly initializers = new Map<string, { readonly source: Tensor; readonly value: Value }>();
  private readonly constants = new Map<string, Edge>();
  /** What is not covered, by operator, with the names of some nodes. */
  private readonly lacking = new Map<string, string[]>();

  constructor(
    private readonly model: TfjsModel,
    private readonly options: ConvertOptions,
  ) {
    this.definition = withLoops(readGraphDef(model.topology, model.name), model.name);
    this.graph = new GraphBuilder(model.name);
    this.layout = new ChannelsLast(this.graph);
  }

  convert(): Model {
    const { graph, layout, definition } = this;
    const { inputs, outputs } = this.signature();
    graph.reserve(Object.keys(outputs));
    const args = new Map(
      Object.entries(inputs).map(([name, tensor]) => [refOf(tensor.tensor).node, computed(this.input(name, tensor))]),
    );
    const scope: Scope = { path: '', nodes: definition.nodes, args, done: new Map() };
    const results = Object.entries(outputs).map(
      ([name, { tensor }]) => [name, this.item(scope, refOf(tensor))] as const,
    );
    this.requireCovered();
    for (const [name, item] of results) graph.output(layout.last(this.edgeOf(item, name)), name);
    return graph.model();
  }

  /** The model's own, or the nodes that nobody takes. Inputs that it does not name are those of their nodes. */
  private signature(): Signature {
    const given = signatureOf(this.model.signature);
    if (given) return given;
    const nodes = [...this.definition.nodes.values()];
    const taken = new Set(nodes.flatMap(({ inputs }) => inputs.map((input) => refOf(input).node)));
    const ends = nodes.filter(({ name, op }) => !taken.has(name) && !['NoOp', 'Const', 'Placeholder'].includes(op));
    if (ends.length === 0) throw this.damaged('an output', 'none');
    return { inputs: {}, outputs: Object.fromEntries(ends.map(({ name }) => [name, { tensor: name }])) };
  }

  private input(name: string, { tensor, dtype, shape }: SignatureTensor): Edge {
    const attributes = this.definition.nodes.get(refOf(tensor).node)?.attributes;
    const own = shape ?? attributes?.shape('shape');
    const type = dtype ?? attributes?.dtype('dtype') ?? 'float32';
    const given = this.options.shapes?.[name];
    if (!own && !given) {
      throw problem(
        'bad-model',
        this.model.name,
        `the shape of the input "${name}"`,
        'none',
        'Give its shape, without the batch.',
      );
    }
    const sizes = own ? openSizes(name, own) : ['batch', ...given!];
    const wanted = given
      ? sizes.map((size, axis): Dimension => (axis > 0 && typeof size === 'string' ? given[axis - 1]! : size))
      : sizes;
    if (given && given.length !== sizes.length - 1) {
      throw problem(
        'bad-argument',
        this.model.name,
        `sizes of "${name}" for [${sizes}]`,
        `[${given}]`,
        'Give its shape, without the batch.',
      );
    }
    return this.layout.fromLast(this.graph.input(name, type, wanted));
  }

  private requireCovered(): void {
    if (this.lacking.size === 0) return;
    throw problem(
      'unsupported-operator',
      this.model.name,
      "TensorFlow's operators that denary converts",
      [...this.lacking]
        .map(
          ([what, nodes]) =>
            `${what} (${nodes.length === 1 ? nodes[0] : `${nodes.length} nodes: ${nodes.slice(0, 3).join(', ')}${nodes.length > 3 ? ', ...' : ''}`})`,
        )
        .join('; '),
      'Leave them out of the model, or freeze it without them.',
    );
  }

  private lacks(what: string, node: string): Item[] {
    this.lacking.set(what, [...(this.lacking.get(what) ?? []), node]);
    return [DEAD];
  }

  /** A tensor of a scope. Its nodes are gone through without recursion: graphs are deeper than a stack. */
  private item(scope: Scope, ref: TensorRef): Item {
    const waiting = [ref.node];
    const open = new Set<string>();
    while (waiting.length > 0) {
      const name = waiting.at(-1)!;
      const node = scope.nodes.get(name);
      if (scope.done.has(name) || scope.args.has(name) || !node) {
        if (!node && !scope.args.has(name)) throw this.damaged(`a node "${name}"`, 'none');
        waiting.pop();
        continue;
      }
      const missing = node.inputs
        .map((input) => refOf(input).node)
        .filter((input) => !scope.done.has(input) && !scope.args.has(input));
      if (missing.length === 0) {
        scope.done.set(name, this.emit(scope, node));
        waiting.pop();
      } else if (open.has(name)) {
        throw this.damaged('nodes that do not wait for each other', `"${name}" that does`);
      } else {
        open.add(name);
        waiting.push(...missing.reverse());
      }
    }
    return this.output(scope, ref);
  }

  /** An output of a node that is done. */
  private output(scope: Scope, { node, output, index }: TensorRef): Item {
    const given = scope.args.get(node);
    if (given) return given;
    const items = scope.done.get(node)!;
    const names = output === undefined ? undefined : outputNames[scope.nodes.get(node)!.op];
    const at = names ? names.indexOf(output!) + index : index;
    return items[at] ?? (items.includes(DEAD) ? DEAD : this.missing(`an output ${at} of "${node}"`));
  }

  private missing(what: string): never {
    throw this.damaged(what, 'none');
  }

  private emit(scope: Scope, node: NodeDef): readonly Item[] {
    const row = graphRowOf(node.op);
    if (!row) return this.lacks(node.op, node.name);
    const inputs = node.inputs.map((input) => this.output(scope, refOf(input)));
    if (inputs.includes(DEAD) && node.op !== 'Merge') return [DEAD];
    try {
      return [row(this.context(scope, node, inputs))].flat();
    } catch (error) {
      if (error instanceof DenaryError && error.code === 'unsupported-operator')
        return this.lacks(error.received, node.name);
      throw error;
    }
  }

  /** What a function gives for its arguments. */
  private call(path: string, name: string, args: readonly Item[]): Item[] {
    const found: FunctionDef | undefined = this.definition.functions.get(name);
    if (!found) throw this.damaged(`a function "${name}"`, 'none');
    const given = new Map(
      found.inputs.map((input, i) => [input, args[i] ?? this.missing(`an input "${input}" of ${name}`)]),
    );
    const scope: Scope = { path, nodes: found.nodes, args: given, done: new Map() };
    return found.outputs.map((output) => this.item(scope, refOf(output)));
  }

  private edgeOf(item: Item, who: string): Edge {
    if (item.kind === 'edge') return item.edge;
    if (item.kind === 'wholes' && isNumbers(item.values)) {
      return this.layout.constant(fromNumbers(item.dtype, item.values, item.scalar ? [] : [item.values.length]));
    }
    const what = item.kind === 'list' ? 'a list of tensors as a tensor' : 'a size that is open as a number';
    throw problem(
      'unsupported-operator',
      `${this.model.name}: "${who}"`,
      'a tensor',
      what,
      'Leave it out of the model.',
    );
  }

  private context({ path }: Scope, node: NodeDef, inputs: readonly Item[]): NodeContext {
    const { graph, layout } = this;
    const who = `${this.model.name}: node "${node.name}" (${node.op})`;
    const fail = (expected: string, received: string): never => {
      throw problem('bad-model', who, expected, received, 'Convert the model again.');
    };
    const unsupported = (what: string): never => {
      throw problem(
        'unsupported-operator',
        who,
        'what denary converts',
        `${node.op}: ${what}`,
        'Leave it out of the model.',
      );
    };
    const input = (index: number): Item => inputs[index] ?? fail(`an input ${index}`, 'none');
    const context: NodeContext = {
      node,
      attributes: node.attributes,
      graph,
      layout,
      math: maths(graph),
      inputs,
      op: (op, operands, attributes = {}) =>
        graph.op(op, operands, attributes, { name: graph.unique(`${path}${node.name}/${op}`) }),
      edge: (index) => {
        const item = input(index);
        if (item.kind === 'edge') return item.edge;
        if (item.kind === 'wholes' && !isNumbers(item.values)) return unsupported('a size that is open as a number');
        return item.kind === 'list' ? unsupported('a list of tensors as a tensor') : this.edgeOf(item, node.name);
      },
      known: (index) => knownOf(input(index)),
      numbers: (index) => {
        const known = knownOf(input(index));
        if (known && isNumbers(known.values)) return known.values;
        return unsupported('numbers that depend on the input');
      },
      number: (index) => context.numbers(index)[0] ?? fail('a number', 'none'),
      list: (index) => {
        const item = input(index);
        return item.kind === 'list' ? item : fail('a list of tensors', item.kind);
      },
      constant: (name) => this.constant(name) ?? fail('its value among the weights', 'none'),
      placeholder: () => this.input(node.name, { tensor: node.name }),
      initializer: (name, source, change) => this.initializer(`${path}${node.name}/${name}`, source, change),
      cast: (edge, dtype) =>
        edge.dtype === dtype
          ? edge
          : layout.map(edge, (value) => context.op('Cast', [value], { to: elementTypeOf(dtype) })),
      fixed: (size) =>
        typeof size === 'number' ? size : unsupported(`a size that is open (${size}); give the shapes of the inputs`),
      call: (name, args) => this.call(`${path}${node.name}/`, name, args),
      unsupported,
      fail,
    };
    return context;
  }

  /** One edge for each weight, so that it lies in the graph once. */
  private constant(name: string): Edge | undefined {
    const tensor = this.model.weights.get(name);
    const known = this.constants.get(name) ?? (tensor && this.layout.constant(tensor));
    if (known) this.constants.set(name, known);
    return known;
  }

  /** The steps of a loop share an initializer, where they are given the same weight. */
  private initializer(name: string, source: Tensor, change = (tensor: Tensor) => tensor): Value {
    const known = this.initializers.get(name);
    if (known?.source === source) return known.value;
    const value = this.graph.initializer(known ? this.graph.unique(name) : name, change(source));
    this.initializers.set(name, { source, value });
    return value;
  }

  private damaged(expected: string, received: string) {
    return problem('bad-model', this.model.name, expected, received, 'Convert the model again.');
  }
}

function knownOf(item: Item): Wholes | undefined {
  if (item.kind === 'wholes') return item;
  const constant = item.kind === 'edge' ? item.edge.constant : undefined;
  if (!constant || constant.dtype === 'float32' || constant.shape.length > 1 || constant.data.length > FEW)
    return undefined;
  const dtype = constant.dtype === 'bool' ? 'bool' : 'int32';
  return wholes(Array.from(constant.data as ArrayLike<number>, Number), constant.shape.length === 0, dtype);
}
