/** A short look at how a device does: a few training steps on one batch, their losses and their pace; and the same of prediction. */

import {
  augment,
  type Batch,
  DenaryError,
  type Device,
  encodeModel,
  type SessionFactory,
  type Tensors,
} from '@denary/core';
import { Batches } from '../batches.js';
import { startTrainingGraph } from '../engine.js';
import { learningRateOf } from '../objective/optimizers.js';
import type { PreparedTraining } from '../prepare.js';
import { elapsed, StepClock } from '../step-clock.js';

export interface ProbeOptions {
  readonly createSession: SessionFactory;
  readonly device: Device;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface TrainingProbe {
  /** Of the first steps, which every device is asked for. */
  readonly losses: readonly number[];
  /** After the first step, before rounding has grown. */
  readonly weights: Tensors;
  /** Batch size over the median step. */
  readonly imagesPerSecond: number;
}

/** Steps whose losses are compared. */
const COMPARED = 5;
/** Steps that compile, allocate and tune, and are not timed. */
const WARM_UP = 2;
/** When the pace is known well enough. */
const MILLISECONDS = 1_000;
const MOST_STEPS = 50;
const PREDICTIONS = 5;

/** Trains on the first batch, over and over, for about a second. The model's weights stay as they are. */
export async function probeTraining(prepared: PreparedTraining, options: ProbeOptions): Promise<TrainingProbe> {
  const { createSession, device, threads, signal } = options;
  const { settings, plan } = prepared;
  const stepper = await startTrainingGraph({ ...prepared, createSession, device, threads });
  try {
    const batch = { ...firstBatch(prepared), learningRate: learningRateOf(settings.optimizer) };
    const clock = new StepClock(plan.batchSize, 0);
    const losses: number[] = [];
    let weights: Tensors = {};
    const timed = elapsed();
    for (let step = 0; step < MOST_STEPS; step++) {
      if (step >= COMPARED && timed.milliseconds() >= MILLISECONDS) break;
      if (step === WARM_UP) timed.restart();
      if (step >= WARM_UP) clock.start();
      const [loss] = await stepper.run(stepper.prepare(1, () => batch));
      if (step >= WARM_UP) clock.stop(1);
      if (step < COMPARED) losses.push(loss!);
      if (step === 0) weights = await stepper.weights();
      await breath();
      requireGoing(device, signal);
    }
    return { losses, weights, imagesPerSecond: clock.imagesPerSecond };
  } finally {
    await stepper.close();
  }
}

/** Images a second in batches of the training's size, the median of a few runs. */
export async function probePrediction(prepared: PreparedTraining, options: ProbeOptions): Promise<number> {
  const { createSession, device, threads, signal } = options;
  const { data, plan, model } = prepared;
  const session = await createSession(encodeModel(model), { device, ...(threads ? { threads } : {}) });
  try {
    const { images } = firstBatch(prepared);
    const { height, width } = data.train;
    const shape = [images.length / (height * width), height, width];
    const clock = new StepClock(plan.batchSize, 0);
    for (let run = 0; run < WARM_UP + PREDICTIONS; run++) {
      clock.start();
      await session.run({ image: { dtype: 'uint8', shape, data: images } });
      if (run >= WARM_UP) clock.stop(1);
      await breath();
      requireGoing(device, signal);
    }
    return clock.imagesPerSecond;
  } finally {
    await session.close();
  }
}

function firstBatch({ data, plan, settings }: PreparedTraining): Batch {
  return new Batches(data.train, plan, settings.seed, settings.augment && augment(settings.augment)).at(0, 0);
}

/** Lets timers and signals have their turn: a run of the model may block the thread, and come back without giving them one. */
const breath = () => new Promise<void>((resolve) => setTimeout(resolve));

function requireGoing(device: Device, signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  const [expected, received] = [`to try ${device} to the end`, 'a stop'];
  throw new DenaryError({ code: 'aborted', who: 'probe', expected, received, remedy: 'Start again.' });
}
