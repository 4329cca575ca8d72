/** Refusing to read: what is empty, what the model is not sure of, and what is no digit by its looks. */

import type { Calibration, Limits } from './calibration.js';
import { DenaryError } from './errors.js';
import type { Prediction } from './prediction.js';

/** `blank`: no ink. `low-confidence`: between digits. `out-of-domain`: like no digit. */
export type Rejection = 'blank' | 'low-confidence' | 'out-of-domain';

/**
 * `auto`: by the model's own limits, which refuse about 1% of digits. A number, 0 to 1: the least confidence; the model's
 * limit on looks holds as well, where it has one.
 */
export type Reject = number | 'auto';

export interface RejectionRule {
  readonly limits: Limits;
  /** How unlike any digit an image is; there where the model has a domain, and a limit on that. */
  readonly distanceOf?: ((pixels: Uint8Array) => number) | undefined;
}

/** How rows become predictions, besides. */
export interface Judgement {
  /** Default 1. */
  readonly temperature?: number;
  /** Nothing is rejected without. */
  readonly rule?: RejectionRule | undefined;
}

/**
 * Nothing where nothing is to be rejected: a page then loads nothing of it either. Throws `bad-argument` for another number, and
 * for `auto` without limits, `bad-model` for a domain that is none.
 */
export async function rejectionRule(
  reject: Reject | undefined,
  calibration: Calibration,
  who = 'createRecognizer',
): Promise<RejectionRule | undefined> {
  if (reject === undefined) return undefined;
  const limits = limitsFor(reject, calibration);
  if (!calibration.domain || limits.distance === undefined) return { limits };
  const { decodeDomain, distanceFrom } = await import('./domain.js');
  const domain = decodeDomain(calibration.domain, who);
  return { limits, distanceOf: (pixels) => distanceFrom(domain, pixels) };
}

/** How a model's rows become predictions, by its file and by what is asked for. Throws what `rejectionRule` throws. */
export async function judgementBy(
  calibration: Calibration,
  reject: Reject | undefined,
  who?: string,
): Promise<Judgement> {
  return { temperature: calibration.temperature, rule: await rejectionRule(reject, calibration, who) };
}

function limitsFor(reject: Reject, { limits }: Calibration): Limits {
  if (typeof reject === 'number' && reject >= 0 && reject <= 1) return { ...limits, confidence: reject };
  if (reject === 'auto' && limits) return limits;
  const [expected, remedy] =
    reject === 'auto'
      ? [
          "a model with limits of its own, for reject: 'auto'",
          'Calibrate the model, or give a confidence: reject: 0.9.',
        ]
      : ["reject from 0 to 1, or 'auto'", 'Leave it out to reject nothing.'];
  const received = reject === 'auto' ? 'one without' : String(reject);
  throw new DenaryError({ code: 'bad-argument', who: 'createRecognizer', expected, received, remedy });
}

/** Why a reading is refused, if it is. `pixels`, where there is one digit in them: uint8 [28, 28], normalised. */
export function rejectionOf(
  { digit, confidence }: Prediction,
  { limits, distanceOf }: RejectionRule,
  pixels?: Uint8Array,
): Rejection | undefined {
  if (digit === null) return 'blank';
  if (confidence < limits.confidence) return 'low-confidence';
  return distanceOf && pixels && distanceOf(pixels) > limits.distance! ? 'out-of-domain' : undefined;
}
