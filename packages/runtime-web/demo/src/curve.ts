/** Loss and accuracy while the model learns, as two lines that grow. */

import type { TuningProgress } from '@denary/core';
import { byId, rate } from './dom.js';

const figure = byId('curve');
const lines = { loss: byId('curve-loss'), accuracy: byId('curve-accuracy') } as const;
const [width, height] = [300, 80];

interface Point {
  readonly step: number;
  readonly value: number;
}
const points: { readonly [K in keyof typeof lines]: Point[] } = { loss: [], accuracy: [] };

export function clearCurve(): void {
  for (const name of ['loss', 'accuracy'] as const) {
    points[name].length = 0;
    lines[name].setAttribute('points', '');
  }
}

/** Values that are not known yet are left out. The loss is shown against the greatest so far. */
export function extendCurve({ step, steps, loss, accuracy }: TuningProgress): void {
  if (Number.isFinite(loss)) points.loss.push({ step, value: loss });
  points.accuracy.push({ step, value: accuracy });
  draw('loss', steps, Math.max(...points.loss.map(({ value }) => value)));
  draw('accuracy', steps, 1);
  figure.setAttribute('aria-label', `Step ${step} of ${steps}: loss ${loss.toFixed(3)}, accuracy ${rate(accuracy)}`);
}

function draw(name: keyof typeof lines, steps: number, most: number): void {
  const place = ({ step, value }: Point) =>
    `${((width * step) / Math.max(1, steps)).toFixed(1)},${(height * (1 - value / (most || 1))).toFixed(1)}`;
  lines[name].setAttribute('points', points[name].map(place).join(' '));
}
