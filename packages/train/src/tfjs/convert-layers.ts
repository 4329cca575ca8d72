/** A layers model -> ONNX: walks the calls from the outputs back to the inputs and emits each layer by its row of the table. */

import {
  type Dimension,
  type DType,
  elementTypeOf,
  GraphBuilder,
  type Model,
  problem,
  type Tensor,
  type Value,
} from '@denary/core';
import { maths } from '../math.js';
import { ChannelsLast, type Edge } from './channels-last.js';
import type { LayerWeights } from './layer-weights.js';
import type { LayerSpec } from './layers/config.js';
import { lackingIn, rowOf } from './layers/index.js';
import type { Dialect, LayerContext } from './layers/row.js';
import { isNetwork, layersOf, type Network, networkOf, type Ref } from './network.js';

export interface LayersModel {
  /** What errors call the model. */
  readonly name: string;
  /** The outermost model. */
  readonly root: LayerSpec;
  readonly weights: LayerWeights;
  readonly dialect: Dialect;
}

export interface ConvertOptions {
  /** Shapes of inputs by their names, without the batch, for models that leave sizes open. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

/**
 * Converts a layers model: an input and an output for each of its own, by the names of their layers, channels last, the batch
 * symbolic. Throws `unknown-layer` that lists all layers which are not covered, `bad-model` for what is damaged.
 */
export function convertLayersModel(model: LayersModel, options: ConvertOptions = {}): Model {
  const lacking = unsupportedIn(model.root);
  if (lacking.length > 0) {
    throw problem(
      'unknown-layer',
      model.name,
      'layers that denary converts',
      lacking.join(', '),
      'Leave them out of the model or put layers of the table in their place.',
    );
  }
  return new Converter(model, options).convert();
}

/** All layers of a model that are not covered, those of models inside it, too. */
const unsupportedIn = (spec: LayerSpec): string[] =>
  isNetwork(spec) ? layersOf(spec).flatMap(unsupportedIn) : wrapped(spec);

/** A wrapper may hold a model. */
function wrapped(spec: LayerSpec): string[] {
  if (spec.className !== 'TimeDistributed') return lackingIn(spec);
  return unsupportedIn(spec.config.layer('layer'));
}

/** Layers that take whole numbers as they are; the others compute in float32. */
const takesIntegers = new Set(['Embedding', 'InputLayer', 'Reshape', 'Flatten', 'Permute', 'RepeatVector']);

class Converter {
  private readonly graph: GraphBuilder;
  private readonly layout: ChannelsLast;
  private readonly initializers = new Map<string, Value>();
  /** How many weights of a layer were asked for, by its scopes. */
  private readonly asked = new Map<string, string[]>();

  constructor(
    private readonly model: LayersModel,
    private readonly options: ConvertOptions,
  ) {
    this.graph = new GraphBuilder(model.root.name);
    this.layout = new ChannelsLast(this.graph);
  }

  convert(): Model {
    const { graph, layout, model } = this;
    const network = networkOf(model.root);
    const outputs = uniqueNames(network.outputs.map(({ layer }) => layer));
    const inputs = network.inputs.map((ref) => this.input(network, ref));
    graph.reserve(outputs);
    const edges = this.run(network, inputs, []);
    edges.forEach((edge, i) => graph.output(layout.last(edge), outputs[i]!));
    return graph.model();
  }

  /** An input of the model, as its layer describes it. */
  private input(network: Network, { layer: name }: Ref): Edge {
    const spec = network.layers.get(name)?.spec;
    const values = spec?.config.values ?? {};
    const shape =
      values.batch_input_shape ??
      values.batch_shape ??
      (Array.isArray(values.input_shape) && [null, ...values.input_shape]);
    const given = this.options.shapes?.[name];
    if (!Array.isArray(shape) && !given) {
      throw problem(
        'bad-model',
        this.model.name,
        `the shape of the input "${name}"`,
        'none',
        'Give its shape, without the batch.',
      );
    }
    const own: unknown[] = Array.isArray(shape) ? shape.slice(1) : given!.map(() => null);
    const sizes = own.map((size, i): Dimension => {
      const known = typeof size === 'number' && Number.isInteger(size) && size >= 0 ? size : undefined;
      const wanted = given?.[i];
      if (given && (given.length !== own.length || (known !== undefined && wanted !== known))) {
        throw problem(
          'bad-argument',
          this.model.name,
          `"${name}" of shape [${own.map((s) => s ?? '?')}]`,
          `[${given}]`,
          'Give sizes that the model has open.',
        );
      }
      return known ?? wanted ?? `${name}_${i + 1}`;
    });
    const whole = typeof values.dtype === 'string' && /^u?int/.test(values.dtype);
    return this.layout.fromLast(this.graph.input(name, whole ? 'int32' : 'float32', ['batch', ...sizes]));
  }

  /** The outputs of a model for its inputs. Only what they depend on is emitted, each call once. */
  private run(network: Network, inputs: readonly Edge[], scopes: readonly string[]): Edge[] {
    const { model } = this;
    const damaged = (expected: string, received: string) =>
      problem('bad-model', model.name, expected, received, 'Save the model again.');
    if (inputs.length !== network.inputs.length) {
      throw damaged(`${network.inputs.length} inputs of ${scopes.join('/') || 'the model'}`, `${inputs.length}`);
    }
    const done = new Map<string, readonly Edge[]>();
    network.inputs.forEach((ref, i) => done.set(`${ref.layer}:${ref.call}`, [inputs[i]!]));
    const pending = new Set<string>();
    const resolve = ({ layer, call, output }: Ref): Edge => {
      const key = `${layer}:${call}`;
      if (!done.has(key)) {
        const found = network.layers.get(layer);
        const given = found?.calls[call];
        if (!found || !given) throw damaged(`a call ${call} of a layer "${layer}"`, 'none');
        if (pending.has(key)) throw damaged('layers that do not wait for each other', `"${layer}" that does`);
        pending.add(key);
        done.set(key, this.emit(found.spec, given.map(resolve), [...scopes, layer]));
        pending.delete(key);
      }
      return done.get(key)![output] ?? missing(layer, output);
    };
    const missing = (layer: string, output: number): never => {
      throw damaged(`an output ${output} of the layer "${layer}"`, 'fewer');
    };
    return network.outputs.map(resolve);
  }

  /** Emits a layer, or a model as if its layers stood here. */
  private emit(spec: LayerSpec, inputs: readonly Edge[], scopes: readonly string[]): Edge[] {
    if (isNetwork(spec)) return this.run(networkOf(spec), inputs, scopes);
    const context = this.context(spec, scopes);
    const given = takesIntegers.has(spec.className) ? inputs : inputs.map((edge) => context.cast(edge, 'float32'));
    return [rowOf(spec)!.emit(context, given)].flat();
  }

  private context(spec: LayerSpec, scopes: readonly string[]): LayerContext {
    const { graph, layout, model } = this;
    const own = scopes.join('/');
    const { config } = spec;
    const fail = (expected: string, received: string): never => {
      throw problem('bad-model', `${model.name}: ${config.who}`, expected, received, 'Check the layers before it.');
    };
    const ops: LayerContext['ops'] = (op, inputs, attributes, outputs) => {
      const name = graph.unique(`${own}/${op}`);
      return graph.ops(op, inputs, attributes, {
        name,
        outputs: outputs === 1 ? [name] : Array.from({ length: outputs }, (_, i) => `${name}/${i}`),
      });
    };
    const context: LayerContext = {
      graph,
      layout,
      math: maths(graph),
      dialect: model.dialect,
      spec,
      config,
      ops,
      op: (op, inputs, attributes) => ops(op, inputs, attributes ?? {}, 1)[0]!,
      weight: (name, shape) => this.weight(spec, scopes, name, shape),
      initializer: (name, tensor) => this.initializer(`${own}/${name}`, tensor),
      fixed: (size) =>
        typeof size === 'number' ? size : fail('an input whose sizes are known; give its shape', `${size}`),
      inner: (edge) => edge.shape.slice(1).map((size) => context.fixed(size)),
      cast: (edge, dtype: DType) =>
        edge.dtype === dtype
          ? edge
          : layout.map(edge, (value) => context.op('Cast', [value], { to: elementTypeOf(dtype) })),
      nested: (layer, inputs, names) => this.emit(layer, inputs, [...scopes, ...names]),
      as: (other, names) => this.context(other, [...scopes, ...names]),
      fail,
    };
    return context;
  }

  private weight(
    spec: LayerSpec,
    scopes: readonly string[],
    name: string,
    shape: readonly (number | undefined)[],
  ): Tensor<'float32'> {
    const who = `${this.model.name}: ${spec.config.who}`;
    const key = scopes.join('/');
    const asked = this.asked.get(key) ?? [];
    if (!asked.includes(name)) this.asked.set(key, [...asked, name]);
    const index = this.asked.get(key)!.indexOf(name);
    const found = this.model.weights.find(scopes, name, index);
    if (!found)
      throw problem('bad-model', who, `a weight "${key}/${name}"`, 'none', 'Save the model with its weights.');
    const fits =
      found.shape.length === shape.length && shape.every((size, i) => size === undefined || size === found.shape[i]);
    if (fits && found.dtype === 'float32') return found as Tensor<'float32'>;
    throw problem(
      'bad-model',
      who,
      `"${name}" in float32 [${shape.map((size) => size ?? '?').join(', ')}]`,
      `${found.dtype} [${found.shape.join(', ')}]`,
      'Save the model again.',
    );
  }

  private initializer(name: string, tensor: Tensor): Value {
    const known = this.initializers.get(name);
    if (known) return known;
    const value = this.graph.initializer(name, tensor);
    this.initializers.set(name, value);
    return value;
  }
}

/** The names with numbers after those that were there before. */
function uniqueNames(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return names.map((name) => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  });
}
