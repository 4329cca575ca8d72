/** Which classes are taken for which: the confusion matrix, and precision and recall by class. */

import * as Plot from '@observablehq/plot';
import { classText } from './labels.js';
import { legend } from './legend.js';
import type { ClassMeasures } from './measures.js';
import type { Draw, Picture } from './picture.js';
import { ACCENT, CONTRAST } from './theme.js';

/** Above this, text would be hard to read on it in one of the themes. */
const STRONGEST = 0.48;

/** Right ones in one colour, by their share of the class; mistakes in the other, by their share of the most frequent one. */
export function drawConfusion(
  draw: Draw,
  confusion: Uint32Array,
  measures: readonly ClassMeasures[],
  classes: number,
): Picture {
  const cells = measures.flatMap(({ label, support }) =>
    measures.map((other) => {
      const count = confusion[label * classes + other.label]!;
      const share = support > 0 ? count / support : 0;
      const [actual, predicted] = [classText(label, classes), classText(other.label, classes)];
      return { actual, predicted, count, share, title: `${count} of ${support} “${actual}” read as “${predicted}”` };
    }),
  );
  const right = cells.filter(({ actual, predicted }) => actual === predicted);
  const wrong = cells.filter(({ actual, predicted, count }) => actual !== predicted && count > 0);
  const worst = Math.max(...wrong.map(({ share }) => share));
  const domain = measures.map(({ label }) => classText(label, classes));
  const place = { x: 'predicted', y: 'actual', inset: 0.5, title: 'title' };
  return draw('confusion-matrix', describeConfusion(wrong), {
    width: 560,
    height: 540,
    marginTop: 50,
    marginLeft: 50,
    marginRight: 10,
    marginBottom: 10,
    x: { domain, label: 'predicted →', labelArrow: 'none', axis: 'top', tickSize: 0 },
    y: { domain, label: '↓ actual', labelArrow: 'none', tickSize: 0 },
    opacity: { type: 'identity' },
    marks: [
      Plot.cell(cells, { ...place, fill: 'var(--panel)' }),
      Plot.cell(right, { ...place, fill: ACCENT, fillOpacity: ({ share }) => STRONGEST * share }),
      Plot.cell(wrong, {
        ...place,
        fill: CONTRAST,
        fillOpacity: ({ share }) => STRONGEST * (0.1 + 0.9 * Math.sqrt(share / worst)),
      }),
      Plot.text([...right, ...wrong], {
        x: 'predicted',
        y: 'actual',
        text: ({ count }) => count.toLocaleString('en'),
        pointerEvents: 'none',
      }),
    ],
  });
}

function describeConfusion(wrong: readonly { actual: string; predicted: string; count: number }[]): string {
  const most = wrong.toSorted((a, b) => b.count - a.count).slice(0, 3);
  const list = most.map(({ actual, predicted, count }) => `${actual} read as ${predicted} (${count})`).join(', ');
  return `Confusion matrix; ${list === '' ? 'no mistakes' : `most often: ${list}`}`;
}

export function drawClassMeasures(draw: Draw, measures: readonly ClassMeasures[], classes: number): Picture {
  const rows = measures.map((measure) => ({ ...measure, name: classText(measure.label, classes) }));
  const values = rows.flatMap(({ precision, recall }) => [precision, recall]).filter((value) => !Number.isNaN(value));
  const alt = rows
    .map(({ name, precision, recall }) => `${name} ${percent(precision)} and ${percent(recall)}`)
    .join(', ');
  const title = (d: (typeof rows)[number]) =>
    `${d.name}: precision ${percent(d.precision)}, recall ${percent(d.recall)}`;
  return draw('precision-recall', `Precision and recall by class: ${alt}`, {
    width: 540,
    height: 90 + 32 * rows.length,
    marginTop: 44,
    marginLeft: 50,
    marginRight: 24,
    marginBottom: 40,
    x: { domain: [Math.min(...values), 1], nice: true, tickFormat: '~%', ticks: 6, grid: true, label: null },
    y: { domain: rows.map(({ name }) => name), label: 'class', tickSize: 0 },
    marks: [
      Plot.frame({ stroke: 'var(--line)' }),
      Plot.ruleY(rows, { y: 'name', x1: 'precision', x2: 'recall', stroke: 'var(--line)', strokeWidth: 3 }),
      Plot.dot(rows, { y: 'name', x: 'precision', fill: ACCENT, r: 5.5, title }),
      Plot.dot(rows, { y: 'name', x: 'recall', stroke: CONTRAST, strokeWidth: 2.5, r: 5.5, symbol: 'square', title }),
      ...legend([
        { text: 'precision', colour: ACCENT },
        { text: 'recall', colour: CONTRAST, symbol: 'square' },
      ]),
    ],
  });
}

const percent = (value: number) => (Number.isNaN(value) ? '–' : `${(100 * value).toFixed(1)}%`);
