/** Writes what `buildTraining` made: a model's folder with its training graphs, ready to be recognised with and tuned. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel, type Manifest } from '@denary/core';
import type { BuiltTraining } from '../build-training.js';
import { preprocessingOf } from '../foreign/wrap-classifier.js';
import { writeAtomically } from './cache.js';
import { classNames, fileRecord, sha256, versionOf } from './model-folder.js';

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

/** Writes model.onnx, the training graphs, and last of all manifest.json, each whole or not at all. */
export async function writeTrainingFolder(folder: string, given: TrainingFolder): Promise<Manifest> {
  const { built, others = {} } = given;
  const trainings = Object.fromEntries(built.files.map(({ name, bytes }) => [name, bytes]));
  const files = { 'model.onnx': built.bytes, ...trainings, ...others };
  const kept = Object.entries(given.manifest?.files ?? {}).filter(([name]) => existsSync(join(folder, name)));
  const manifest = { ...manifestOf(given), files: { ...Object.fromEntries(kept), ...fileRecord(files) } };
  for (const [name, bytes] of Object.entries(files)) await writeAtomically(join(folder, name), bytes);
  await writeAtomically(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function manifestOf({ built, given, name, manifest }: TrainingFolder): Omit<Manifest, 'files'> {
  if (manifest) return manifest;
  const { model, contract, parameters, wrapped } = built;
  const { height, width, classes, slots } = contract;
  const { producer, opset } = decodeModel(given);
  return {
    version: 1,
    name,
    description: wrapped ? `a classifier from ${producer || 'elsewhere'}, wrapped for denary` : 'a classifier',
    parameters,
    input: { name: 'image', dtype: 'uint8', shape: [...model.graph.inputs[0]!.shape] },
    classes: classNames(classes),
    slots,
    preprocessing: preprocessingOf(height, width),
    metrics: {},
    ...(wrapped && {
      source: { sha256: sha256(given), producer, opset, output: wrapped.output, image: { ...wrapped.format } },
    }),
    versions: { denary: versionOf('@denary/train') },
  };
}
