/** Refusing to read: what is empty, what the model is not sure of, and what is no digit by its looks. */

import type { Calibration, Limits } from './calibration.js';
import { type Domain, distanceFrom } from './domain.js';
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
  readonly domain: Domain | undefined;
}

/** Nothing where nothing is to be rejected. Throws `bad-argument` for another number, and for `auto` without limits. */
export function rejectionRule(reject: Reject | undefined, calibration: Calibration): RejectionRule | undefined {
  if (reject === undefined) return undefined;
  const { limits, domain } = calibration;
  if (typeof reject === 'number' && reject >= 0 && reject <= 1) {
    return { limits: { ...limits, confidence: reject }, domain };
  }
  if (reject === 'auto' && limits) return { limits, domain };
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
  { limits, domain }: RejectionRule,
  pixels?: Uint8Array,
): Rejection | undefined {
  if (digit === null) return 'blank';
  if (confidence < limits.confidence) return 'low-confidence';
  if (!domain || !pixels || limits.distance === undefined) return undefined;
  return distanceFrom(domain, pixels) > limits.distance ? 'out-of-domain' : undefined;
}
