/**
 * What a model file says of how far its probabilities can be trusted: the temperature that makes confidences true, and from
 * where on a reading is better refused. It lies in the file's metadata, so that the bytes alone are enough.
 */

import * as v from 'valibot';
import type { Interface } from './contract.js';
import { type Domain, decodeDomain, encodeDomain } from './domain.js';
import { DenaryError, messageOf } from './errors.js';
import type { Model } from './onnx/model.js';

/** The limits beyond which `reject: 'auto'` refuses a reading. */
export interface Limits {
  /** 0 to 1: the least confidence, after the temperature. */
  readonly confidence: number;
  /** The largest distance from the class that was read; there where the model has a domain. */
  readonly distance?: number | undefined;
}

export interface Calibration {
  /** Above 0; 1 leaves probabilities as they are. */
  readonly temperature: number;
  readonly limits?: Limits | undefined;
  /** Of a model that reads one digit in a normalised image. */
  readonly domain?: Domain | undefined;
}

const KEY = 'denary.calibration';

const limit = v.pipe(v.number(), v.minValue(0));
const written = v.object({
  temperature: v.pipe(v.number(), v.gtValue(0)),
  limits: v.optional(v.object({ confidence: v.pipe(limit, v.maxValue(1)), distance: v.optional(limit) })),
  domain: v.optional(v.string()),
});

/** A model's calibration; a temperature of 1 where it has none. Throws `bad-model` where it can't be read. */
export function calibrationIn(
  { metadata, graph }: Interface & Pick<Model, 'metadata'>,
  who = 'calibrationIn',
): Calibration {
  if (metadata[KEY] === undefined) return { temperature: 1 };
  try {
    const { domain, ...rest } = v.parse(written, JSON.parse(metadata[KEY]));
    const classes = Number(graph.outputs[0]?.shape.at(-1));
    return { ...rest, domain: domain === undefined ? undefined : decodeDomain(domain, classes, who) };
  } catch (cause) {
    if (cause instanceof DenaryError) throw cause;
    throw new DenaryError({
      code: 'bad-model',
      who,
      expected: `a calibration under "${KEY}" in the model's metadata`,
      received: messageOf(cause),
      remedy: 'Take the model file as it was written, or calibrate it again.',
      cause,
    });
  }
}

/** The model with that calibration in its metadata, in place of another. */
export function withCalibration(model: Model, { temperature, limits, domain }: Calibration): Model {
  const text = JSON.stringify({ temperature, limits, domain: domain && encodeDomain(domain) });
  return { ...model, metadata: { ...model.metadata, [KEY]: text } };
}

/** Smaller probabilities, whose logarithm could be infinite, count as this one. */
const LEAST = 1e-30;

/** softmax(log p / T) (Guo et al., "On calibration of modern neural networks", ICML 2017): what T makes of logits, made of p. */
export function tempered(probabilities: ArrayLike<number>, temperature: number): number[] {
  const powers = new Array<number>(probabilities.length);
  let sum = 0;
  for (let i = 0; i < powers.length; i++) {
    const p = probabilities[i]!;
    powers[i] = temperature === 1 ? p : Math.max(p, LEAST) ** (1 / temperature);
    sum += powers[i]!;
  }
  if (temperature !== 1) for (let i = 0; i < powers.length; i++) powers[i] = powers[i]! / sum;
  return powers;
}
