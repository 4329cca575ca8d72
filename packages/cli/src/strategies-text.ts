/** The strategies of tuning in words, for `denary tune --help`: made of core's own table, so that it is always the present one. */

import { chooseStrategy, type Strategy, strategies, trainables } from '@denary/core';
import { percent, table } from './text.js';

const CLASSES = 10;
/** Images of a core set, as the shipped models have one. */
const REPLAY = 200;
/** Corrections up to which the automatic choice is looked at. */
const MOST = 1000;

export function strategiesText(): string {
  return `How strategies learn, and how they keep from forgetting:

${table(
  ['strategy', 'trains', 'steps', 'rate', 'rehearsed', 'anchor', 'may fall by', 'loss'],
  Object.values<Strategy>(strategies).map(rowOf),
)}

  trains            weights that change, by the training graph: training.onnx, training.head.onnx, ...
  rate              of the first step, as a multiple of the training graph's own
  rehearsed         the part of each batch from the core set, replay.bin beside the model
  anchor            the part of the way back to the old weights that each step goes
  may fall by       accuracy on digits of the core set that are not rehearsed: all of them / any one class; what goes
                    beyond is taken back, in part or all of it
  loss              by how much the mean loss on them may rise

--strategy auto, the default, goes by the number of corrections and the training graphs that there are:

${automatic()
  .map(({ from, to, name }) => `  ${to === undefined ? `${from} and more` : `${from} to ${to}`}: ${name}`)
  .join('\n')}

Few corrections teach little and can spoil much: with few, less of the model changes.`;
}

const rowOf = ({
  name,
  trainable,
  steps,
  learningRateScale,
  replayShare,
  anchor,
  margin,
  classMargin,
  lossMargin,
}: Strategy) => [
  name,
  trainable,
  `${steps}`,
  `${learningRateScale}`,
  percent(replayShare),
  `${anchor}`,
  `${percent(margin)} / ${percent(classMargin)}`,
  `${lossMargin}`,
];

/** What is chosen for how many corrections, evenly spread over ten classes, where all training graphs are there. */
function automatic(): { from: number; to: number | undefined; name: string }[] {
  const ranges: { from: number; to: number | undefined; name: string }[] = [];
  for (let total = 1; total <= MOST; total++) {
    const corrections = Array.from({ length: CLASSES }, (_, i) => Math.floor((total + CLASSES - 1 - i) / CLASSES));
    const { name } = chooseStrategy({ corrections, available: trainables, replay: REPLAY });
    const last = ranges.at(-1);
    if (last?.name === name) continue;
    if (last) last.to = total - 1;
    ranges.push({ from: total, to: undefined, name });
  }
  return ranges;
}
