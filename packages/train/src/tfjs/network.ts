/** Keras' configuration of a model as its layers and the calls that join them, in the forms that Keras 2, Keras 3 and TensorFlow.js write. */

import { problem } from '@denary/core';
import { isObject, type LayerSpec, layerSpec, show } from './layers/config.js';

/** An output of a layer's call: `call` counts those of one layer, `output` the outputs of a call. */
export interface Ref {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

export interface NetworkLayer {
  readonly spec: LayerSpec;
  /** What each call of it is given. None for an input. */
  readonly calls: readonly (readonly Ref[])[];
}

export interface Network {
  readonly layers: ReadonlyMap<string, NetworkLayer>;
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Ref[];
}

const networks = ['Sequential', 'Functional', 'Model'];

/** Whether a layer is a model itself. */
export const isNetwork = ({ className, config }: LayerSpec): boolean =>
  networks.includes(className) && Array.isArray(config.values.layers);

/** The model in a file's topology: as it is, or in `model_config` where Keras saved it. */
export function rootOf(topology: Readonly<Record<string, unknown>>, who: string): LayerSpec {
  const given = topology.model_config ?? topology;
  const spec = layerSpec(typeof given === 'string' ? JSON.parse(given) : given, who);
  if (isNetwork(spec)) return spec;
  throw problem(
    'bad-model',
    who,
    `a model: ${networks.join(', ')}`,
    `${spec.className}`,
    'Save the model itself, not a layer of it.',
  );
}

/** The layers of a model, in their order. */
export const layersOf = ({ config }: LayerSpec): LayerSpec[] =>
  (config.values.layers as unknown[]).map((layer, i) => layerSpec(layer, `${config.who}, layer ${i}`));

/** Reads a model's configuration. Throws `bad-model` where it is damaged. */
export function networkOf(spec: LayerSpec): Network {
  const { who, values } = spec.config;
  if (spec.className === 'Sequential') return chain(layersOf(spec), who);
  const layers = new Map<string, NetworkLayer>();
  layersOf(spec).forEach((layer, i) => {
    const entry = (values.layers as unknown[])[i] as { inbound_nodes?: unknown; name?: unknown };
    // The model's own entry counts, as those do that refer to it.
    const name = typeof entry.name === 'string' ? entry.name : layer.name;
    if (layers.has(name)) throw damaged(who, 'every layer once', `"${name}" twice`);
    const nodes = Array.isArray(entry.inbound_nodes) ? entry.inbound_nodes : [];
    layers.set(name, { spec: { ...layer, name }, calls: nodes.map((node) => refsOf(node, `${who}, layer "${name}"`)) });
  });
  const inputs = endsOf(values.input_layers, `${who}, input_layers`);
  return counted({ layers, inputs, outputs: endsOf(values.output_layers, `${who}, output_layers`) });
}

/**
 * Keras 2 and TensorFlow.js count the calls of a model inside from 1, its making being the first; Keras 3 counts from 0. All
 * calls in a file are used, so that the highest number tells.
 */
function counted({ layers, inputs, outputs }: Network): Network {
  const every = [...outputs, ...[...layers.values()].flatMap(({ calls }) => calls.flat())];
  const fromOne = new Set(
    [...layers].flatMap(([name, { spec, calls }]) =>
      isNetwork(spec) && every.some(({ layer, call }) => layer === name && call >= calls.length) ? [name] : [],
    ),
  );
  const shifted = (ref: Ref): Ref => (fromOne.has(ref.layer) ? { ...ref, call: ref.call - 1 } : ref);
  return {
    layers: new Map(
      [...layers].map(([name, { spec, calls }]) => [name, { spec, calls: calls.map((call) => call.map(shifted)) }]),
    ),
    inputs,
    outputs: outputs.map(shifted),
  };
}

/** A Sequential: an input, which may be understood, and one layer after the other. */
function chain(specs: readonly LayerSpec[], who: string): Network {
  if (specs.length === 0) throw damaged(who, 'a layer', 'none');
  const first = specs[0]!;
  const input = first.className === 'InputLayer' ? [] : [inputBefore(first)];
  const all = [...input, ...specs];
  const names = all.map(({ name }, i) => (all.findIndex((other) => other.name === name) === i ? name : `${name}/${i}`));
  const layers = all.map((spec, i): [string, NetworkLayer] => [
    names[i]!,
    { spec, calls: i === 0 ? [] : [[{ layer: names[i - 1]!, call: 0, output: 0 }]] },
  ]);
  return {
    layers: new Map(layers),
    inputs: [{ layer: names[0]!, call: 0, output: 0 }],
    outputs: [{ layer: names.at(-1)!, call: 0, output: 0 }],
  };
}

/** TensorFlow.js names the input after the layer that it goes into, and a nested model's own input stays what it is. */
function inputBefore(first: LayerSpec): LayerSpec {
  if (isNetwork(first)) {
    const { layers, inputs } = networkOf(first);
    return layers.get(inputs[0]?.layer ?? '')?.spec ?? first;
  }
  const { config } = first;
  return { className: 'InputLayer', name: `${first.name}_input`, config };
}

/** `["dense", 0, 0]`, or a list of those. */
function endsOf(value: unknown, who: string): Ref[] {
  if (!Array.isArray(value)) throw damaged(who, 'a list', show(value));
  return (typeof value[0] === 'string' ? [value] : value).map((item) => refOf(item, who));
}

/** What one call of a layer is given: a list of references in Keras 2, `args` with tensors in Keras 3. */
function refsOf(node: unknown, who: string): Ref[] {
  if (Array.isArray(node)) {
    const list = typeof node[0] === 'string' ? [node] : node;
    return [...list.map((item) => refOf(item, who)), ...list.flatMap((item) => statesOf((item as unknown[])[3], who))];
  }
  if (isObject(node))
    return [...tensorsIn(node.args, who), ...tensorsIn(isObject(node.kwargs) ? node.kwargs.initial_state : [], who)];
  throw damaged(who, 'inbound_nodes', show(node));
}

/** Keras 2 gives the states of a recurrent layer by name. */
function statesOf(kwargs: unknown, who: string): Ref[] {
  const states = isObject(kwargs) ? kwargs.initial_state : undefined;
  if (!Array.isArray(states)) return [];
  return (typeof states[0] === 'string' ? [states] : states).map((item) => refOf(item, who));
}

function refOf(value: unknown, who: string): Ref {
  const [layer, call, output] = Array.isArray(value) ? value : [];
  const whole = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= 0;
  if (typeof layer === 'string' && whole(call) && whole(output)) return { layer, call, output };
  throw damaged(who, '["layer", node, tensor]', show(value));
}

/** All Keras 3 tensors in a value, in their order. */
function tensorsIn(value: unknown, who: string): Ref[] {
  if (Array.isArray(value)) return value.flatMap((item) => tensorsIn(item, who));
  if (!isObject(value) || value.class_name !== '__keras_tensor__') return [];
  return [refOf(isObject(value.config) ? value.config.keras_history : undefined, who)];
}

const damaged = (who: string, expected: string, received: string) =>
  problem('bad-model', who, expected, received, 'Save the model again.');
