/** Chooses from where on readings are refused, and measures how well refusing tells digits from everything else. */

import type { Limits } from '@denary/core';

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

/**
 * The area under the receiver operating characteristic: the chance that an outsider has a higher score than a digit, ties
 * counted half (Hanley and McNeil, 1982). NaN where either is missing.
 */
export function areaUnderRoc(digits: ArrayLike<number>, outsiders: ArrayLike<number>): number {
  const all = [
    ...Array.from(digits, (score) => ({ score, outsider: false })),
    ...Array.from(outsiders, (score) => ({ score, outsider: true })),
  ].sort((a, b) => a.score - b.score);
  let [below, wins] = [0, 0];
  for (let start = 0; start < all.length; ) {
    let end = start;
    let own = 0;
    while (end < all.length && all[end]!.score === all[start]!.score) if (all[end++]!.outsider) own++;
    const others = end - start - own;
    wins += own * (below + others / 2);
    below += others;
    start = end;
  }
  return wins / (digits.length * outsiders.length);
}
