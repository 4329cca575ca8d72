/** TensorFlow.js -> ONNX, by the model's format. The ONNX model keeps the other's inputs and outputs: names, float32, channels last. */

import type { Model } from '@denary/core';
import { SCALE } from '../foreign/wrap-classifier.js';
import { convertGraphModel } from './convert-graph.js';
import { type ConvertOptions, convertLayersModel } from './convert-layers.js';
import { namedWeights } from './layer-weights.js';
import { isObject } from './layers/config.js';
import { rootOf } from './network.js';
import { readTfjsModel, type TfjsFiles, type TfjsModel } from './read-model.js';

/**
 * Converts what `readTfjsModel` gives. Throws `unknown-layer` with all layers that are not covered, `unsupported-operator` with all
 * operators of a graph model that are not, `bad-model` for what is damaged.
 */
export function convertTfjs(model: TfjsModel, options: ConvertOptions = {}): Model {
  const { name, format, topology, weights, metadata } = model;
  if (format === 'layers-model') {
    const converted = convertLayersModel(
      { name, root: rootOf(topology, name), weights: namedWeights(weights), dialect: 'tfjs' },
      options,
    );
    return { ...converted, metadata: scaleIn(metadata) };
  }
  return convertGraphModel(model, options);
}

/** A model that was exported from here scales its pixels itself, and says so. */
function scaleIn(metadata: unknown): Model['metadata'] {
  const ours = isObject(metadata) && isObject(metadata.denary) ? metadata.denary.scale : undefined;
  return typeof ours === 'number' && ours > 0 ? { [SCALE]: `${ours}` } : {};
}

/** Reads and converts. */
export const convertTfjsFiles = async (files: TfjsFiles, options: ConvertOptions = {}): Promise<Model> =>
  convertTfjs(await readTfjsModel(files), options);
