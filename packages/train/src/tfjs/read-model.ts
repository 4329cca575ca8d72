/** A TensorFlow.js model as it lies on disk or on a server: model.json and the shards that it names. */

import { DenaryError, joinBytes, messageOf, type Tensor } from '@denary/core';
import * as v from 'valibot';
import { checkShardPath } from './shard-path.js';
import { damaged, decodeWeights, weightGroup } from './weights.js';

/** Where the files are. `read` is given plain relative paths inside the model's folder, with `/` between their parts. */
export interface TfjsFiles {
  /** What errors call the model. */
  readonly name: string;
  /** The file with the topology; default `model.json`. */
  readonly json?: string;
  read(path: string): Promise<Uint8Array>;
}

export interface TfjsModel {
  readonly name: string;
  /** `layers-model` of tf.LayersModel.save or of Keras, `graph-model` of a SavedModel. */
  readonly format: 'layers-model' | 'graph-model';
  /** Keras' configuration of the layers, or TensorFlow's GraphDef as JSON. */
  readonly topology: Readonly<Record<string, unknown>>;
  /** By the names that the manifest gives them. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** What whoever saved the model wrote beside it. */
  readonly metadata?: unknown;
  /** A graph model's inputs and outputs, where it tells them. */
  readonly signature?: unknown;
}

const file = v.looseObject({
  format: v.nullish(v.string()),
  modelTopology: v.record(v.string(), v.unknown()),
  weightsManifest: v.nullish(v.array(weightGroup)),
  signature: v.optional(v.unknown()),
  userDefinedMetadata: v.optional(v.unknown()),
});

/**
 * Reads a model's files. Throws `bad-model` for a damaged model.json, for shards that are missing, short or outside the
 * model's folder, and for weights of a type that is not read; `not-found` where there is no model.json.
 */
export async function readTfjsModel({ name, json = 'model.json', read }: TfjsFiles): Promise<TfjsModel> {
  const parsed = parse(await read(json), name);
  const weights = new Map<string, Tensor>();
  for (const group of parsed.weightsManifest ?? []) {
    const paths = group.paths.map((path) => checkShardPath(path, name));
    const bytes = joinBytes(await Promise.all(paths.map((path) => readShard(path, name, read))));
    for (const [key, tensor] of decodeWeights(group.weights, bytes, name)) {
      if (weights.has(key)) throw damaged(name, 'every weight once', `"${key}" twice`);
      weights.set(key, tensor);
    }
  }
  const topology = parsed.modelTopology;
  const { signature, userDefinedMetadata: metadata } = parsed;
  return {
    name,
    format: formatOf(parsed, name),
    topology,
    weights,
    ...(signature === undefined ? {} : { signature }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function parse(bytes: Uint8Array, name: string): v.InferOutput<typeof file> {
  try {
    return v.parse(file, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    const where = cause instanceof v.ValiError ? ` at ${v.getDotPath(cause.issues[0]) ?? 'its root'}` : '';
    throw damaged(name, 'a model.json of TensorFlow.js', `${messageOf(cause)}${where}`, cause);
  }
}

/** Files of before TensorFlow.js 1.0 do not say what they are: a GraphDef has nodes. */
export function formatOf(
  { format, modelTopology }: Pick<v.InferOutput<typeof file>, 'format' | 'modelTopology'>,
  name: string,
): TfjsModel['format'] {
  const found = format ?? ('node' in modelTopology ? 'graph-model' : 'layers-model');
  if (found === 'layers-model' || found === 'graph-model') return found;
  throw damaged(name, 'the format layers-model or graph-model', `"${found}"`);
}

async function readShard(path: string, name: string, read: TfjsFiles['read']): Promise<Uint8Array> {
  try {
    return await read(path);
  } catch (cause) {
    if (cause instanceof DenaryError && cause.code !== 'not-found') throw cause;
    throw damaged(name, `the shard "${path}"`, messageOf(cause), cause);
  }
}
