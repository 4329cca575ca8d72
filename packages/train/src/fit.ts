/** Trains an architecture: data in seeded order, one training graph stepped by a Trainer, progress and checkpoints on the way. */

import {
  DenaryError,
  type Device,
  encodeModel,
  initializersOf,
  type Model,
  type SessionFactory,
  Trainer,
  withWeights,
} from '@denary/core';
import type { Architecture } from './architectures/architecture.js';
import { Batches, stepsPerEpoch } from './batches.js';
import { type Checkpoint, requireSameSettings } from './checkpoint.js';
import type { Augmentation } from './data/augment.js';
import type { Dataset } from './data/dataset.js';
import { evaluate } from './evaluate.js';
import { buildModel } from './forward/build-model.js';
import type { LossName } from './objective/losses.js';
import { learningRateOf, type OptimizerSpec } from './objective/optimizers.js';
import { type Schedule, scheduled } from './schedules.js';
import { every, StepClock } from './step-clock.js';
import { createTrainingGraph } from './training-graph.js';

export interface FitOptions {
  readonly createSession: SessionFactory;
  readonly architecture: Architecture;
  readonly train: Dataset;
  /** Changes the training images anew in each epoch; those of `validation` stay as they are. */
  readonly augment?: Augmentation;
  /** Measured after each epoch. */
  readonly validation?: Dataset;
  /** These four as the architecture says where left out. */
  readonly loss?: LossName;
  readonly optimizer?: OptimizerSpec;
  readonly batchSize?: number;
  readonly epochs?: number;
  /** Of the learning rate, over all epochs; default constant. */
  readonly schedule?: Schedule;
  /** Of weights, order, dropout and augmentation; default 0. */
  readonly seed?: number;
  readonly device?: Device;
  readonly threads?: number;
  /** Stops after the running step; what was trained is given back. */
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
  /** Called now and then, after each epoch, and when the training is stopped. */
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

export interface EpochLog {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  /** Seconds of training steps in this epoch. */
  readonly seconds: number;
}

export interface FitResult {
  /** The inference model with the trained weights. */
  readonly model: Model;
  /** The training graph, from which the model can be trained on. */
  readonly training: Model;
  readonly parameters: number;
  readonly history: readonly EpochLog[];
  /** Whether all epochs were done. */
  readonly finished: boolean;
  readonly device: Device;
  /** Seconds of training, evaluation excluded. */
  readonly seconds: number;
  /** Batch size over the median step, batch preparation included. */
  readonly imagesPerSecond: number;
}

/** Throws `bad-data` where the data do not fit the architecture, `not-finite` where the training diverges. */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { createSession, architecture, train, validation, device, threads, signal, resume, callbacks = {} } = options;
  const schedule = options.schedule ?? { name: 'constant' };
  const settings = settingsOf(options);
  const { loss, optimizer, batchSize, epochs, seed } = settings;
  requireFit(train, architecture);
  if (validation) requireFit(validation, architecture);
  const identity = identityOf(options, settings);
  if (resume) requireSameSettings(resume.settings, identity);

  const { model, parameters, regularizers } = buildModel(architecture, seed);
  const training = createTrainingGraph(model, { loss, optimizer, batchSize, regularizers });
  const trainer = await Trainer.create({
    createSession,
    training: encodeModel(training),
    weights: initializersOf(model),
    seed,
    ...(device ? { device } : {}),
    ...(threads ? { threads } : {}),
  });
  if (resume) await trainer.restore(resume.state);

  const batches = new Batches(train, batchSize, seed, options.augment);
  const steps = stepsPerEpoch(train, batchSize);
  const clock = new StepClock(batchSize, resume?.seconds ?? 0);
  const history = [...(resume?.history ?? [])];
  const progressDue = every(options.progressInterval ?? 100);
  const checkpointDue = every(options.checkpointInterval ?? 30_000);
  let { epoch, step } = resume ?? { epoch: 0, step: 0 };

  const trained = async () => withWeights(model, await trainer.weights());
  const report = async () => {
    const { loss, accuracy } = await trainer.metrics();
    const pace = clock.pace((epochs - epoch) * steps - step);
    callbacks.onProgress?.({ epoch: epoch + 1, epochs, step, steps, loss, accuracy, ...pace });
  };
  const checkpoint = async () => {
    if (!callbacks.onCheckpoint) return;
    const position = { epoch, step, history: [...history], seconds: clock.seconds };
    await callbacks.onCheckpoint({ settings: identity, ...position, state: await trainer.state() });
  };
  const endEpoch = async () => {
    const { loss, accuracy } = await trainer.metrics();
    const measured = validation ? await validate(encodeModel(await trained()), options, validation, settings.loss) : {};
    const log = { epoch: epoch + 1, loss, accuracy, ...measured, seconds: clock.seconds - secondsOf(history) };
    history.push(log);
    await trainer.resetMetrics();
    callbacks.onEpoch?.(log);
  };

  try {
    while (epoch < epochs && !signal?.aborted) {
      clock.start();
      const rate = learningRateOf(optimizer) * scheduled(schedule, epoch * steps + step, epochs * steps);
      const stepLoss = await trainer.step(batches.at(epoch, step), rate);
      clock.stop();
      requireFinite(stepLoss, epoch, step);
      step++;
      const epochDone = step === steps;
      if (epochDone || progressDue()) await report();
      if (epochDone) {
        await endEpoch();
        epoch++;
        step = 0;
      }
      if (epochDone || checkpointDue()) await checkpoint();
    }
    const finished = epoch >= epochs;
    if (!finished) await checkpoint();
    const { seconds, imagesPerSecond } = clock;
    const result = { training, parameters, history, finished, device: trainer.device, seconds, imagesPerSecond };
    return { model: await trained(), ...result };
  } finally {
    await trainer.close();
  }
}

type Settings = Required<Pick<FitOptions, 'loss' | 'optimizer' | 'batchSize' | 'epochs' | 'seed'>>;

/** What is asked for, or else what the architecture says. */
function settingsOf({ architecture: { training }, loss, optimizer, batchSize, epochs, seed }: FitOptions): Settings {
  const settings = {
    loss: loss ?? training.loss,
    optimizer: optimizer ?? training.optimizer,
    batchSize: batchSize ?? training.batchSize,
    epochs: epochs ?? training.epochs,
    seed: seed ?? 0,
  };
  for (const [name, least] of [
    ['batchSize', 1],
    ['epochs', 1],
    ['seed', 0],
  ] as const) {
    const value = settings[name];
    if (Number.isInteger(value) && value >= least && value < 2 ** 32) continue;
    throw new DenaryError({
      code: 'bad-argument',
      who: 'fit',
      expected: `${name} as a whole number of at least ${least}`,
      received: `${value}`,
      remedy: "Leave it out for the system's own setting.",
    });
  }
  return settings;
}

/** What must be the same for a checkpoint to be taken up again; more epochs may be asked for. */
function identityOf(options: FitOptions, settings: Settings): Checkpoint['settings'] {
  const { architecture, train, validation, schedule, augment } = options;
  const { loss, optimizer, batchSize, seed } = settings;
  const data = {
    train: train.name,
    samples: train.count,
    validation: validation?.count ?? 0,
    augment: augment?.options,
  };
  const { name, layers } = architecture;
  // A schedule stretches over all epochs: with more of them, the steps so far would have been others.
  const planned = schedule ? { schedule, epochs: settings.epochs } : {};
  return JSON.parse(
    JSON.stringify({ architecture: name, layers, loss, optimizer, batchSize, seed, ...planned, ...data }),
  );
}

function requireFit({ name, height, width, classes, slots }: Dataset, { input, ...architecture }: Architecture): void {
  const [rows, columns] = input.image;
  if (height === rows && width === columns && classes <= architecture.classes && slots === (architecture.slots ?? 1))
    return;
  throw new DenaryError({
    code: 'bad-data',
    who: 'fit',
    expected: `images of ${columns}x${rows} with ${architecture.slots ?? 1} label(s) below ${architecture.classes}, as "${architecture.name}" takes them`,
    received: `"${name}": ${width}x${height}, ${slots} label(s) below ${classes}`,
    remedy: 'Choose another data set, or another architecture.',
  });
}

function requireFinite(loss: number, epoch: number, step: number): void {
  if (Number.isFinite(loss)) return;
  throw new DenaryError({
    code: 'not-finite',
    who: 'fit',
    expected: 'a loss that is a finite number',
    received: `${loss} in epoch ${epoch + 1}, step ${step + 1}`,
    remedy: 'The training diverged: lower the learning rate.',
  });
}

async function validate(model: Uint8Array, { createSession, threads }: FitOptions, dataset: Dataset, loss: LossName) {
  const result = await evaluate({ createSession, model, dataset, loss, ...(threads ? { threads } : {}) });
  return { validationLoss: result.loss, validationAccuracy: result.accuracy };
}

const secondsOf = (history: readonly EpochLog[]): number => history.reduce((sum, { seconds }) => sum + seconds, 0);
