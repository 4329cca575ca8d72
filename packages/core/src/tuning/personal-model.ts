/**
 * One file with all of a personal model: the ONNX file, which tells its lineage, and the corrections that it learned from. It is
 * a safetensors file, with a sha256 over its tensors, so that damage is found whatever it hits.
 */

import * as v from 'valibot';
import { messageOf, problem } from '../errors.js';
import { decodeSafetensors, encodeSafetensors } from '../safetensors.js';
import type { Tensor, Tensors } from '../tensor.js';
import type { WeightedSamples } from './samples.js';

export interface PersonalModel {
  /** The ONNX file. */
  readonly model: Uint8Array;
  /** What it learned from, for later runs. */
  readonly corrections?: WeightedSamples | undefined;
}

/** sha256 in hexadecimal, or `unknown` on a page that has no means for it, neither https nor on localhost. */
export type Digest = (bytes: Uint8Array) => Promise<string>;
const UNKNOWN = 'unknown';

/** Whether two digests tell that these are not the same bytes; one that is unknown tells nothing. */
export const differ = (one: string, other: string): boolean => one !== UNKNOWN && other !== UNKNOWN && one !== other;

const FORMAT = 'denary.personal';
const VERSION = '1';

const size = v.pipe(v.number(), v.integer(), v.minValue(1));
const sizes = v.object({ classes: size, slots: size });

export async function encodePersonal({ model, corrections }: PersonalModel, digest: Digest): Promise<Uint8Array> {
  const tensors: Record<string, Tensor> = { model: { dtype: 'uint8', shape: [model.length], data: model } };
  if (corrections && corrections.count > 0) {
    const { images, labels, weights, count, height, width, slots = 1 } = corrections;
    tensors.images = { dtype: 'uint8', shape: [count, height, width], data: images };
    tensors.labels = { dtype: 'uint8', shape: [count, slots], data: labels };
    tensors.weights = { dtype: 'float32', shape: [count], data: weights };
  }
  const of = JSON.stringify({ classes: corrections?.classes ?? 1, slots: corrections?.slots ?? 1 });
  const metadata = { [FORMAT]: VERSION, corrections: of };
  return encodeSafetensors(tensors, { ...metadata, sha256: await digest(encodeSafetensors(tensors, metadata)) });
}

/** Whether it has the beginnings of such a file, which no ONNX file has: a header of JSON after its length. */
export const isPersonal = (bytes: Uint8Array): boolean => bytes[8] === '{'.charCodeAt(0);

/** Throws `bad-data` for bytes that are damaged, of something else, or of a later version. */
export async function decodePersonal(
  bytes: Uint8Array,
  digest: Digest,
  who = 'decodePersonal',
): Promise<PersonalModel> {
  const { tensors, metadata } = decodeSafetensors(bytes, who);
  const { sha256, ...rest } = metadata;
  if (rest[FORMAT] !== VERSION) {
    const received = rest[FORMAT] === undefined ? 'another kind of file' : `one of version ${rest[FORMAT]}`;
    const remedy = 'Give a file that this version of denary exported, or use a later one.';
    throw problem('bad-data', who, `a personal model of version ${VERSION}`, received, remedy);
  }
  if (sha256 === undefined || differ(sha256, await digest(encodeSafetensors(tensors, rest))))
    throw damaged(who, 'another digest than that in it');
  if (tensors.model?.dtype !== 'uint8') throw damaged(who, 'one without a model');
  return { model: tensors.model.data as Uint8Array, corrections: correctionsIn(tensors, rest.corrections, who) };
}

function correctionsIn(tensors: Tensors, of: string | undefined, who: string): WeightedSamples | undefined {
  const { images, labels, weights } = tensors;
  const [count, height, width] = images?.shape ?? [];
  if (!images || !labels || !weights || !count || !height || !width) return undefined;
  try {
    const { classes, slots } = v.parse(sizes, JSON.parse(of ?? ''));
    return {
      images: images.data as Uint8Array,
      labels: labels.data as Uint8Array,
      weights: weights.data as Float32Array,
      ...{ count, height, width, classes, slots },
    };
  } catch (cause) {
    throw damaged(who, messageOf(cause));
  }
}

const damaged = (who: string, received: string) =>
  problem('bad-data', who, 'a whole personal model', received, 'It is damaged: take an older one, or start anew.');
