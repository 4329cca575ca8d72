/**
 * What a model file says of how far its probabilities can be trusted: the temperature that makes confidences true, and from
 * where on a reading is better refused. It lies in the file's metadata, so that the bytes alone are enough.
 */

import type { EncodedDomain } from './domain.js';
import { messageOf, problem } from './errors.js';
import type { Model } from './onnx/model.js';

/** The limits beyond which `reject: 'auto'` refuses a reading. */
export interface Limits {
  /** 0 to 1: the least confidence, after the temperature. */
  readonly confidence: number;
  /** The largest distance from digits (`distanceFrom`); there where the model has a domain. */
  readonly distance?: number | undefined;
}

export interface Calibration {
  /** Above 0; 1 leaves probabilities as they are. */
  readonly temperature: number;
  readonly limits?: Limits | undefined;
  /** Of a model that reads one digit in a normalised image. */
  readonly domain?: EncodedDomain | undefined;
}

const KEY = 'denary.calibration';

/** A model's calibration; a temperature of 1 where it has none. Throws `bad-model` where it can't be read. */
export function calibrationIn({ metadata }: Pick<Model, 'metadata'>, who = 'calibrationIn'): Calibration {
  if (metadata[KEY] === undefined) return { temperature: 1 };
  try {
    return checked(JSON.parse(metadata[KEY]));
  } catch (cause) {
    const expected = `a calibration under "${KEY}" in the model's metadata`;
    const remedy = 'Take the model file as it was written, or calibrate it again.';
    throw problem('bad-model', who, expected, messageOf(cause), remedy, cause);
  }
}

/** By hand: pages that read digits load this, and no library for it. A domain is checked when it is needed. */
function checked({ temperature, limits, domain }: Calibration): Calibration {
  requireNumber('a temperature above 0', temperature, Number.MIN_VALUE);
  if (limits !== undefined) {
    requireNumber('a limit on confidence from 0 to 1', limits.confidence, 0, 1);
    if (limits.distance !== undefined) requireNumber('a limit on distance', limits.distance, Number.NEGATIVE_INFINITY);
  }
  return { temperature, limits, domain };
}

function requireNumber(expected: string, value: unknown, least: number, most = Number.POSITIVE_INFINITY): void {
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw new Error(`${JSON.stringify(value)} in place of ${expected}`);
}

/** A calibration as a model's metadata have it. */
export const calibrationMetadata = ({ temperature, limits, domain }: Calibration): Record<string, string> => ({
  [KEY]: JSON.stringify({ temperature, limits, domain }),
});

/** The model with that calibration in its metadata, in place of another. */
export const withCalibration = (model: Model, calibration: Calibration): Model => ({
  ...model,
  metadata: { ...model.metadata, ...calibrationMetadata(calibration) },
});

/** Smaller probabilities, whose logarithm could be infinite, count as this one. */
const LEAST = 1e-30;

/** softmax(log p / T) (Guo et al., "On calibration of modern neural networks", ICML 2017): what T makes of logits, made of p. */
export function tempered(probabilities: ArrayLike<number>, temperature: number): number[] {
  const powers = new Array<number>(probabilities.length);
  let sum = 0;
  for (let i = 0; i < powers.length; i++) {
    const p = probabilities[i]!;
    // By exp and log, in half the time of a power: each image takes ten.
    powers[i] = temperature === 1 ? p : Math.exp(Math.log(Math.max(p, LEAST)) / temperature);
    sum += powers[i]!;
  }
  if (temperature !== 1) for (let i = 0; i < powers.length; i++) powers[i] = powers[i]! / sum;
  return powers;
}
