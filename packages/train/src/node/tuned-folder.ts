/** Writes a tuned model: a folder like the one that it was tuned from, with other weights, its lineage and no claims that are past. */

import { lineageIn, type Manifest, openModel, problem } from '@denary/core';
import { classifierManifest } from './bare-manifest.js';
import { writeFiles } from './model-folder.js';

export interface TunedFolder {
  /** What the tuner exported. */
  readonly model: Uint8Array;
  readonly name: string;
  /** Of the model that was tuned, where it had one. */
  readonly manifest?: Manifest | undefined;
  /** What goes along as it is: training graphs, `replay.bin`. */
  readonly others: Readonly<Record<string, Uint8Array>>;
  /** On corrections that were held out of the tuning. */
  readonly held?: { readonly accuracy: number; readonly loss: number; readonly count: number } | undefined;
}

/** Throws `bad-model` for a model that was not tuned. */
export function writeTunedFolder(folder: string, tuned: TunedFolder): Promise<Manifest> {
  const { model: bytes, name, manifest, others, held } = tuned;
  const { model } = openModel(bytes, 'writeTunedFolder');
  const lineage = lineageIn(model, 'writeTunedFolder');
  if (!lineage) {
    throw problem('bad-model', 'writeTunedFolder', 'a tuned model', 'one without lineage', 'Run the tuner first.');
  }
  const parent = manifest ?? classifierManifest(model, name);
  // The parent's own figures are those of other weights.
  const validation = held && { ...held, how: 'on corrections that were held out of the tuning' };
  const metrics = validation ? { validation } : {};
  return writeFiles(folder, { 'model.onnx': bytes, ...others }, { ...parent, name, metrics, lineage, files: {} });
}
