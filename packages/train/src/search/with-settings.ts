/** An architecture with some of its plain data changed, by keys that can be typed: `learningRate`, `dense_1.units`. */

import { resolveAugmentOptions } from '@denary/core';
import type { Architecture } from '../architectures/architecture.js';
import type { Layer } from '../architectures/layers.js';
import { summarize } from '../architectures/summary.js';
import { assign, badSetting, type Kind, oneOf, type SettingValue } from './kinds.js';
import { layerKinds, optimizerKinds, scheduleKinds, trainingKinds } from './setting-kinds.js';

/** New values by key. */
export type SettingOverrides = Readonly<Record<string, SettingValue>>;

type Training = Architecture['training'];
type Tables = Readonly<Record<string, Readonly<Record<string, Kind>>>>;

/** Settings of which one stands for the other: who asks for one takes the other back. */
const INSTEAD: Readonly<Record<string, keyof Training>> = {
  batchSize: 'minibatches',
  minibatches: 'batchSize',
  epochs: 'steps',
  steps: 'epochs',
};

/**
 * Changes settings by their keys:
 * - `optimizer`, by its name, which starts from its own defaults unless the architecture has it already, or as an object;
 *   `optimizer.momentum` and the like for its options, and `learningRate` for short;
 * - `schedule` likewise, with `schedule.warmup` and the like;
 * - any other key of `architecture.training` but `data`: `loss`, `batchSize`, `epochs`, `augment.rotate`, ...;
 * - a layer's field by the layer's Keras name, as `summarize` gives it: `dense.units`, `conv2d_1.kernelRegularizer.l2`; a
 *   TimeDistributed layer has the fields of what is in it.
 * The order of the keys does not matter. Throws `bad-argument`, naming what there is, for an unknown key, layer or field and
 * for a value of the wrong kind; whether layers fit each other is checked where the model is built.
 */
export function withSettings(architecture: Architecture, settings: SettingOverrides): Architecture {
  const entries = Object.entries(settings).map(([key, value]) => ({ key, value, path: pathOf(key) }));
  for (const [key, other] of Object.entries(INSTEAD)) {
    if (key in settings && other in settings) throw badSetting('settings', `${key} or ${other}`, 'both');
  }
  // An optimizer before its options.
  entries.sort((a, b) => a.path.length - b.path.length);
  const changed = entries.reduce((before, { key, value, path }) => withSetting(before, key, path, value), architecture);
  if (changed.training.augment) resolveAugmentOptions(changed.training.augment);
  return changed;
}

const pathOf = (key: string): string[] => (key === 'learningRate' ? ['optimizer', key] : key.split('.'));

function withSetting(
  architecture: Architecture,
  key: string,
  path: readonly string[],
  value: SettingValue,
): Architecture {
  const { training } = architecture;
  const [first = '', ...rest] = path;
  const who = `setting "${key}"`;
  const trained = (change: object) => ({ ...architecture, training: { ...training, ...change } as Training });
  if (first === 'optimizer') {
    return trained({ optimizer: assignNamed(training.optimizer, rest, value, optimizerKinds, who) });
  }
  if (first === 'schedule') {
    const before = training.schedule ?? { name: 'constant' };
    return trained({ schedule: assignNamed(before, rest, value, scheduleKinds, who) });
  }
  if (Object.hasOwn(trainingKinds, first)) {
    const changed = trained(assign(training, path, value, { fields: trainingKinds }, who) as object);
    const other = INSTEAD[first];
    return other ? { ...changed, training: without(changed.training, other) } : changed;
  }
  return withLayerField(architecture, key, value);
}

/** Of something with a name that decides about its fields: another name starts from its own defaults. */
function assignNamed(
  before: { readonly name: string },
  path: readonly string[],
  value: SettingValue,
  tables: Tables,
  who: string,
): unknown {
  const named = { name: oneOf(...Object.keys(tables)) };
  if (path.length > 0) return assign(before, path, value, { fields: tables[before.name]! }, who);
  const spec = typeof value === 'string' ? { name: value } : (value as { name?: SettingValue });
  const name = assign(undefined, [], spec.name ?? '', named.name, who) as string;
  if (typeof value === 'string') return name === before.name ? before : spec;
  return assign(undefined, [], value, { fields: { ...named, ...tables[name] } }, who);
}

function withLayerField(architecture: Architecture, key: string, value: SettingValue): Architecture {
  const names = summarize(architecture).layers.map(({ name }) => name);
  const at = names.findIndex((name) => key === name || key.startsWith(`${name}.`));
  if (at < 0) throw unknownKey(architecture, key, names);
  const field = key.slice(names[at]!.length + 1);
  const layers = architecture.layers.with(at, withField(architecture.layers[at]!, field, value, `setting "${key}"`));
  return { ...architecture, layers };
}

function withField(layer: Layer, field: string, value: SettingValue, who: string): Layer {
  if (layer.type === 'TimeDistributed') return { ...layer, layer: withField(layer.layer, field, value, who) };
  const fields: Readonly<Record<string, Kind>> = layerKinds[layer.type];
  return assign(layer, field.split('.'), value, { fields }, who) as Layer;
}

function unknownKey({ name }: Architecture, key: string, layers: readonly string[]) {
  const keys = ['optimizer', 'learningRate', 'schedule', ...Object.keys(trainingKinds)].join(', ');
  const expected = `one of ${keys}, or a field of a layer among ${layers.join(', ')}`;
  const remedy = `Write a layer's field as dense.units; \`denary summary ${name}\` shows the layers.`;
  return badSetting('setting', expected, `"${key}"`, remedy);
}

const without = (training: Training, key: keyof Training): Training =>
  Object.fromEntries(Object.entries(training).filter(([name]) => name !== key)) as unknown as Training;
