/** The sessions behind a tuner, opened when they are first needed: one trains, the other measures. */

import type { Model } from '../onnx/model.js';
import type { SessionFactory, SessionOptions } from '../session.js';
import type { Tensors } from '../tensor.js';
import { Trainer, withWeights } from '../trainer.js';
import { Evaluator } from './evaluator.js';
import { withFrozen } from './frozen.js';
import type { Trainable } from './strategy.js';

export interface EnginesParts extends Omit<SessionOptions, 'state'> {
  readonly createSession: SessionFactory;
  readonly model: Model;
  readonly readTraining: (trainable: Trainable) => Promise<Uint8Array>;
  /** Of the dropout. */
  readonly seed: number;
}

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

  constructor(private readonly parts: EnginesParts) {}

  /** A trainer at its first step, from these weights. */
  async trainer(trainable: Trainable, weights: Tensors): Promise<Trainer> {
    const known = this.training;
    if (
      known?.trainable === trainable &&
      Object.entries(known.frozen).every(([name, tensor]) => weights[name] === tensor)
    ) {
      await known.trainer.restart(weights);
      return known.trainer;
    }
    await known?.trainer.close();
    this.training = undefined;
    const { model, readTraining, ...options } = this.parts;
    const { training, frozen } = withFrozen(await readTraining(trainable), weights);
    const trainer = await Trainer.create({ ...options, training, weights });
    this.training = { trainable, trainer, frozen: Object.fromEntries(frozen.map((name) => [name, weights[name]!])) };
    return trainer;
  }

  /** Measures weights that differ from these in the ones named at most. */
  async evaluator(variable: readonly string[], weights: Tensors): Promise<Evaluator> {
    if (this.measuring) {
      const { evaluator, weights: fixed } = this.measuring;
      const free = new Set(evaluator.variable);
      const fits = Object.keys(weights).every((name) => free.has(name) || weights[name] === fixed[name]);
      if (fits && variable.every((name) => free.has(name))) return evaluator;
      await evaluator.close();
      this.measuring = undefined;
    }
    const { model, readTraining, seed, ...options } = this.parts;
    const evaluator = await Evaluator.open({ ...options, model: withWeights(model, weights), variable });
    this.measuring = { weights, evaluator };
    return evaluator;
  }

  async close(): Promise<void> {
    await Promise.all([this.training?.trainer.close(), this.measuring?.evaluator.close()]);
  }
}
