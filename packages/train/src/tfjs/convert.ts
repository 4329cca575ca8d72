/** TensorFlow.js -> ONNX, by the model's format. The ONNX model keeps the inputs and outputs of the other: names, float32, channels last. */

import { type Model, problem } from '@denary/core';
import { readTfjsModel, type TfjsFiles, type TfjsModel } from './read-model.js';

/** Converts what `readTfjsModel` gives. */
export function convertTfjs(model: TfjsModel): Model {
  throw problem('bad-model', model.name, 'a layers model', `a ${model.format}`, 'Convert another model.');
}

/** Reads and converts. */
export const convertTfjsFiles = async (files: TfjsFiles): Promise<Model> => convertTfjs(await readTfjsModel(files));
