/** The course of a training: loss and accuracy, in training and on validation data, by epoch and by step. */

import * as Plot from '@observablehq/plot';
import type { EpochLog, StepLog } from '../history.js';
import { legend } from './legend.js';
import type { Draw, Picture } from './picture.js';
import { ACCENT, CONTRAST } from './theme.js';

/** What fit logs. */
export interface TrainingLog {
  readonly history: readonly EpochLog[];
  readonly steps: readonly StepLog[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Curves {
  readonly training: readonly Point[];
  readonly validation: readonly Point[];
}

const metrics = {
  loss: { validation: 'validationLoss', title: 'Loss' },
  accuracy: { validation: 'validationAccuracy', title: 'Accuracy' },
} as const;
type Metric = keyof typeof metrics;

const TRAINING = { text: 'training', colour: ACCENT };
const VALIDATION = { text: 'validation (dashed)', colour: CONTRAST };

/** Two pictures by epoch and two by step; without those of which nothing was logged. */
export function drawTraining(draw: Draw, { history, steps }: TrainingLog): Picture[] {
  const names = Object.keys(metrics) as Metric[];
  const stepsOf = stepAt(steps);
  const byEpoch = names.map((metric) =>
    drawCurves(draw, metric, 'epoch', {
      training: history.map((log) => ({ x: log.epoch, y: log[metric] })),
      validation: validationOf(history, metric, (epoch) => epoch),
    }),
  );
  const byStep = names.map((metric) =>
    drawCurves(draw, metric, 'step', {
      training: steps.map((log) => ({ x: log.step, y: log[metric] })),
      validation: validationOf(history, metric, stepsOf),
    }),
  );
  return [...(history.length > 0 ? byEpoch : []), ...(steps.length > 0 ? byStep : [])];
}

function validationOf(history: readonly EpochLog[], metric: Metric, xOf: (epoch: number) => number): Point[] {
  return history.flatMap((log) => {
    const y = log[metrics[metric].validation];
    return y === undefined ? [] : [{ x: xOf(log.epoch), y }];
  });
}

/** The step at the end of an epoch: every epoch has as many. */
function stepAt(steps: readonly StepLog[]): (epoch: number) => number {
  const last = steps.at(-1);
  return (epoch) => (last ? Math.round((epoch * last.step) / last.epoch) : epoch);
}

function drawCurves(draw: Draw, metric: Metric, unit: 'epoch' | 'step', { training, validation }: Curves): Picture {
  const { title } = metrics[metric];
  const points = [...training, ...validation];
  const last = Math.max(...points.map(({ x }) => x));
  const few = training.length <= 40;
  return draw(`${metric}-by-${unit}`, describe(title, unit, training, validation), {
    width: 540,
    height: 330,
    marginTop: 44,
    marginLeft: 56,
    marginRight: 24,
    marginBottom: 40,
    insetTop: 6,
    insetBottom: 6,
    x: {
      label: `${unit} →`,
      labelArrow: 'none',
      domain: unit === 'step' ? [0, last] : last > 1 ? [1, last] : [0.5, 1.5],
      ...(unit === 'epoch' ? { ticks: wholeTicks(last), tickFormat: 'd' } : { ticks: 6 }),
    },
    y: { label: `↑ ${title}`, labelArrow: 'none', grid: true, ...scaleOf(metric, points) },
    marks: [
      Plot.frame({ stroke: 'var(--line)' }),
      Plot.line(training, { x: 'x', y: 'y', stroke: ACCENT, strokeWidth: few ? 2 : 1.25 }),
      Plot.dot(few ? training : [], { x: 'x', y: 'y', fill: ACCENT, r: 3.5 }),
      Plot.line(validation, { x: 'x', y: 'y', stroke: CONTRAST, strokeWidth: 2, strokeDasharray: '5 3' }),
      Plot.dot(validation, { x: 'x', y: 'y', fill: CONTRAST, r: 3.5 }),
      ...legend(validation.length > 0 ? [TRAINING, VALIDATION] : [TRAINING]),
    ],
  });
}

/** Losses go through powers of ten; where all values are the same, there is no range to fill. */
function scaleOf(metric: Metric, points: readonly Point[]): Plot.ScaleOptions {
  const values = points.map(({ y }) => y);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const range = least === most ? { domain: metric === 'loss' ? [0, 2 * most || 1] : [0, 1] } : { nice: true };
  if (metric === 'accuracy') return { tickFormat: '~%', ticks: 6, ...range };
  return least > 0 && most / least > 5 ? { type: 'log', ticks: 6, tickFormat: '~g' } : { ticks: 6, ...range };
}

function wholeTicks(last: number): number[] {
  const stride = Math.ceil(last / 10);
  return Array.from({ length: Math.floor(last / stride) }, (_, i) => (i + 1) * stride);
}

function describe(title: string, unit: string, training: readonly Point[], validation: readonly Point[]): string {
  const course = (name: string, points: readonly Point[]) => {
    const [first, last] = [points[0], points.at(-1)];
    return first && last ? `${name} from ${first.y.toFixed(4)} to ${last.y.toFixed(4)}` : '';
  };
  const courses = [course('training', training), course('validation', validation)].filter((text) => text !== '');
  return `${title} by ${unit}: ${courses.join(', ')}`;
}
