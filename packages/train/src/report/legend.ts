/** A legend inside the picture, above its frame on the right: Plot's own is HTML, which a file of its own cannot have. */

import * as Plot from '@observablehq/plot';

/** Of a letter at 12 pixels, roughly. */
const LETTER = 6.5;
const GAP = 28;

export interface LegendEntry {
  readonly text: string;
  readonly colour: string;
  readonly symbol?: 'circle' | 'square';
}

/** A mark and its name each, in a row; needs a top margin of 40. */
export function legend(entries: readonly LegendEntry[]): Plot.Markish[] {
  let right = 0;
  return entries.toReversed().flatMap(({ text, colour, symbol = 'circle' }) => {
    const [dx, length] = [-right, text.length * LETTER];
    right += length + GAP;
    return [
      Plot.text([text], { frameAnchor: 'top-right', textAnchor: 'end', dx, dy: -28 }),
      Plot.dot([text], { frameAnchor: 'top-right', dx: dx - length - 9, dy: -22, r: 4.5, fill: colour, symbol }),
    ];
  });
}
