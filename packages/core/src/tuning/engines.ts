/** The sessions behind a tuner, opened when they are first needed: one trains, the other measures. */

import { closedError } from '../errors.js';
import type { Model } from '../onnx/model.js';
import type { SessionFactory, SessionOptions } from '../session.js';
import type { Tensors } from '../tensor.js';
import { Trainer, withWeights } from '../trainer.js';
import { turns } from '../turns.js';
import { Evaluator } from './evaluator.js';
import { withFrozen } from './frozen.js';
import type { TuningGraphs } from './graphs.js';
import type { Trainable } from './strategy.js';

export interface EnginesParts extends Omit<SessionOptions, 'state'> {
  readonly createSession: SessionFactory;
  readonly model: Model;
  readonly graphs: TuningGraphs;
  /** Of the dropout. */
  readonly seed: number;
}

/** An evaluator that is opened anew where others had it replaced in between. */
export type Measuring = Pick<Evaluator, 'measure' | 'readings'>;

export class Engines {
  private training:
    | {
        readonly trainable: Trainable;
        readonly trainer: Trainer;
        /** What stands in its graph. */
        readonly frozen: Tensors;
      }
    | undefined;
  private measuring: { readonly weights: Tensors; readonly evaluator: Evaluator } | undefined;
  /** No session is replaced while another call opens one, or measures with it. */
  private readonly inTurn = turns();
  private closing: Promise<void> | undefined;

  constructor(private readonly parts: EnginesParts) {}

  /** A trainer at its first step, from these weights. Its graph must be there. Throws `closed` after `close`. */
  trainer(trainable: Trainable, weights: Tensors): Promise<Trainer> {
    return this.whileOpen(async () => {
      const known = this.training;
      if (
        known?.trainable === trainable &&
        Object.entries(known.frozen).every(([name, tensor]) => weights[name] === tensor)
      ) {
        await known.trainer.restart(weights);
        return known.trainer;
      }
      this.training = undefined;
      await known?.trainer.close();
      const { model, graphs, ...options } = this.parts;
      const { training, frozen } = withFrozen(graphs.get(trainable)!, weights);
      const trainer = await Trainer.create({ ...options, training, weights });
      this.training = { trainable, trainer, frozen: Object.fromEntries(frozen.map((name) => [name, weights[name]!])) };
      return trainer;
    });
  }

  /** Measures weights that differ from these in the ones named at most. */
  async evaluator(variable: readonly string[], weights: Tensors): Promise<Measuring> {
    const using = <T>(call: (evaluator: Evaluator) => Promise<T>) =>
      this.whileOpen(async () => call(await this.evaluatorOf(variable, weights)));
    // Opened already while its caller prepares what is to be measured.
    await using(async () => {});
    return {
      measure: (own, sets) => using((evaluator) => evaluator.measure(own, sets)),
      readings: (own, samples) => using((evaluator) => evaluator.readings(own, samples)),
    };
  }

  /** Waits for what is being opened or measured. A second call does nothing. */
  close(): Promise<void> {
    this.closing ??= this.inTurn(async () => {
      await Promise.all([this.training?.trainer.close(), this.measuring?.evaluator.close()]);
    });
    return this.closing;
  }

  private whileOpen<T>(call: () => Promise<T>): Promise<T> {
    return this.inTurn(() => {
      if (this.closing) throw closedError('Tuner');
      return call();
    });
  }

  private async evaluatorOf(variable: readonly string[], weights: Tensors): Promise<Evaluator> {
    if (this.measuring) {
      const { evaluator, weights: fixed } = this.measuring;
      const free = new Set(evaluator.variable);
      const fits = Object.keys(weights).every((name) => free.has(name) || weights[name] === fixed[name]);
      if (fits && variable.every((name) => free.has(name))) return evaluator;
      this.measuring = undefined;
      await evaluator.close();
    }
    const { model, graphs, seed, ...options } = this.parts;
    const evaluator = await Evaluator.open({ ...options, model: withWeights(model, weights), variable });
    this.measuring = { weights, evaluator };
    return evaluator;
  }
}
