/** A model folder's manifest.json: what the model is, how it was made and how well it does, with a digest of each file. */

import * as v from 'valibot';
import { DenaryError, messageOf } from './errors.js';
import { lineage } from './tuning/lineage.js';

const evaluation = v.object({
  /** With several slots, the mean of theirs. */
  accuracy: v.number(),
  /** Of a model with several slots: each one's accuracy from left to right, and the share of images right in all of them. */
  slotAccuracy: v.optional(v.array(v.number())),
  wholeAccuracy: v.optional(v.number()),
  loss: v.number(),
  /** Images that were evaluated. */
  count: v.number(),
  /** The data and the way it was obtained, in words. */
  how: v.string(),
});

/** How far confidences can be trusted, and from where on a reading is refused; `limits` are of `reject: 'auto'`. */
const calibration = v.object({
  temperature: v.number(),
  limits: v.optional(v.object({ confidence: v.number(), distance: v.optional(v.number()) })),
  /** Of these digits, the limits refuse this share. */
  refuses: v.optional(v.number()),
  /** The data that it was chosen on, and what read them, in words. */
  on: v.string(),
  count: v.number(),
  /** Negative log-likelihood, and expected calibration error in 15 bins, on those data. */
  nll: v.object({ before: v.number(), after: v.number() }),
  ece: v.object({ before: v.number(), after: v.number() }),
});

const variant = v.object({
  /** The sha256 of the `model.onnx` that it was made from: of another one, it is no variant. */
  of: v.string(),
  /** How it was made, in words. */
  how: v.string(),
  metrics: v.object({ test: v.optional(evaluation) }),
});

const manifest = v.object({
  version: v.literal(1),
  name: v.string(),
  description: v.string(),
  parameters: v.number(),
  input: v.object({ name: v.string(), dtype: v.literal('uint8'), shape: v.array(v.union([v.string(), v.number()])) }),
  classes: v.array(v.string()),
  /** Digit positions of one image: 1, or more for a string model. */
  slots: v.number(),
  /** What a caller's image goes through before the model: `mnist` is fit into 20x20, centre of mass in 28x28. */
  preprocessing: v.string(),
  metrics: v.object({ test: v.optional(evaluation), validation: v.optional(evaluation) }),
  calibration: v.optional(calibration),
  /** How denary trained it; absent where somebody else did. */
  training: v.optional(
    v.looseObject({
      data: v.string(),
      samples: v.number(),
      loss: v.string(),
      optimizer: v.looseObject({ name: v.string() }),
      batchSize: v.number(),
      epochs: v.number(),
      seed: v.number(),
      device: v.string(),
    }),
  ),
  /** The classifier that it was wrapped from, where it is a foreign one, and how that takes its images. */
  source: v.optional(
    v.object({
      sha256: v.string(),
      producer: v.string(),
      opset: v.number(),
      output: v.string(),
      image: v.looseObject({ layout: v.string() }),
    }),
  ),
  /** Other files of the same model, `model.NAME.onnx`. */
  variants: v.optional(v.record(v.string(), variant)),
  /** Where it comes from, where it was tuned. */
  lineage: v.optional(lineage),
  /** The architecture as plain data, from which the model can be built again. */
  architecture: v.optional(v.unknown()),
  versions: v.record(v.string(), v.string()),
  files: v.record(v.string(), v.object({ bytes: v.number(), sha256: v.string() })),
});

export type Manifest = v.InferOutput<typeof manifest>;

/** Reads manifest.json. Throws `bad-model` where it is no manifest. */
export function parseManifest(text: string, who = 'parseManifest'): Manifest {
  try {
    return v.parse(manifest, JSON.parse(text));
  } catch (cause) {
    throw new DenaryError({
      code: 'bad-model',
      who,
      expected: "a model's manifest",
      received: messageOf(cause),
      remedy: 'Take the manifest.json that was written beside the model.',
      cause,
    });
  }
}
