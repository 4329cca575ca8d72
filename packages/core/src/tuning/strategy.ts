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
  /** Of the first step; with `schedule: 'cosine'` it falls to 0 at the run's end. */
  readonly learningRate: number;
  readonly schedule: 'constant' | 'cosine';
  /** Steps of a run that is given no budget of its own. */
  readonly steps: number;
  /** 0 to below 1: the part of each batch that is taken from the core set; 0 where there is none. */
  readonly replayShare: number;
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
  /** Measurements on the core set in a run, evenly spread; the last one is at its end. */
  readonly checks: number;
  /** The run ends at this many checks in a row without a better one; the best state is kept. */
  readonly patience: number;
  /** 0 to 1: a run after which the accuracy on the core set has fallen by more than this is taken back. */
  readonly margin: number;
  /** The same for the accuracy on any one class. */
  readonly classMargin: number;
}

/** The file beside a model that has the training graph: `training.onnx`, `training.head.onnx`, ... */
export const trainingFileOf = (trainable: Trainable): string =>
  trainable === 'all' ? 'training.onnx' : `training.${trainable}.onnx`;

/** What a strategy is chosen by. */
export interface TuningSituation {
  /** Corrections of each class, [classes]. */
  readonly corrections: readonly number[];
  /** The training graphs that there are. */
  readonly available: readonly Trainable[];
  /** Images of the core set; 0 where there is none. */
  readonly replay: number;
}

const gentle: Omit<Strategy, 'name' | 'trainable' | 'learningRate'> = {
  schedule: 'cosine',
  steps: 40,
  replayShare: 0.5,
  copies: 8,
  augment: { rotate: 10, shift: 1, shear: 8, zoom: 0.1, elastic: { alpha: 20, sigma: 4 }, strokeWidth: 0.6 },
  replayAugment: {},
  anchor: 0,
  checks: 4,
  patience: 2,
  margin: 0.005,
  classMargin: 0.02,
};

/** The strategies that have a name. */
export const strategies = {
  head: { name: 'head', trainable: 'head', learningRate: 0.1, ...gentle },
  full: { name: 'full', trainable: 'all', learningRate: 0.1, ...gentle },
} as const satisfies Readonly<Record<string, Strategy>>;

export type StrategyName = keyof typeof strategies;

/** The one for a situation: what `strategy: 'auto'` takes. */
export function chooseStrategy({ corrections, available }: TuningSituation): Strategy {
  const total = corrections.reduce((sum, count) => sum + count, 0);
  const few = total < 10 && available.includes('head');
  return few || !available.includes('all') ? strategies.head : strategies.full;
}

/** A strategy by its name, or as it is. Throws `bad-argument` for a name that is none. */
export function strategyOf(strategy: StrategyName | Strategy, who: string): Strategy {
  if (typeof strategy === 'object') return strategy;
  if (Object.hasOwn(strategies, strategy)) return strategies[strategy];
  const expected = `a strategy among auto, ${Object.keys(strategies).join(', ')}`;
  throw problem('bad-argument', who, expected, `"${strategy}"`, 'Correct its name, or give a strategy as an object.');
}
