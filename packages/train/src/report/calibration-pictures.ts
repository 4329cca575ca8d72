/** How far a confidence can be taken for a probability: accuracy over confidence, and how often each confidence occurs. */

import * as Plot from '@observablehq/plot';
import type { Calibration } from './measures.js';
import type { Draw, Picture } from './picture.js';
import { ACCENT, CONTRAST, MUTED } from './theme.js';

const frame = { width: 540, marginTop: 30, marginLeft: 64, marginRight: 24, marginBottom: 40 };
const x = { domain: [0, 1], label: 'confidence →', labelArrow: 'none', tickFormat: '~%' } as const;

export function drawCalibration(draw: Draw, { bins, error }: Calibration): [diagram: Picture, histogram: Picture] {
  const used = bins.filter(({ count }) => count > 0);
  const title = (d: (typeof bins)[number]) =>
    `${d.count} samples of confidence ${percent(d.confidence)}: ${percent(d.accuracy)} right`;
  return [
    draw('calibration', `Reliability diagram: expected calibration error ${percent(error)}`, {
      ...frame,
      height: 400,
      x,
      y: { domain: [0, 1], label: '↑ accuracy', labelArrow: 'none', tickFormat: '~%', grid: true },
      marks: [
        Plot.frame({ stroke: 'var(--line)' }),
        Plot.rectY(used, { x1: 'from', x2: 'to', y: 'accuracy', fill: ACCENT, fillOpacity: 0.3, inset: 1, title }),
        Plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: MUTED, strokeDasharray: '4 4' },
        ),
        Plot.ruleX(used, { x: 'confidence', y1: 'confidence', y2: 'accuracy', stroke: CONTRAST, strokeWidth: 2 }),
        Plot.dot(used, { x: 'confidence', y: 'accuracy', fill: ACCENT, r: 4, title }),
      ],
    }),
    draw('confidences', `Histogram of confidences: ${used.at(-1)?.count ?? 0} samples in the highest of the bins`, {
      ...frame,
      height: 240,
      x,
      y: { type: 'sqrt', label: '↑ samples (square root scale)', labelArrow: 'none', ticks: 5, grid: true, nice: true },
      marks: [
        Plot.frame({ stroke: 'var(--line)' }),
        Plot.rectY(used, { x1: 'from', x2: 'to', y: 'count', fill: ACCENT, inset: 1, title }),
      ],
    }),
  ];
}

const percent = (value: number) => `${(100 * value).toFixed(2)}%`;
