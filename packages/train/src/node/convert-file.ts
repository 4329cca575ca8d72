/** A model file of another framework as an ONNX model. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Model, messageOf, problem } from '@denary/core';
import { convertTfjsFiles } from '../tfjs/convert.js';
import type { ConvertOptions } from '../tfjs/convert-layers.js';
import { convertKeras, isKerasFile } from '../tfjs/keras/convert-keras.js';
import { convertLoadedModel } from '../tfjs/loaded.js';
import { isUrl, loadUrl } from './load-url.js';
import { tfjsFolder } from './tfjs-folder.js';

/**
 * Converts a TensorFlow.js model (its folder, its model.json, or the URL of a graph model), or a Keras model in a `.keras` or `.h5`
 * file.
 * Throws `not-found` where there is no such file, `unknown-layer` or `unsupported-operator` with all that is not covered,
 * `bad-model` for what is damaged.
 */
export async function convertFile(path: string, options: ConvertOptions = {}): Promise<Model> {
  if (isUrl(path)) return await convertLoadedModel(await loadUrl(path), { ...options, name: path });
  const found = await stat(path).catch((cause) => {
    throw problem('not-found', path, 'a file or a folder', messageOf(cause), 'Check the path.', cause);
  });
  if (found.isDirectory()) await refuseSavedModel(path);
  else {
    const bytes = await readFile(path);
    if (isKerasFile(bytes)) return convertKeras(bytes, path, options);
  }
  return await convertTfjsFiles(await tfjsFolder(path), options);
}

/** TensorFlow's own folder has the same kind of content, in a form that wants TensorFlow to be read. */
async function refuseSavedModel(folder: string): Promise<void> {
  const isThere = (name: string) =>
    stat(join(folder, name)).then(
      () => true,
      () => false,
    );
  if ((await isThere('model.json')) || !(await isThere('saved_model.pb'))) return;
  throw problem(
    'bad-model',
    folder,
    'a model of TensorFlow.js or of Keras',
    "TensorFlow's SavedModel",
    `Convert it with: tensorflowjs_converter --input_format=tf_saved_model ${folder} ${folder}-tfjs`,
  );
}
