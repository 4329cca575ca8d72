/** Keras' own files, `.keras` and `.h5`, as ONNX: the layers' table is that of TensorFlow.js, the mathematics Keras' own. */

import { DenaryError, type Model, messageOf, problem } from '@denary/core';
import { unzipSync } from 'fflate';
import { type ConvertOptions, convertLayersModel, type LayersModel } from '../convert-layers.js';
import { isObject, type Json } from '../layers/config.js';
import type { Dialect } from '../layers/row.js';
import { rootOf } from '../network.js';
import { isHdf5, readHdf5 } from './hdf5.js';
import { weightsByName, weightsByNumber } from './weights.js';

/** Whether bytes are a file of Keras', by what they begin with: HDF5, or a zip archive. */
export const isKerasFile = (bytes: Uint8Array): boolean => isHdf5(bytes) || isZip(bytes);

const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

/**
 * Converts a whole model as Keras 2 or 3 saves it: the bytes of a `.keras` file, or of an `.h5` file. Throws `unknown-layer` with
 * all layers that are not covered, `bad-model` for what is damaged or holds weights alone.
 */
export function convertKeras(bytes: Uint8Array, name: string, options: ConvertOptions = {}): Model {
  try {
    return convertLayersModel(isHdf5(bytes) ? fromHdf5(bytes, name) : fromZip(bytes, name), options);
  } catch (error) {
    if (!(error instanceof DenaryError) || error.code !== 'unknown-layer') throw error;
    const { code, who, expected, received } = error;
    throw problem(code, who, expected, received, `Keras itself may convert it: ${commandFor(name)}`, error);
  }
}

/** By Keras 3.8 and later, with its package tf2onnx or the like. */
const commandFor = (name: string): string =>
  `python -c "import keras; keras.saving.load_model('${name}').export('model.onnx', format='onnx')"`;

/** A zip archive of the configuration as JSON and the weights in HDF5. */
function fromZip(bytes: Uint8Array, who: string): LayersModel {
  const files = unzipped(bytes, who);
  const config = jsonOf(files['config.json'], `${who}: config.json`);
  const { keras_version: version } = jsonOf(files['metadata.json'], `${who}: metadata.json`);
  const weights = files['model.weights.h5'];
  if (!weights) throw damaged(who, 'model.weights.h5 in it', 'none');
  const root = rootOf(config, who);
  const file = readHdf5(weights, `${who}: model.weights.h5`);
  return { name: who, root, weights: weightsByNumber(file, root), dialect: dialectOf(version) };
}

const NAMES = ['config.json', 'metadata.json', 'model.weights.h5'];

function unzipped(bytes: Uint8Array, who: string): Partial<Record<string, Uint8Array>> {
  try {
    return unzipSync(bytes, { filter: ({ name }) => NAMES.includes(name) });
  } catch (cause) {
    throw damaged(who, 'a zip archive', messageOf(cause), cause);
  }
}

function fromHdf5(bytes: Uint8Array, who: string): LayersModel {
  const file = readHdf5(bytes, who);
  const { model_config: config, keras_version: version } = file.attributes;
  if (typeof config !== 'string') {
    const remedy = "Save the whole model in Python: model.save('model.keras')";
    throw problem('bad-model', who, 'a model with its configuration', 'weights alone', remedy);
  }
  const json = jsonOf(new TextEncoder().encode(config), `${who}: model_config`);
  return { name: who, root: rootOf(json, who), weights: weightsByName(file), dialect: dialectOf(version) };
}

/** Files of before Keras 2.0 say nothing of it. */
const dialectOf = (version: unknown): Dialect => (Number.parseInt(`${version ?? 2}`, 10) >= 3 ? 'keras3' : 'keras2');

function jsonOf(bytes: Uint8Array | undefined, who: string): Json {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isObject(value)) return value;
  } catch (cause) {
    throw damaged(who, 'JSON', messageOf(cause), cause);
  }
  throw damaged(who, 'an object in JSON', 'another value');
}

const damaged = (who: string, expected: string, received: string, cause?: unknown) =>
  problem('bad-model', who, expected, received, 'Copy or save the model again.', cause);
