/**
 * A model as an NVIDIA Triton Inference Server takes it: a folder with a config.pbtxt (text format of the message ModelConfig in
 * triton-inference-server/common, protobuf/model_config.proto), a file of labels, and the model file itself, unchanged.
 */

import { DenaryError } from './errors.js';
import type { Manifest } from './manifest.js';
import type { Value } from './onnx/model.js';
import { openModel } from './open-model.js';
import type { DType } from './tensor.js';

export interface TritonOptions {
  /** The model's name at Triton, which is its folder's, too. */
  readonly name: string;
  /** Has the classes' names, by default their numbers from 0, and goes along. */
  readonly manifest?: Manifest | undefined;
  /** Images in one run; default 128. */
  readonly maxBatch?: number;
  /** Microseconds that an image waits for others; default 500. */
  readonly maxDelay?: number;
}

/** Files by their paths, which are relative to the model repository. */
export type TritonFiles = Readonly<Record<string, string | Uint8Array>>;

/** TYPE_FP32, TYPE_UINT8, ... */
const typeOf = (dtype: DType): string => `TYPE_${dtype.toUpperCase().replace('FLOAT', 'FP')}`;

/**
 * The files of a model repository with one model. Throws `bad-model` or `not-finite` for bytes that are no digit model, and
 * `bad-argument` for a name or a number that Triton would refuse.
 */
export function tritonRepository(bytes: Uint8Array, options: TritonOptions): TritonFiles {
  const { name, manifest, maxBatch = 128, maxDelay = 500 } = options;
  const { model, contract } = openModel(bytes, 'tritonRepository');
  const classes = manifest?.classes ?? Array.from({ length: contract.classes }, (_, i) => `${i}`);
  check(/^[\w.-]+$/.test(name) && !/^\.+$/.test(name), 'a name of letters, digits, _, . and -', name);
  check(Number.isInteger(maxBatch) && maxBatch >= 1, 'a maxBatch of at least 1', `${maxBatch}`);
  check(Number.isInteger(maxDelay) && maxDelay >= 0, 'a maxDelay of at least 0', `${maxDelay}`);
  check(classes.length === contract.classes, `${contract.classes} class names`, `${classes.length}`);
  const { inputs, outputs } = model.graph;
  const config = `name: ${quoted(name)}
platform: "onnxruntime_onnx"
max_batch_size: ${maxBatch}
${inputs.map((value) => `input [ { ${described(value)} } ]`).join('\n')}
${outputs.map((value) => `output [ { ${described(value)}, label_filename: "labels.txt" } ]`).join('\n')}
dynamic_batching {
  preferred_batch_size: [ ${preferred(maxBatch).join(', ')} ]
  max_queue_delay_microseconds: ${maxDelay}
}
instance_group [ { count: 1, kind: KIND_AUTO } ]
version_policy: { latest { num_versions: 1 } }
`;
  return {
    [`${name}/config.pbtxt`]: config,
    [`${name}/labels.txt`]: `${labels(classes, contract.slots).join('\n')}\n`,
    [`${name}/1/model.onnx`]: bytes,
    ...(manifest && { [`${name}/manifest.json`]: `${JSON.stringify(manifest, null, 2)}\n` }),
  };
}

/** Triton adds the batch dimension by itself. Sizes that are not fixed are -1. */
function described({ name, dtype, shape }: Value): string {
  const dims = shape.slice(1).map((size) => (typeof size === 'number' ? size : -1));
  return `name: ${quoted(name)}, data_type: ${typeOf(dtype)}, dims: [ ${dims.join(', ')} ]`;
}

/** A quarter of the largest batch is worth going at once; what is less waits for its delay. */
const preferred = (maxBatch: number): number[] => [...new Set([Math.ceil(maxBatch / 4), maxBatch])];

/** Triton's classification extension counts through the output as one row: through the slots, and in each through its classes. */
function labels(classes: readonly string[], slots: number): string[] {
  if (slots === 1) return [...classes];
  return Array.from({ length: slots }, (_, slot) => classes.map((name) => `${slot}:${name}`)).flat();
}

/** Text format has JSON's escapes. */
const quoted = (text: string): string => JSON.stringify(text);

function check(holds: boolean, expected: string, received: string): void {
  if (holds) return;
  const remedy = 'Leave it out for the default, or give one that Triton takes.';
  throw new DenaryError({ code: 'bad-argument', who: 'tritonRepository', expected, received, remedy });
}
