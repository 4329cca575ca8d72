/**
 * The seam to what does a training's steps: a training graph in ONNX Runtime, or another engine that is handed to `fit`, which
 * keeps the order of the data, the schedule, the history and the checkpoints for either.
 */

import {
  type Batch,
  type Device,
  encodeModel,
  initializersOf,
  type Metrics,
  type SessionFactory,
  type Tensors,
  Trainer,
} from '@denary/core';
import type { Architecture } from './architectures/architecture.js';
import { forMachine } from './passes/for-machine.js';
import type { PreparedTraining } from './prepare.js';

/** What an engine is asked to train. */
export interface EngineWork extends PreparedTraining {
  readonly architecture: Architecture;
  readonly createSession: SessionFactory;
  readonly device?: Device | undefined;
  readonly threads?: number | undefined;
}

/** Holds weights and the optimizer's memory, and steps them. */
export interface Stepper {
  readonly device: Device;
  /** Whether several short steps are done faster together. */
  readonly severalSteps: boolean;
  /**
   * Trains on so many batches, one after the other, and gives their losses. A batch is taken over before the next one is
   * asked for, since they share their arrays.
   */
  steps(count: number, batchAt: (index: number) => Batch): Promise<Float32Array>;
  /** Means over everything trained since the last reset. */
  metrics(): Promise<Metrics>;
  resetMetrics(): Promise<void>;
  /** By their names in the model; moving averages where the training keeps those. */
  weights(): Promise<Tensors>;
  /** Everything that a later `restore` of the same engine needs to go on. */
  state(): Promise<Tensors>;
  restore(state: Tensors): Promise<void>;
  close(): Promise<void>;
}

export interface TrainingEngine {
  /** As checkpoints tell engines apart. */
  readonly name: string;
  /** Name and versions of what computes, for manifests and reports. */
  readonly description: string;
  start(work: EngineWork): Promise<Stepper>;
}

/** The training graph, in the form that the machine likes best. */
export async function startTrainingGraph(work: EngineWork): Promise<Stepper> {
  const { createSession, device, threads, graphFor, model, settings } = work;
  return Trainer.create({
    createSession,
    training: encodeModel(await forMachine(graphFor(device), createSession, device)),
    weights: initializersOf(model),
    seed: settings.seed,
    ...(device ? { device } : {}),
    ...(threads ? { threads } : {}),
  });
}
