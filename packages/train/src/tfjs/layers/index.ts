/** The table of layers: all that is converted, by Keras' class names, and what of a model is not in it. */

import { activationLayers, unknownActivations } from './activations.js';
import type { LayerSpec } from './config.js';
import { convolutionLayers } from './convolution.js';
import { denseLayers } from './dense.js';
import { mergeLayers } from './merge.js';
import { normalizationLayers } from './normalization.js';
import { otherLayers } from './others.js';
import { poolingLayers } from './pooling.js';
import { recurrentLayers } from './recurrent.js';
import type { LayerRow } from './row.js';
import { shapeLayers } from './shape.js';

export const layers = {
  ...denseLayers,
  ...convolutionLayers,
  ...poolingLayers,
  ...normalizationLayers,
  ...recurrentLayers,
  ...shapeLayers,
  ...mergeLayers,
  ...activationLayers,
  ...otherLayers,
} satisfies Record<string, LayerRow>;

/** The class of a layer that is converted. */
export type LayerClass = keyof typeof layers;

/** Classes that have had other names. */
const renamed: Readonly<Record<string, LayerClass>> = {
  BatchNormalizationV1: 'BatchNormalization',
  BatchNormalizationV2: 'BatchNormalization',
  Convolution2D: 'Conv2D',
  Convolution1D: 'Conv1D',
  SeparableConvolution2D: 'SeparableConv2D',
};

/** The row of a layer, where it has one. */
export function rowOf({ className }: LayerSpec): LayerRow | undefined {
  const name = renamed[className] ?? className;
  return Object.hasOwn(layers, name) ? layers[name as LayerClass] : undefined;
}

/** What of a layer is not converted, each with the layer's class and name. */
export function lackingIn(layer: LayerSpec): string[] {
  const row = rowOf(layer);
  if (!row) return [`${layer.className} "${layer.name}"`];
  const missing = [...unknownActivations(layer.config), ...(row.lacks?.(layer.config, lackingIn) ?? [])];
  return missing.map((what) => `${layer.className} "${layer.name}" (${what})`);
}
