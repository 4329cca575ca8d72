/** TensorFlow.js -> ONNX, by the model's format. The ONNX model keeps the other's inputs and outputs: names, float32, channels last. */

import { type Model, problem } from '@denary/core';
import { type ConvertOptions, convertLayersModel } from './convert-layers.js';
import { namedWeights } from './layer-weights.js';
import { rootOf } from './network.js';
import { readTfjsModel, type TfjsFiles, type TfjsModel } from './read-model.js';

/**
 * Converts what `readTfjsModel` gives. Throws `unknown-layer` with all layers that are not covered, `bad-model` for what is
 * damaged.
 */
export function convertTfjs(model: TfjsModel, options: ConvertOptions = {}): Model {
  const { name, format, topology, weights } = model;
  if (format === 'layers-model') {
    return convertLayersModel(
      { name, root: rootOf(topology, name), weights: namedWeights(weights), dialect: 'tfjs' },
      options,
    );
  }
  throw problem('bad-model', name, 'a layers model', `a ${format}`, 'Convert another model.');
}

/** Reads and converts. */
export const convertTfjsFiles = async (files: TfjsFiles, options: ConvertOptions = {}): Promise<Model> =>
  convertTfjs(await readTfjsModel(files), options);
