/**
 * One run: steps on a mixture of corrections and core set, measured now and then. What it ends with is as much of the change
 * as the margins allow: the farthest point on the straight line from the weights before that has not forgotten.
 */

import { between, type Tensors } from '../tensor.js';
import type { Trainer } from '../trainer.js';
import type { Pace } from './budget.js';
import type { Measuring } from './engines.js';
import type { Measures } from './evaluator.js';
import type { Mixture } from './mixture.js';
import type { Accuracies, Outcome, TuningOptions, TuningProgress } from './progress.js';
import type { Samples } from './samples.js';
import type { Strategy } from './strategy.js';

export interface LearningParts {
  readonly until: TuningOptions['until'];
  /** Whether the run is to end as if it had not been. */
  readonly aborted: () => boolean;
  readonly trainer: Trainer;
  readonly evaluator: Measuring;
  readonly mixture: Mixture;
  readonly strategy: Strategy;
  readonly pace: Pace;
  /** To start from. */
  readonly weights: Tensors;
  readonly corrections: Samples;
  readonly guards: Guards;
}

/** What is not rehearsed, and so tells what is forgotten. */
export interface Guards {
  /** Of the core set. */
  readonly core?: Samples | undefined;
  /** The same in augmented copies. */
  readonly varied?: Samples | undefined;
  /** The same as the user would write it, in each of the hands that are likely. */
  readonly hands: readonly Samples[];
}

/** The end of a run. */
export interface Learned {
  /** The last progress, with the outcome. */
  readonly progress: TuningProgress;
  /** The state that is kept; undefined where the model is to stay as it was. */
  readonly kept?: { readonly step: number; readonly weights: Tensors };
}

/** Steps after which the weights are pulled back to where they were: each time they are copied out and in. */
const PULL = 8;

/** Times the margins: a run that is so far beyond them in its middle, where steps are large, does not come back. */
const HOPELESS = 5;

interface Check {
  readonly step: number;
  readonly weights: Tensors;
  readonly corrections: Measures;
  readonly core: Measures | undefined;
  readonly varied: Measures | undefined;
  readonly hands: readonly Measures[];
}

export async function* learn(parts: LearningParts): AsyncGenerator<TuningProgress, Learned> {
  const { trainer, mixture, strategy, pace, until, aborted, weights } = parts;
  const before = await check(parts, 0, pick(weights, trainer.trained));
  const told = (step: number, loss: number, latest: Check): TuningProgress => ({
    step,
    steps: pace.steps,
    loss,
    ...accuraciesOf(latest),
    seconds: pace.seconds,
    strategy: strategy.name,
    before: accuraciesOf(before),
  });
  const end = (outcome: Outcome, reason: string, kept: Check = before): Learned => ({
    progress: { ...told(step, loss, kept), outcome, reason },
    ...(kept !== before && { kept }),
  });

  const abort = () => end('aborted', 'It was ended before its time; the model is as it was.');

  let [step, loss, checks, losing, latest] = [0, Number.NaN, 0, 0, before];
  /** The latest that has not forgotten. */
  let good = before;
  yield told(step, loss, before);
  for (let ended = false; !ended; ) {
    if (aborted()) return abort();
    const began = pace.seconds;
    const learningRate = trainer.spec.learningRate * strategy.learningRateScale * annealed(strategy, step / pace.steps);
    loss = await trainer.step(mixture.at(step), learningRate);
    step++;
    if (!Number.isFinite(loss)) return end('rolled-back', `The loss became ${loss}; the model is as it was.`);
    if (strategy.anchor > 0 && step % PULL === 0) await trainer.pull((1 - strategy.anchor) ** PULL);
    pace.stepped(pace.seconds - began);
    // Asked once: what a reader of the progress does takes time, too.
    ended = pace.ended;
    const asked = typeof until === 'function' && until(told(step, loss, latest));
    if (asked || ended || step / pace.steps >= (checks + 1) / strategy.checks) {
      checks++;
      latest = await check(parts, step, await trainer.weights(trainer.trained));
      const forgot = forgotten(before, latest, strategy);
      losing = forgotten(before, latest, strategy, HOPELESS) ? losing + 1 : 0;
      if (!forgot) good = latest;
      const progress = told(step, loss, latest);
      const reached = typeof until === 'number' ? progress.accuracy >= until : asked;
      if (reached && !forgot) return end('reached', `Reached what was asked for in ${step} steps.`, latest);
      ended ||= asked || losing >= strategy.patience;
      yield progress;
    } else yield told(step, loss, latest);
  }
  const early = pace.ended ? 'finished' : 'early-stop';
  const forgot = forgotten(before, latest, strategy);
  const kept = await retreat(parts, before, latest);
  if (aborted()) return abort();
  if (good !== before && good !== latest && !(kept && kept.state.corrections.loss < good.corrections.loss)) {
    return end(early, `${forgot} in ${latest.step} steps; keeps what was learned in ${good.step}.`, good);
  }
  if (!kept) return end('rolled-back', `${forgot}; the model is as it was.`);
  const part = kept.share < 1 ? `, and keeps ${percent(kept.share)} of the change` : '';
  return end(early, `Learned for ${latest.step} steps${part}.`, kept.state);
}

async function check(parts: LearningParts, step: number, weights: Tensors): Promise<Check> {
  const { evaluator, corrections, guards, pace } = parts;
  const began = pace.seconds;
  const { core, varied, hands } = guards;
  const sets = [corrections, core, varied, ...hands].filter((set) => set !== undefined);
  const found = await evaluator.measure({ ...parts.weights, ...weights }, sets);
  const of = (set: Samples | undefined) => found[sets.indexOf(set!)];
  pace.measured(pace.seconds - began);
  const inHands = hands.map((hand) => of(hand)!);
  return { step, weights, corrections: found[0]!, core: of(core), varied: of(varied), hands: inHands };
}

/** Times that the part of the way in which a point is looked for is halved: each one is measured. */
const HALVINGS = 4;

/**
 * The farthest point on the straight line from the weights before the run to these (M. Wortsman et al., "Robust fine-tuning
 * of zero-shot models", 2022) that is within the margins; undefined where there is none. Where the strategy wants the least
 * change it is no farther than reading the corrections takes.
 */
async function retreat(
  parts: LearningParts,
  before: Check,
  learned: Check,
): Promise<{ readonly state: Check; readonly share: number } | undefined> {
  const { strategy } = parts;
  const at = (share: number) => check(parts, learned.step, between(before.weights, learned.weights, share));
  let [share, state] = [1, learned];
  if (strategy.leastChange) {
    share = await leastShare(parts, before, learned);
    if (share < 1) state = await at(share);
  }
  if (!forgotten(before, state, strategy)) return { state, share };
  let [near, far, kept] = [0, share, undefined as Check | undefined];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (near + far) / 2;
    const tried = await at(middle);
    if (forgotten(before, tried, strategy)) far = middle;
    else [near, kept] = [middle, tried];
  }
  return kept && { state: kept, share: near };
}

/** What else the model knows is disturbed the less, the shorter the way. */
async function leastShare({ evaluator, corrections, weights }: LearningParts, before: Check, learned: Check) {
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    const tried = { ...weights, ...between(before.weights, learned.weights, middle) };
    const [measures] = await evaluator.measure(tried, [corrections]);
    if (measures!.accuracy >= learned.corrections.accuracy) high = middle;
    else low = middle;
  }
  return high;
}

const accuraciesOf = ({ corrections, core }: Check): Accuracies => ({
  accuracy: corrections.accuracy,
  coreAccuracy: core?.accuracy,
});

/** What has been forgotten beyond the margins, or so many times as much, in words. */
function forgotten(before: Check, after: Check, strategy: Strategy, times = 1): string | undefined {
  const { slack } = strategy;
  const [margin, classMargin, lossMargin] = [strategy.margin, strategy.classMargin, strategy.lossMargin].map(
    (most) => times * most,
  ) as [number, number, number];
  const change = (from: number, to: number) => `fell from ${percent(from)} to ${percent(to)}`;
  const beyond = (from: number, to: number, most: number) => from - to > most + 1e-9;
  const fallen = (from: Measures | undefined, to: Measures | undefined, where: string, more = 0) => {
    if (!from || !to) return undefined;
    if (beyond(from.accuracy, to.accuracy, margin))
      return `The accuracy ${where} ${change(from.accuracy, to.accuracy)}`;
    const [own, now] = [from.classAccuracy, to.classAccuracy];
    const label = own.findIndex((value, k) => beyond(value, now[k]!, classMargin + more * (1 - value)));
    return label < 0 ? undefined : `The accuracy on ${label}s ${where} ${change(own[label]!, now[label]!)}`;
  };
  const { core: from } = before;
  const { core: to } = after;
  if (from && to && beyond(to.loss, from.loss, lossMargin)) {
    return `The loss on the core set rose from ${from.loss.toFixed(3)} to ${to.loss.toFixed(3)}`;
  }
  const inHands = before.hands.map((hand, i) => fallen(hand, after.hands[i], 'in this hand', slack));
  return (
    fallen(from, to, 'on the core set') ??
    fallen(before.varied, after.varied, 'on the core set, augmented,') ??
    inHands.find((words) => words !== undefined)
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

const annealed = ({ schedule }: Strategy, done: number): number =>
  schedule === 'cosine' ? (1 + Math.cos(Math.PI * done)) / 2 : 1;

const pick = (tensors: Tensors, names: readonly string[]): Tensors =>
  Object.fromEntries(names.map((name) => [name, tensors[name]!]));
