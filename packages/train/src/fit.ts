/** Trains an architecture: data in seeded order, one training graph stepped by a Trainer, progress and checkpoints on the way. */

import {
  augment,
  DenaryError,
  type Device,
  encodeModel,
  type Model,
  type SessionFactory,
  type Tensors,
  withWeights,
} from '@denary/core';
import { Batches } from './batches.js';
import { type Checkpoint, requireSameSettings } from './checkpoint.js';
import type { Dataset } from './data/dataset.js';
import { startTrainingGraph, type TrainingEngine } from './engine.js';
import { evaluate } from './evaluate.js';
import { bestEpoch, type EpochLog, emptyCurve, extended, type StepLog, stalled } from './history.js';
import { learningRateOf } from './objective/optimizers.js';
import { type PreparedTraining, prepareTraining, type TrainingOptions } from './prepare.js';
import { scheduled } from './schedules.js';
import { identityOf, type ResolvedSettings } from './settings.js';
import { elapsed, every, StepClock } from './step-clock.js';

export interface FitOptions extends TrainingOptions {
  readonly createSession: SessionFactory;
  /**
   * Where the steps run; the runtime's own default where left out. The training graph is the one for it. Epochs are measured
   * where the runtime does by default, as the finished model will be.
   */
  readonly device?: Device;
  readonly threads?: number;
  /** What does the steps in place of a training graph in ONNX Runtime, on the device that it was made for. */
  readonly engine?: TrainingEngine;
  /** Stops after the running step (or the running few, where they are short); what was trained is given back. */
  readonly signal?: AbortSignal;
  /** Goes on where this one stands. Throws `bad-argument` where it belongs to other settings. */
  readonly resume?: Checkpoint;
  readonly callbacks?: Callbacks;
  /** Milliseconds between two calls of `onProgress`; default 100. */
  readonly progressInterval?: number;
  /** Milliseconds between two checkpoints inside an epoch; default 30,000. */
  readonly checkpointInterval?: number;
}

export interface Callbacks {
  onProgress?(progress: Progress): void;
  onEpoch?(log: EpochLog): void;
  /** Called now and then, after an epoch (once a second at most), and when the training ends or is stopped. */
  onCheckpoint?(checkpoint: Checkpoint): Promise<void> | void;
}

/** Inside an epoch; loss and accuracy are means over the epoch so far. */
export interface Progress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch, of `steps`. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
  /** Seconds to the end of the training, at this pace. */
  readonly eta: number;
}

export interface FitResult {
  /** The inference model with the trained weights. */
  readonly model: Model;
  /** The training graph for a CPU, wherever it was trained: from it the model can be trained on. */
  readonly training: Model;
  readonly parameters: number;
  readonly history: readonly EpochLog[];
  /** The curve by step, in some hundred points. */
  readonly steps: readonly StepLog[];
  /** The epoch whose weights the model has. */
  readonly epoch: number;
  /** What was asked for, defaults included. */
  readonly settings: ResolvedSettings;
  /** What was trained on and, where anything was, measured after each epoch. */
  readonly data: PreparedTraining['data'];
  /** Whether the training came to its end, be it by early stopping. */
  readonly finished: boolean;
  readonly device: Device;
  /** The engine that did the steps, where it was not ONNX Runtime. */
  readonly engine?: string;
  /** Seconds of training, evaluation excluded. */
  readonly seconds: number;
  /** Batch size over the median step, batch preparation included. */
  readonly imagesPerSecond: number;
}

/** Points of the curve by step. */
const POINTS = 300;

/** Throws `bad-data` where the data do not fit the architecture, `not-finite` where the training diverges. */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { createSession, device, threads, engine, signal, resume, callbacks = {}, ...rest } = options;
  const { progressInterval = 100, checkpointInterval = 30_000, ...asked } = rest;
  const prepared = prepareTraining(asked);
  const { settings, data, plan, model, parameters, graphFor } = prepared;
  const { optimizer, seed, schedule, earlyStopping } = settings;
  const identity = {
    ...identityOf(options.architecture, settings, data),
    ...(engine && { engine: engine.name }),
  };
  if (resume) requireSameSettings(resume.settings, identity);

  const { batchSize } = plan;
  const total = settings.steps ?? settings.epochs * plan.steps;
  const epochs = Math.ceil(total / plan.steps);
  // What is given back is for any device.
  const training = graphFor('cpu');
  const work = { ...prepared, architecture: options.architecture, createSession, device, threads };
  const trainer = await (engine ? engine.start(work) : startTrainingGraph(work));
  if (resume) await trainer.restore(resume.state);

  const batches = new Batches(data.train, plan, seed, settings.augment && augment(settings.augment));
  const clock = new StepClock(batchSize, resume?.seconds ?? 0);
  const history = [...(resume?.history ?? [])];
  const stride = Math.max(1, Math.floor(total / POINTS));
  const progressDue = every(progressInterval);
  const sinceCheckpoint = elapsed();
  let { epoch, step, curve, best } = resume ?? { epoch: 0, step: 0, curve: emptyCurve };
  const done = () => epoch * plan.steps + step;
  const stepsInEpoch = () => Math.min(plan.steps, total - epoch * plan.steps);
  const ended = () => done() >= total || (earlyStopping !== undefined && stalled(history, earlyStopping));

  const factorAt = (at: number) => (schedule ? scheduled(schedule, { step: at, steps: total, epoch }) : 1);
  const modelOf = (weights: Tensors) => withWeights(model, weights);
  const report = async () => {
    const { loss, accuracy } = await trainer.metrics();
    const pace = clock.pace(total - done());
    callbacks.onProgress?.({ epoch: epoch + 1, epochs, step, steps: stepsInEpoch(), loss, accuracy, ...pace });
  };
  const record = async (endsEpoch: boolean) => {
    const at = { step: done(), epoch: done() / plan.steps, endsEpoch };
    curve = extended(curve, await trainer.metrics(), at);
  };
  const checkpoint = async () => {
    if (!callbacks.onCheckpoint) return;
    const position = { epoch, step, history: [...history], curve, seconds: clock.seconds };
    await callbacks.onCheckpoint({
      settings: identity,
      ...position,
      ...(best && { best }),
      state: await trainer.state(),
    });
    sinceCheckpoint.restart();
  };
  const endEpoch = async () => {
    const { loss, accuracy } = await trainer.metrics();
    const weights = await trainer.weights();
    const measured = data.validation ? await validate(modelOf(weights), options, data.validation, settings) : {};
    const log = { epoch: epoch + 1, loss, accuracy, ...measured, seconds: clock.seconds - secondsOf(history) };
    history.push(log);
    if (settings.keep === 'best' && bestEpoch(history) === log) best = weights;
    await trainer.resetMetrics();
    callbacks.onEpoch?.(log);
  };

  try {
    while (!ended() && !signal?.aborted) {
      clock.start();
      const untilRecord = Math.min(stride - (done() % stride), stepsInEpoch() - step);
      const count = trainer.severalSteps ? Math.min(clock.stepsPerRun, untilRecord) : 1;
      const losses = await trainer.steps(count, (i) => ({
        ...batches.at(epoch, step + i),
        learningRate: learningRateOf(optimizer) * factorAt(done() + i),
      }));
      clock.stop(count);
      requireFinite(losses, epoch, step);
      step += count;
      const epochDone = step === stepsInEpoch();
      if (epochDone || done() % stride === 0) await record(epochDone);
      if (epochDone || progressDue()) await report();
      if (epochDone) {
        await endEpoch();
        epoch++;
        step = 0;
      }
      const patience = epochDone ? 1000 : checkpointInterval;
      if (sinceCheckpoint.milliseconds() >= patience) await checkpoint();
    }
    await checkpoint();
    const { seconds, imagesPerSecond } = clock;
    return {
      model: modelOf(best ?? (await trainer.weights())),
      training,
      parameters,
      history,
      steps: curve.points,
      epoch: (best ? bestEpoch(history)?.epoch : undefined) ?? history.length,
      settings,
      data,
      finished: ended(),
      device: trainer.device,
      ...(engine && { engine: engine.description }),
      seconds,
      imagesPerSecond,
    };
  } finally {
    await trainer.close();
  }
}

/** The losses of the steps from `step` on. */
function requireFinite(losses: Float32Array, epoch: number, step: number): void {
  const bad = losses.findIndex((loss) => !Number.isFinite(loss));
  if (bad < 0) return;
  throw new DenaryError({
    code: 'not-finite',
    who: 'fit',
    expected: 'a loss that is a finite number',
    received: `${losses[bad]} in epoch ${epoch + 1}, step ${step + bad + 1}`,
    remedy: 'The training diverged: lower the learning rate.',
  });
}

async function validate(
  model: Model,
  { createSession, threads }: FitOptions,
  dataset: Dataset,
  { loss }: ResolvedSettings,
) {
  const bytes = encodeModel(model);
  const result = await evaluate({ createSession, model: bytes, dataset, loss, ...(threads ? { threads } : {}) });
  return { validationLoss: result.loss, validationAccuracy: result.accuracy };
}

const secondsOf = (history: readonly EpochLog[]): number => history.reduce((sum, { seconds }) => sum + seconds, 0);
