/** Writes what `buildTraining` made: a model's folder with its training graphs, ready to be recognised with and tuned. */

import { decodeModel, type Manifest } from '@denary/core';
import type { BuiltTraining } from '../build-training.js';
import { type BareManifest, bareManifest } from './bare-manifest.js';
import { filesThere, sha256, writeFiles } from './model-folder.js';

export interface TrainingFolder {
  readonly built: BuiltTraining;
  /** The bytes that it was made from. */
  readonly given: Uint8Array;
  readonly name: string;
  /** Of the folder that the model comes from, where it has one: the new one is as that says, but for its files. */
  readonly manifest?: Manifest | undefined;
  /** Other files of the model that go along, as `replay.bin`. */
  readonly others?: Readonly<Record<string, Uint8Array>>;
}

export function writeTrainingFolder(folder: string, given: TrainingFolder): Promise<Manifest> {
  const { built, manifest, others = {} } = given;
  const trainings = Object.fromEntries(built.files.map(({ name, bytes }) => [name, bytes]));
  const files = { 'model.onnx': built.bytes, ...trainings, ...others };
  return writeFiles(folder, files, { ...(manifest ?? manifestOf(given)), files: filesThere(folder, manifest) });
}

function manifestOf({ built: { model, parameters, wrapped }, given, name }: TrainingFolder): BareManifest {
  const { producer, opset } = decodeModel(given);
  const description = wrapped ? `a classifier from ${producer || 'elsewhere'}, wrapped for denary` : 'a classifier';
  const bare = bareManifest(model, { name, description, parameters });
  if (!wrapped) return bare;
  const { output, format } = wrapped;
  return { ...bare, source: { sha256: sha256(given), producer, opset, output, image: { ...format } } };
}
