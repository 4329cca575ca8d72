/**
 * How a model learns from corrections, as plain data: which of its weights may change, how fast and for how long, what is
 * rehearsed beside the corrections so that nothing is forgotten, and when a run is taken back.
 */

import type { AugmentOptions } from '../augment/augment.js';
import { problem } from '../errors.js';

/** Which weights a training graph changes; the others stay as they are. */
export const trainables = ['all', 'last-blocks', 'head', 'biases-and-norms', 'low-rank'] as const;
export type Trainable = (typeof trainables)[number];

export interface Strategy {
  readonly name: string;
  readonly trainable: Trainable;
  /**
   * The learning rate of the first step, as a multiple of the one that the training graph was made for: graphs have optimizers
   * of their own. With `schedule: 'cosine'` it falls to 0 at the run's end.
   */
  readonly learningRateScale: number;
  readonly schedule: 'constant' | 'cosine';
  /** Steps of a run that is given no budget of its own. */
  readonly steps: number;
  /** 0 to below 1: the part of each batch that is taken from the core set; 0 where there is none. */
  readonly replayShare: number;
  /**
   * 0 to below 1: the part of each batch that is the core set as the user would write it, where a hand is found (`fitHand`);
   * it is taken from the corrections' part and the core set's alike.
   */
  readonly imitationShare: number;
  /** The most copies of one correction in a batch, each augmented otherwise; the core set fills the room that they leave. */
  readonly copies: number;
  /** How every copy of a correction differs from it; `{}` leaves it as it is. */
  readonly augment: AugmentOptions;
  /** The same for what is rehearsed. */
  readonly replayAugment: AugmentOptions;
  /**
   * 0 to 1: the part of the way back to the weights before the run that each step goes, as an L2 penalty does that is
   * decoupled from the gradient (Loshchilov and Hutter, 2019); 0 for none.
   */
  readonly anchor: number;
  /**
   * Whether the run ends nearer to the weights before it: at the nearest ones on the straight line to those that were learned
   * that read the corrections as well.
   */
  readonly leastChange: boolean;
  /** Measurements on the core set in a run, evenly spread; the last one is at its end. */
  readonly checks: number;
  /** The run ends at so many checks in a row that are beyond five times a margin: what is kept of it would be next to nothing. */
  readonly patience: number;
  /**
   * 0 to 1: by how much the accuracy may fall on the part of the core set that is not rehearsed. A run beyond this or one of
   * the other margins goes back on the straight line to the weights before it, as far as it has to; all the way, if nothing
   * less will do.
   */
  readonly margin: number;
  /** The same for the accuracy on any one class: on digits as they are, augmented, and as the user would write them. */
  readonly classMargin: number;
  /**
   * 0 to 1: of the digits of a class that are misread as the user would write them, as many more may be than the margin says:
   * what is hardly known can't be forgotten.
   */
  readonly slack: number;
  /**
   * Copies, each augmented otherwise, of what is not rehearsed: as the user would write it, and where there is more than one
   * as it is, too. More tell more, and take longer to read.
   */
  readonly guardCopies: number;
  /** By how much the mean loss on them may rise, natural logarithm: it tells of damage long before a digit is misread. */
  readonly lossMargin: number;
}

/** The file beside a model that has the training graph: `training.onnx`, `training.head.onnx`, ... */
export const trainingFileOf = (trainable: Trainable): string =>
  trainable === 'all' ? 'training.onnx' : `training.${trainable}.onnx`;

/** What such a file is named for, `training.head.b32.onnx` as well; undefined for `training.onnx`, which may train anything. */
export const trainableNamed = (file: string): Trainable | undefined =>
  trainables.find((trainable) => trainable !== 'all' && file.startsWith(`training.${trainable}.`));

/** What a strategy is chosen by. */
export interface TuningSituation {
  /** Corrections of each class, [classes]. */
  readonly corrections: readonly number[];
  /** The training graphs that there are. */
  readonly available: readonly Trainable[];
  /** Images of the core set; 0 where there is none. */
  readonly replay: number;
}

/** Steps and rates are for the batches of 64 and the rates of the training graphs that are shipped with denary's models. */
const common: Omit<Strategy, 'name' | 'trainable' | 'learningRateScale' | 'steps'> = {
  schedule: 'cosine',
  replayShare: 0.88,
  imitationShare: 0.15,
  copies: 2,
  augment: { rotate: 10, shift: 1.5, shear: 10, zoom: 0.1, elastic: { alpha: 20, sigma: 5 }, strokeWidth: 0.6 },
  replayAugment: { rotate: 6, shift: 1, shear: 6, zoom: 0.06, elastic: { alpha: 10, sigma: 5 }, strokeWidth: 0.3 },
  anchor: 0,
  leastChange: false,
  checks: 4,
  patience: 2,
  margin: 0.01,
  classMargin: 0.1,
  slack: 0.25,
  guardCopies: 1,
  lossMargin: 0.008,
};

/** The strategies that have a name. */
export const strategies = {
  /** The last layer alone: little can be learned, and little forgotten. */
  head: { ...common, name: 'head', trainable: 'head', learningRateScale: 1, steps: 60 },
  /** The last blocks, gently: for a few corrections, which tell little of the hand. */
  few: {
    ...common,
    name: 'few',
    trainable: 'last-blocks',
    learningRateScale: 0.25,
    steps: 100,
    copies: 1,
    imitationShare: 0.6,
    leastChange: true,
    guardCopies: 4,
    classMargin: 0.01,
    slack: 0,
    lossMargin: 0.001,
  },
  /** The last blocks: what digits are made of is known, how they are put together is learned anew. */
  blocks: { ...common, name: 'blocks', trainable: 'last-blocks', learningRateScale: 1, steps: 160 },
  /** The last blocks by a change of low rank: fewer ways to go, and little to keep. */
  'low-rank': { ...common, name: 'low-rank', trainable: 'low-rank', learningRateScale: 1, steps: 100 },
  /** All weights, as the model was trained; slower by far. */
  full: { ...common, name: 'full', trainable: 'all', learningRateScale: 0.1, steps: 40, anchor: 0.005 },
} as const satisfies Readonly<Record<string, Strategy>>;

export type StrategyName = keyof typeof strategies;

/** Corrections, and classes among them, that tell enough of a hand to learn it in earnest. */
const [ENOUGH, CLASSES] = [10, 5];

/** The one for a situation: what `strategy: 'auto'` takes. */
export function chooseStrategy({ corrections, available, replay }: TuningSituation): Strategy {
  const total = corrections.reduce((sum, count) => sum + count, 0);
  const seen = corrections.filter((count) => count > 0).length;
  const enough = total >= ENOUGH && seen >= Math.min(CLASSES, corrections.length);
  // Without a core set nothing but its few weights keeps a model from forgetting.
  const wanted = [
    ...(replay === 0 ? [strategies.head] : []),
    enough ? strategies.blocks : strategies.few,
    strategies.full,
    strategies.head,
    ...Object.values(strategies),
  ];
  const found = wanted.find(({ trainable }) => available.includes(trainable));
  if (found) return found;
  const [only = 'all'] = available;
  return { ...strategies.head, name: only, trainable: only };
}

/** A strategy by its name, or as it is. Throws `bad-argument` for a name that is none. */
export function strategyOf(strategy: StrategyName | Strategy, who: string): Strategy {
  if (typeof strategy === 'object') return strategy;
  if (Object.hasOwn(strategies, strategy)) return strategies[strategy];
  const expected = `a strategy among auto, ${Object.keys(strategies).join(', ')}`;
  throw problem('bad-argument', who, expected, `"${strategy}"`, 'Correct its name, or give a strategy as an object.');
}
