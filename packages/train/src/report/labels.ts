/** How labels are written: digits as they are, and the blank of strings, the eleventh class, as a dash. */

import { BLANK } from '../data/strings.js';

export const classText = (label: number, classes: number): string =>
  classes === BLANK + 1 && label === BLANK ? '–' : `${label}`;

/** The labels of an image's slots, from left to right. */
export const labelText = (labels: ArrayLike<number>, classes: number, separator = ''): string =>
  Array.from(labels, (label) => classText(label, classes)).join(separator);
