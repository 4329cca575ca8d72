/**
 * One run: steps on a mixture of corrections and core set, measured now and then. Of the states that were measured it keeps
 * the one that reads the corrections best, among those that have not forgotten the core set; where there is none, nothing.
 */

import type { Tensor, Tensors } from '../tensor.js';
import type { Trainer } from '../trainer.js';
import type { Pace } from './budget.js';
import type { Evaluator, Measures } from './evaluator.js';
import type { Mixture } from './mixture.js';
import type { Accuracies, Outcome, TuningOptions, TuningProgress } from './progress.js';
import type { Samples } from './samples.js';
import type { Strategy } from './strategy.js';

export interface LearningParts {
  readonly until: TuningOptions['until'];
  /** Whether the run is to end as if it had not been. */
  readonly aborted: () => boolean;
  readonly trainer: Trainer;
  readonly evaluator: Evaluator;
  readonly mixture: Mixture;
  readonly strategy: Strategy;
  readonly pace: Pace;
  /** To start from. */
  readonly weights: Tensors;
  readonly corrections: Samples;
  readonly replay: Samples | undefined;
}

/** The end of a run. */
export interface Learned {
  /** The last progress, with the outcome. */
  readonly progress: TuningProgress;
  /** The state that is kept; undefined where the model is to stay as it was. */
  readonly kept?: { readonly step: number; readonly weights: Tensors };
}

/** Steps after which the weights are pulled back to where they were: each time they are copied out and in. */
const PULL = 4;

interface Check {
  readonly step: number;
  readonly weights: Tensors;
  readonly corrections: Measures;
  readonly core: Measures | undefined;
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

  let [step, loss, checks, losing] = [0, Number.NaN, 0, 0];
  let [latest, best] = [before, undefined as Check | undefined];
  yield told(step, loss, before);
  for (let ended = false; !ended; ) {
    if (aborted()) return end('aborted', 'The signal ended it; the model is as it was.');
    const began = pace.seconds;
    const learningRate = trainer.spec.learningRate * strategy.learningRateScale * annealed(strategy, step / pace.steps);
    loss = await trainer.step(mixture.at(step), learningRate);
    step++;
    if (!Number.isFinite(loss)) return end('rolled-back', `The loss became ${loss}; the model is as it was.`);
    if (strategy.anchor > 0 && step % PULL === 0) await pullBack(trainer, before.weights, strategy.anchor);
    pace.stepped(pace.seconds - began);
    // Asked once: what a reader of the progress does takes time, too.
    ended = pace.ended;
    const asked = typeof until === 'function' && until(told(step, loss, latest));
    if (asked || ended || step / pace.steps >= (checks + 1) / strategy.checks) {
      checks++;
      latest = await check(parts, step, await trainer.weights(trainer.trained));
      const forgot = forgotten(before, latest, strategy);
      losing = forgot ? losing + 1 : 0;
      if (!forgot && !(best && best.corrections.accuracy > latest.corrections.accuracy)) best = latest;
      if (forgot && (asked || ended || losing >= strategy.patience)) {
        if (!best) return end('rolled-back', `${forgot}; the model is as it was.`);
        return end('early-stop', `${forgot}; the model is that of step ${best.step}.`, best);
      }
      const progress = told(step, loss, latest);
      const reached = typeof until === 'number' ? progress.accuracy >= until : asked;
      if (reached && !forgot) return end('reached', `Reached what was asked for in ${step} steps.`, latest);
      yield progress;
    } else yield told(step, loss, latest);
  }
  // The last check forgot nothing, but an earlier one may have read the corrections better.
  if (best && strategy.leastChange) best = await nearest(parts, before, best);
  const from = best && best.step !== latest.step ? `, the model is that of step ${best.step}` : '';
  return end('finished', `Learned for ${latest.step} steps${from}.`, best);
}

async function check(parts: LearningParts, step: number, weights: Tensors): Promise<Check> {
  const { evaluator, corrections, replay, pace } = parts;
  const began = pace.seconds;
  const sets = replay ? [corrections, replay] : [corrections];
  const [measures, core] = await evaluator.measure({ ...parts.weights, ...weights }, sets);
  pace.measured(pace.seconds - began);
  return { step, weights, corrections: measures!, core };
}

/** Of the way back. */
const HALVINGS = 4;

/**
 * On the straight line from the weights before the run to these (as M. Wortsman et al., 2022, do), the first that read the
 * corrections as well: what else the model knows is disturbed the less, the shorter the way.
 */
async function nearest(parts: LearningParts, before: Check, found: Check): Promise<Check> {
  const { evaluator, corrections, weights } = parts;
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    const tried = { ...weights, ...between(before.weights, found.weights, middle) };
    const [measures] = await evaluator.measure(tried, [corrections]);
    if (measures!.accuracy >= found.corrections.accuracy) high = middle;
    else low = middle;
  }
  return check(parts, found.step, between(before.weights, found.weights, high));
}

/** from + share (to - from) */
const between = (from: Tensors, to: Tensors, share: number): Tensors =>
  Object.fromEntries(
    Object.entries(to).map(([name, tensor]) => {
      const start = from[name]!.data as Float32Array;
      const data = (tensor.data as Float32Array).map((value, i) => start[i]! + share * (value - start[i]!));
      return [name, { ...tensor, data } as Tensor];
    }),
  );

const accuraciesOf = ({ corrections, core }: Check): Accuracies => ({
  accuracy: corrections.accuracy,
  coreAccuracy: core?.accuracy,
});

/** What has been forgotten beyond the margins, in words. */
function forgotten({ core: before }: Check, { core: after }: Check, strategy: Strategy): string | undefined {
  if (!before || !after) return undefined;
  const fallen = (from: number, to: number, margin: number) => from - to > margin + 1e-9;
  const change = (from: number, to: number) => `fell from ${percent(from)} to ${percent(to)}`;
  if (fallen(before.accuracy, after.accuracy, strategy.margin)) {
    return `The accuracy on the core set ${change(before.accuracy, after.accuracy)}`;
  }
  const label = before.classAccuracy.findIndex((from, i) =>
    fallen(from, after.classAccuracy[i]!, strategy.classMargin),
  );
  if (label < 0) return undefined;
  return `The accuracy on the core set's ${label}s ${change(before.classAccuracy[label]!, after.classAccuracy[label]!)}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

const annealed = ({ schedule }: Strategy, done: number): number =>
  schedule === 'cosine' ? (1 + Math.cos(Math.PI * done)) / 2 : 1;

const pick = (tensors: Tensors, names: readonly string[]): Tensors =>
  Object.fromEntries(names.map((name) => [name, tensors[name]!]));

/** w <- w0 + (1 - anchor)^PULL (w - w0) */
async function pullBack(trainer: Trainer, start: Tensors, anchor: number): Promise<void> {
  const far = (1 - anchor) ** PULL;
  const weights = await trainer.weights(trainer.trained);
  for (const name in weights) {
    const [now, old] = [weights[name]!.data as Float32Array, (start[name] as Tensor).data as Float32Array];
    for (let i = 0; i < now.length; i++) now[i] = old[i]! + far * (now[i]! - old[i]!);
  }
  await trainer.restore(weights);
}
