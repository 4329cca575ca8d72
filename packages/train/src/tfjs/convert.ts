/** TensorFlow.js -> ONNX, by the model's format. The ONNX model keeps the other's inputs and outputs: names, float32, channels last. */

import type { Model } from '@denary/core';
import { convertGraphModel } from './convert-graph.js';
import { type ConvertOptions, convertLayersModel } from './convert-layers.js';
import { namedWeights } from './layer-weights.js';
import { rootOf } from './network.js';
import { readTfjsModel, type TfjsFiles, type TfjsModel } from './read-model.js';

/**
 * Converts what `readTfjsModel` gives. Throws `unknown-layer` with all layers that are not covered, `unsupported-operator` with all
 * operators of a graph model that are not, `bad-model` for what is damaged.
 */
export function convertTfjs(model: TfjsModel, options: ConvertOptions = {}): Model {
  const { name, format, topology, weights } = model;
  if (format === 'layers-model') {
    return convertLayersModel(
      { name, root: rootOf(topology, name), weights: namedWeights(weights), dialect: 'tfjs' },
      options,
    );
  }
  return convertGraphModel(model, options);
}

/** Reads and converts. */
export const convertTfjsFiles = async (files: TfjsFiles, options: ConvertOptions = {}): Promise<Model> =>
  convertTfjs(await readTfjsModel(files), options);
