/** Writes a model with its variant in eight bits beside it. */

import { decodeModel, type Manifest } from '@denary/core';
import type { Evaluation } from '../evaluate.js';
import { classifierManifest } from './bare-manifest.js';
import { filesThere, metricsOf, sha256, writeFiles } from './model-folder.js';

export interface QuantizedFolder {
  /** The bytes of the model, and of what `quantizeModel` made of it. */
  readonly model: Uint8Array;
  readonly quantized: Uint8Array;
  readonly name: string;
  /** Of the folder that the model comes from, where it has one. */
  readonly manifest?: Manifest | undefined;
  /** The images that activations were watched on, in words. */
  readonly on: string;
  /** Of the variant, on the test set. */
  readonly test?: Evaluation | undefined;
}

/** Adds `model.int8.onnx` and what is to be said of it to a model's folder, or makes one with that and `model.onnx`. */
export function writeQuantizedFolder(folder: string, given: QuantizedFolder): Promise<Manifest> {
  const { model: bytes, quantized, name, manifest, on, test } = given;
  const base = manifest ?? classifierManifest(decodeModel(bytes, 'writeQuantizedFolder'), name);
  const how = `static quantization: weights of int8 by channels, activations of uint8 that span what they are on ${on}`;
  const metrics = test ? { test: { ...metricsOf(test), how: 'the file on the whole test set, once' } } : {};
  const variants = { ...base.variants, int8: { of: sha256(bytes), how, metrics } };
  const files = { 'model.onnx': bytes, 'model.int8.onnx': quantized };
  return writeFiles(folder, files, { ...base, variants, files: filesThere(folder, manifest) });
}
