/** A model file of another framework as an ONNX model. */

import type { Model } from '@denary/core';
import { convertTfjsFiles } from '../tfjs/convert.js';
import type { ConvertOptions } from '../tfjs/convert-layers.js';
import { tfjsFolder } from './tfjs-folder.js';

/**
 * Converts a TensorFlow.js model: its folder or its model.json.
 * Throws `not-found` where there is no such file, `unknown-layer` with all that is not covered, `bad-model` for what is damaged.
 */
export async function convertFile(path: string, options: ConvertOptions = {}): Promise<Model> {
  return await convertTfjsFiles(await tfjsFolder(path), options);
}
