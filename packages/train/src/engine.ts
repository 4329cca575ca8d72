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
  sideBySide,
  type Tensors,
  Trainer,
} from '@denary/core';
import type { Architecture } from './architectures/architecture.js';
import { forKernels, forMachine } from './passes/for-machine.js';
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
   * Takes over so many batches for a later `run`; each before the next one is asked for, since they share their arrays. The
   * next run is prepared while one is under way.
   */
  prepare(count: number, batchAt: (index: number) => Batch): unknown;
  /** Trains on what was prepared, one batch after the other, and gives their losses. */
  run(prepared: unknown): Promise<Float32Array>;
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

/**
 * The training graph, in the form that the machine likes best: by replicas where that is faster, each with its part of every
 * batch. The result is the same but for rounding.
 */
export async function startTrainingGraph(work: Omit<EngineWork, 'architecture'>): Promise<Stepper> {
  const { createSession, device, threads, graphFor, replicaGraphs, model, settings } = work;
  const options = { weights: initializersOf(model), seed: settings.seed, ...(device ? { device } : {}) };
  const replicas = replicasFor(work);
  const shared = replicas > 1 ? replicaGraphs(replicas) : undefined;
  if (shared) {
    const graphs = await Promise.all(shared.gradients.map((graph) => forKernels(graph, createSession)));
    const sessions = sideBySide(createSession, graphs.map(encodeModel), shared.contribution);
    return Trainer.create({ ...options, createSession: sessions, training: encodeModel(shared.update) });
  }
  const training = encodeModel(await forMachine(graphFor(device), createSession, device));
  return Trainer.create({ ...options, createSession, training, ...(threads ? { threads } : {}) });
}

const recurrent = new Set(['GRU', 'LSTM', 'RNN']);
/** Rows of a batch that are worth a replica. */
const ROWS = 16;
/** Weights that are worth being sent to all replicas in each step. */
const MOST_WEIGHTS = 2 ** 18;

/**
 * How many replicas train fastest. A recurrent step is some thousand small nodes one after the other, in which threads find
 * little to share: on two cores `hrnn` goes 1.7 times as fast by two replicas as in one session with two threads.
 */
function replicasFor({
  createSession,
  device = 'cpu',
  threads,
  plan,
  model,
  parameters,
}: Omit<EngineWork, 'architecture'>): number {
  const cores = createSession.sideBySide ?? 1;
  const pays = parameters <= MOST_WEIGHTS && model.graph.nodes.some(({ op }) => recurrent.has(op));
  return device === 'cpu' && pays ? Math.min(threads ?? cores, cores, Math.floor(plan.batchSize / ROWS)) : 1;
}
