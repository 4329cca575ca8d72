/** Chooses from where on readings are refused: so that of digits that should be read no more than a given share is. */

import { type Calibration, type Limits, tempered } from './calibration.js';
import { decodeDomain, distanceFrom } from './domain.js';

/** What is known of some readings; `distances` where the model has a domain. */
export interface Doubts {
  /** 0 to 1 each, after the temperature. */
  readonly confidences: ArrayLike<number>;
  /** One for each confidence. */
  readonly distances?: ArrayLike<number> | undefined;
}

/**
 * The limits that refuse at most that share of the readings, both as strict as each other: each alone refuses as many of
 * these readings. 0 refuses none.
 */
export function chooseLimits({ confidences, distances }: Doubts, share: number): Limits {
  const count = confidences.length;
  const lowest = Float64Array.from(confidences).sort();
  const farthest = distances && Float64Array.from(distances).sort().reverse();
  // With the k least sure and the k farthest refused, as many as there may be.
  const limitsAt = (k: number): Limits => ({
    confidence: k < count ? lowest[k]! : 1,
    ...(farthest && { distance: farthest[Math.min(k, count - 1)]! }),
  });
  let [fits, fails] = [0, count];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (refusedShare({ confidences, distances }, limitsAt(middle)) <= share) fits = middle;
    else fails = middle;
  }
  return limitsAt(fits);
}

/** The share of readings beyond a limit. */
export function refusedShare({ confidences, distances }: Doubts, { confidence, distance }: Limits): number {
  let refused = 0;
  for (let i = 0; i < confidences.length; i++) {
    const far = distances !== undefined && distance !== undefined && distances[i]! > distance;
    if (confidences[i]! < confidence || far) refused++;
  }
  return refused / confidences.length;
}

/** What a model of one digit says of images that show digits. */
export interface DigitReadings {
  /** float32 [count, classes], before the temperature. */
  readonly probabilities: Float32Array;
  /** uint8 [count, 28, 28], normalised. */
  readonly images: Uint8Array;
  readonly count: number;
}

/**
 * The calibration of a model that was tuned since: of these digits, say its user's corrections beside the core set, its limits
 * refuse no more than `share` (default 0.01). No limit gets stricter, for a model is surer of what it was trained with than it is
 * of other digits. Temperature and domain stay: the domain looks at images, whatever the model makes of them.
 */
export function refitLimits(calibration: Calibration, readings: DigitReadings, share = 0.01): Calibration {
  const { temperature, limits, domain } = calibration;
  const { probabilities, images, count } = readings;
  if (!limits || count === 0) return calibration;
  const [classes, area] = [probabilities.length / count, images.length / count];
  const net = domain && decodeDomain(domain);
  const each = <T>(of: (i: number) => T) => Array.from({ length: count }, (_, i) => of(i));
  const { confidence, distance = Number.NEGATIVE_INFINITY } = chooseLimits(
    {
      confidences: each((i) =>
        Math.max(...tempered(probabilities.subarray(i * classes, (i + 1) * classes), temperature)),
      ),
      distances: net && each((i) => distanceFrom(net, images.subarray(i * area, (i + 1) * area))),
    },
    share,
  );
  return {
    ...calibration,
    limits: {
      confidence: Math.min(limits.confidence, confidence),
      ...(limits.distance !== undefined && { distance: Math.max(limits.distance, distance) }),
    },
  };
}
