/** The strategies of tuning in words, for `denary tune --help`: made of core's own table, so that it is always the present one. */

import { chooseStrategy, type Strategy, strategies, type TuningSituation, trainables } from '@denary/core';
import { percent, table } from './text.js';

const CLASSES = 10;
/** Images of a core set, as the shipped models have one. */
const REPLAY = 200;
/** Corrections up to which the automatic choice is looked at. */
const MOST = 1000;

export function strategiesText(): string {
  return `How strategies learn, and how they keep from forgetting:

${table(
  ['strategy', 'trains', 'steps', 'rate', 'rehearsed', 'imitated', 'anchor', 'may fall by', 'loss', 'least change'],
  Object.values<Strategy>(strategies).map(rowOf),
)}

  trains            weights that change, by the training graph: training.onnx, training.head.onnx, ...
  rate              of the first step, as a multiple of the training graph's own
  rehearsed         the part of each batch from the core set, replay.bin beside the model
  imitated          the part of each batch that is the core set drawn as in the images given, where what sets them apart can be
                    told: they lean, are small, thick, blurred, mirrored
  anchor            the part of the way back to the old weights that each step goes
  may fall by       accuracy on digits of the core set that are not rehearsed: all of them / any one class, also as in the
                    images given; what goes beyond is taken back, in part or all of it
  loss              by how much the mean loss on them may rise
  least change      whether no more of the change is kept than reading the images given takes

--strategy auto, the default, goes by the number of corrections and the training graphs that there are:

${automatic().join('\n')}

Few corrections teach little and can spoil much: with few, less of the model changes.`;
}

const rowOf = (strategy: Strategy) => [
  strategy.name,
  strategy.trainable,
  `${strategy.steps}`,
  `${strategy.learningRateScale}`,
  percent(strategy.replayShare),
  percent(strategy.imitationShare),
  `${strategy.anchor}`,
  `${percent(strategy.margin)} / ${percent(strategy.classMargin)}`,
  `${strategy.lossMargin}`,
  strategy.leastChange ? 'yes' : 'no',
];

/** What is chosen for how many corrections, of how many digits, and where something is missing: asked of the choice itself. */
function automatic(): string[] {
  const ranges: { from: number; to?: number; name: string }[] = [];
  for (let total = 1; total <= MOST; total++) {
    const name = chosen(spread(total));
    const last = ranges.at(-1);
    if (last?.name === name) continue;
    if (last) last.to = total - 1;
    ranges.push({ from: total, name });
  }
  const many = chosen(spread(MOST));
  const digits = 1 + Array.from({ length: CLASSES }, (_, i) => chosen(spread(MOST, i + 1))).indexOf(many);
  return [
    ...ranges.map(({ from, to, name }) => `  ${to === undefined ? `${from} and more` : `${from} to ${to}`}: ${name}`),
    ...(digits > 1 ? [`  of fewer than ${digits} digits, however many: ${chosen(spread(MOST, digits - 1))}`] : []),
    `  without a core set: ${chosen(spread(MOST), { replay: 0 })}`,
    `  with the training graph of all weights alone: ${chosen(spread(MOST), { available: ['all'] })}`,
  ];
}

const chosen = (corrections: readonly number[], less: Partial<TuningSituation> = {}): string =>
  chooseStrategy({ corrections, available: trainables, replay: REPLAY, ...less }).name;

/** So many corrections, evenly over the first so many of the classes, [CLASSES]. */
const spread = (total: number, classes = CLASSES): number[] =>
  Array.from({ length: CLASSES }, (_, i) => (i < classes ? Math.floor((total + classes - 1 - i) / classes) : 0));
