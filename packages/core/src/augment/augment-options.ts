/** How strongly images may be changed, each setting with its limits. Every amount is drawn evenly from both directions. */

import { problem } from '../errors.js';

export interface AugmentOptions {
  /** Degrees, up to 180: turned by at most so much, either way. */
  readonly rotate?: number | undefined;
  /** Moved by at most so much, up or down and left or right: below 1 a part of the image's size, from 1 on pixels, as in Keras. */
  readonly shift?: number | undefined;
  /** Degrees, up to 60: uprights slanted by at most so much, either way. */
  readonly shear?: number | undefined;
  /** Up to 0.9: height and width, each for itself, scaled by 1 - zoom to 1 + zoom. */
  readonly zoom?: number | undefined;
  /**
   * Warped as by P. Simard, D. Steinkraus and J. Platt (2003): each pixel's place is moved by noise from [-1, 1], smoothed
   * by a Gaussian of `sigma` pixels and multiplied by `alpha`. They took 4 and 34.
   */
  readonly elastic?: { readonly alpha: number; readonly sigma: number } | undefined;
  /** Pixels, up to 2: strokes made wider or narrower by at most so much. Those of MNIST are 2 to 4 wide. */
  readonly strokeWidth?: number | undefined;
}

export interface ResolvedAugmentOptions {
  readonly rotate: number;
  readonly shift: number;
  readonly shear: number;
  readonly zoom: number;
  readonly elastic: { readonly alpha: number; readonly sigma: number };
  readonly strokeWidth: number;
}

/** The most that each may be; the least is 0, but for sigma. */
const LIMITS = { rotate: 180, shift: 200, shear: 60, zoom: 0.9, strokeWidth: 2, alpha: 1000, sigma: 50 } as const;
const LEAST_SIGMA = 0.5;

/** The same options with nothing left out. Throws `bad-argument` for an unknown one and outside the limits. */
export function resolveAugmentOptions(options: AugmentOptions): ResolvedAugmentOptions {
  const { rotate = 0, shift = 0, shear = 0, zoom = 0, elastic = { alpha: 0, sigma: 4 }, strokeWidth = 0 } = options;
  const { alpha, sigma } = elastic;
  const resolved = { rotate, shift, shear, zoom, elastic: { alpha, sigma }, strokeWidth };
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(resolved, key));
  if (unknown !== undefined) {
    const expected = `settings among ${Object.keys(resolved).join(', ')}`;
    throw problem('bad-argument', 'augment', expected, unknown, 'Correct its name.');
  }
  for (const [name, value] of Object.entries({ rotate, shift, shear, zoom, strokeWidth, alpha, sigma })) {
    const least = name === 'sigma' ? LEAST_SIGMA : 0;
    const most = LIMITS[name as keyof typeof LIMITS];
    if (typeof value === 'number' && value >= least && value <= most) continue;
    throw problem(
      'bad-argument',
      'augment',
      `${name} in ${least}..${most}`,
      `${value}`,
      'Give a smaller or larger one.',
    );
  }
  return resolved;
}

/** Whether images are left as they are. */
export const isIdle = ({ elastic, ...rest }: ResolvedAugmentOptions): boolean =>
  elastic.alpha === 0 && Object.values(rest).every((value) => value === 0);
