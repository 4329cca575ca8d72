/** A reproduction's runs as a table: mean and deviation over seeds beside what the notebooks printed. */

import { type Spread, spreadOf } from '../spread.js';
import { type Entry, quickly } from './entries.js';

/** One training of one row, measured on the whole test set at its end. */
export interface Run {
  /** An entry's. */
  readonly id: string;
  readonly seed: number;
  /** Of the labels: with several slots, the mean of theirs. */
  readonly accuracy: number;
  readonly loss: number;
  /** Of a model with several slots. */
  readonly slotAccuracy?: readonly number[];
  readonly wholeAccuracy?: number;
  readonly parameters: number;
  readonly epochs: number;
  /** Seconds of training. */
  readonly seconds: number;
  /** Versions of what it ran on. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface ReproductionRow {
  readonly id: string;
  readonly label: string;
  readonly runs: readonly Run[];
  readonly accuracy?: Spread;
  readonly seconds?: number;
  readonly reported?: Entry['reported'];
  /** The notebook's seconds over ours, where it printed them. */
  readonly speedup?: number;
  /**
   * Whether what was reported lies below our mean or within two of our deviations of it; undefined where nothing was reported,
   * or where a single run of ours lies below it.
   */
  readonly holds?: boolean;
}

export function reproductionRow({ id, label, reported }: Entry, all: readonly Run[]): ReproductionRow {
  const runs = all.filter((run) => run.id === id).sort((a, b) => a.seed - b.seed);
  if (runs.length === 0) return { id, label, runs, ...(reported && { reported }) };
  const accuracy = spreadOf(runs.map((run) => run.accuracy));
  const seconds = spreadOf(runs.map((run) => run.seconds)).mean;
  const holds = reported && holdsUp(reported.accuracy, accuracy);
  return {
    id,
    label,
    runs,
    accuracy,
    seconds,
    ...(reported && { reported }),
    ...(reported?.seconds && { speedup: reported.seconds / seconds }),
    ...(holds !== undefined && { holds }),
  };
}

function holdsUp(reported: number, { mean, deviation }: Spread): boolean | undefined {
  if (reported <= mean) return true;
  return deviation === undefined ? undefined : reported <= mean + 2 * deviation;
}

const HEADER = [
  '| system | parameters | reported | ours | loss | seeds | epochs | seconds | notebook / ours |',
  '|---|---|---|---|---|---|---|---|---|',
];

/** The whole document in Markdown; rows without runs say "not run". */
export function formatReproduction(rows: readonly ReproductionRow[], { quick = false, command = '' } = {}): string {
  const lines = rows.map((row) => `| ${cellsOf(row).join(' | ')} |`);
  const several = rows.filter(({ runs }) => runs[0]?.wholeAccuracy !== undefined);
  const extent = quick
    ? `**A quick run**: a seeded ${quickly.images * 100}% of the training images and ${quickly.epochs * 100}% of the epochs (at least one) of each system. These figures say that everything works, and nothing about how well.`
    : "Each system with its notebook's own settings (`denary list`), measured once on the whole test set at the end of its training. A row that was not run in full says so.";
  return [
    '# Reproduction',
    '',
    `${extent} Accuracy is the mean ± the standard deviation over seeds; what takes over five minutes has one seed. Reported is what the notebook printed of a single run. Seconds are of training alone, on two cores of a shared machine and often with other trainings beside it: an upper bound. Made by \`${command}\`; every run is in the JSON file beside this one.`,
    '',
    ...HEADER,
    ...lines,
    '',
    '`ann-sigmoid` was shown to be poor, and is: squared error behind sigmoids gives plain SGD next to no gradient. The row below it changes how it is trained, and nothing else.',
    ...(several.length ? ['', ...several.map(wholeLine)] : []),
    '',
  ].join('\n');
}

function cellsOf({ label, runs, accuracy, seconds, reported, speedup }: ReproductionRow): string[] {
  const before = reported ? reported.accuracy.toFixed(4).replace(/0$/, '') : '-';
  const first = runs[0];
  if (!first || !accuracy || seconds === undefined) return [label, '', before, 'not run', '', '', '', '', ''];
  const spread = accuracy.deviation === undefined ? '' : ` ± ${accuracy.deviation.toFixed(4)}`;
  return [
    label,
    first.parameters.toLocaleString('en-US'),
    before,
    accuracy.mean.toFixed(4) + spread,
    spreadOf(runs.map(({ loss }) => loss)).mean.toFixed(4),
    `${runs.length}`,
    [...new Set(runs.map(({ epochs }) => epochs))].join(', '),
    seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0),
    speedup ? `${reported?.seconds} / ${seconds.toFixed(0)} = ${speedup.toFixed(1)}` : '-',
  ];
}

function wholeLine({ label, runs }: ReproductionRow): string {
  const whole = spreadOf(runs.map(({ wholeAccuracy = Number.NaN }) => wholeAccuracy));
  const slots = runs[0]!.slotAccuracy!.map((_, slot) =>
    spreadOf(runs.map(({ slotAccuracy }) => slotAccuracy![slot]!)).mean.toFixed(4),
  );
  return `${label}: whole images ${whole.mean.toFixed(4)}, slots from left to right ${slots.join(', ')}.`;
}
