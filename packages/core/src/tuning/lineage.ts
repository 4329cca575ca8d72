/** Where a tuned model comes from: written into the file's metadata, so that the bytes alone tell. */

import * as v from 'valibot';
import { messageOf, problem } from '../errors.js';
import type { Model } from '../onnx/model.js';
import type { Accuracies } from './progress.js';

const accuracies = v.object({
  /** Of the corrections, 0 to 1. */
  corrections: v.number(),
  /** On the core set, 0 to 1; left out where there is none. */
  core: v.optional(v.number()),
});

export const lineage = v.object({
  /** The sha256 of the file that was tuned, in hexadecimal. */
  parent: v.string(),
  /** That of the first of its line, which was not tuned. */
  origin: v.string(),
  /** Corrections that it learned from. */
  samples: v.number(),
  /** Of training, in all runs since the parent. */
  steps: v.number(),
  runs: v.number(),
  /** That of the last run. */
  strategy: v.string(),
  /** Before the first run and after the last one. */
  metrics: v.object({ before: accuracies, after: accuracies }),
});

export type Lineage = Readonly<v.InferOutput<typeof lineage>>;

/** What of it is of the runs since the parent. */
export type Learning = Omit<Lineage, 'parent' | 'origin'>;

export const accuracyRecord = ({ accuracy, coreAccuracy }: Accuracies) => ({
  corrections: accuracy,
  ...(coreAccuracy !== undefined && { core: coreAccuracy }),
});

const KEY = 'denary.lineage';

/** A model's lineage; undefined for one that was not tuned. Throws `bad-model` where it can't be read. */
export function lineageIn({ metadata }: Pick<Model, 'metadata'>, who = 'lineageIn'): Lineage | undefined {
  if (metadata[KEY] === undefined) return undefined;
  try {
    return v.parse(lineage, JSON.parse(metadata[KEY]));
  } catch (cause) {
    const expected = `a lineage under "${KEY}" in the model's metadata`;
    throw problem('bad-model', who, expected, messageOf(cause), 'Take the model file as it was written.', cause);
  }
}

/** The entry of a model's metadata. */
export const lineageMetadata = (value: Lineage): Record<string, string> => ({ [KEY]: JSON.stringify(value) });
