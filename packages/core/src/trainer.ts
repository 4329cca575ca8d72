/** Steps a training graph: holds the weights and the optimizer's memory in a session, feeds it batches, reads metrics. */

import { DenaryError } from './errors.js';
import { decodeModel } from './onnx/decode.js';
import type { Model } from './onnx/model.js';
import type { Session, SessionFactory, SessionOptions } from './session.js';
import { filled, sizeOf, type Tensor, type Tensors } from './tensor.js';
import { averagedBy, averageOf, type TrainingSpec, trainingSpecOf } from './training-spec.js';

export interface TrainerOptions extends Omit<SessionOptions, 'state'> {
  readonly createSession: SessionFactory;
  /** The bytes of a training graph. */
  readonly training: Uint8Array;
  /** The weights to start from, by name: a model's initializers. */
  readonly weights: Tensors;
  /** Of the dropout masks; default 0. */
  readonly seed?: number;
}

/** At most `batchSize` samples. */
export interface Batch {
  /** uint8, [count, height, width]. */
  readonly images: Uint8Array;
  /** Class numbers, [count] or [count, slots]. */
  readonly labels: ArrayLike<number>;
  /** How much each sample counts, [count]; 1 where left out. */
  readonly weights?: ArrayLike<number>;
}

/** Means over everything trained since the last reset. */
export interface Metrics {
  readonly loss: number;
  readonly accuracy: number;
  /** The sum of the sample weights. */
  readonly count: number;
}

export class Trainer {
  private readonly feeds;
  private readonly slots: number;

  private constructor(
    readonly spec: TrainingSpec,
    private readonly session: Session,
    seed: number,
  ) {
    const { batchSize, image, learningRate, slots = 1 } = spec;
    this.slots = slots;
    this.feeds = {
      image: filled('uint8', [batchSize, ...image]),
      label: filled('int32', slots === 1 ? [batchSize] : [batchSize, slots]),
      sample_weight: filled('float32', [batchSize]),
      learning_rate: filled('float32', [], learningRate),
      seed: filled('uint32', [], seed),
    };
  }

  /**
   * Throws `bad-model` for a training graph that is none, or for weights that do not fit it, `unsupported-operator` for one
   * that WebGPU could run only with the help of the CPU.
   */
  static async create({ createSession, training, weights, seed = 0, ...options }: TrainerOptions): Promise<Trainer> {
    const spec = trainingSpecOf(decodeModel(training, 'Trainer'), 'Trainer');
    const state = spec.state.map(({ input, output }) => (output ? { input, output } : { input }));
    const session = await createSession(training, { fallback: false, ...options, state });
    try {
      await session.writeState(Object.fromEntries(spec.state.map((slot) => [slot.input, startOf(slot, weights)])));
    } catch (error) {
      await session.close();
      throw error;
    }
    return new Trainer(spec, session, seed);
  }

  get device() {
    return this.session.device;
  }

  /**
   * Trains on one batch, and gives its loss: the mean over the samples by weight, before the step. One step at a time:
   * the next one may be asked for when this one is done. Throws `bad-data` for a batch that does not fit.
   */
  async step({ images, labels, weights }: Batch, learningRate = this.spec.learningRate): Promise<number> {
    const { batchSize, image, classes } = this.spec;
    const { feeds, slots } = this;
    const count = labels.length / slots;
    if (!(count >= 1 && count <= batchSize) || images.length !== count * sizeOf(image)) {
      throw badBatch(
        `1 to ${batchSize} images of ${image.join('x')} pixels with ${slots} label(s) each`,
        `${labels.length} labels and ${images.length} pixels`,
      );
    }
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]!;
      if (!(label >= 0 && label < classes)) throw badBatch(`labels from 0 to ${classes - 1}`, `${label}`);
      feeds.label.data[i] = label;
    }
    for (let i = 0; i < count; i++) feeds.sample_weight.data[i] = weights?.[i] ?? 1;
    feeds.image.data.set(images);
    feeds.image.data.fill(0, images.length);
    feeds.label.data.fill(0, labels.length);
    feeds.sample_weight.data.fill(0, count);
    feeds.learning_rate.data[0] = learningRate;
    const { loss } = await this.session.run(feeds);
    return Number(loss!.data[0]);
  }

  async metrics(): Promise<Metrics> {
    const { metrics } = await this.session.readState(['metrics']);
    const [loss, right, count] = metrics!.data as Float32Array as unknown as [number, number, number];
    return { loss: loss / count, accuracy: right / count, count };
  }

  async resetMetrics(): Promise<void> {
    await this.session.writeState({ metrics: filled('float32', [3]) });
  }

  /** The weights (their moving averages, where the training keeps those) and moving statistics, by their names in the model. */
  async weights(): Promise<Tensors> {
    const { state } = this.spec;
    const averages = new Set(state.filter(({ kind }) => kind === 'average').map(({ input }) => input));
    const names = state.filter(({ kind }) => kind === 'weight' || kind === 'statistic').map(({ input }) => input);
    const sources = names.map((name) => (averages.has(averageOf(name)) ? averageOf(name) : name));
    const tensors = await this.session.readState(sources);
    return Object.fromEntries(names.map((name, i) => [name, tensors[sources[i]!]!]));
  }

  /** Everything that a later `restore` needs to go on bit for bit. */
  state(): Promise<Tensors> {
    return this.session.readState();
  }

  restore(state: Tensors): Promise<void> {
    return this.session.writeState(state);
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

function startOf({ input, kind, shape, dtype, initial }: TrainingSpec['state'][number], weights: Tensors): Tensor {
  if (kind !== 'weight' && kind !== 'statistic' && kind !== 'average') return filled(dtype, shape, initial);
  const name = kind === 'average' ? averagedBy(input) : input;
  const tensor = weights[name];
  if (tensor?.dtype === dtype && tensor.shape.join() === shape.join()) return tensor;
  throw new DenaryError({
    code: 'bad-model',
    who: 'Trainer',
    expected: `a weight "${name}" of ${dtype} [${shape}]`,
    received: tensor ? `${tensor.dtype} [${tensor.shape}]` : 'none',
    remedy: 'Give the model that the training graph was made from.',
  });
}

function badBatch(expected: string, received: string): DenaryError {
  return new DenaryError({
    code: 'bad-data',
    who: 'Trainer.step',
    expected,
    received,
    remedy: 'Give each image a label that the model knows.',
  });
}

/** A model's initializers by name. */
export const initializersOf = ({ graph }: Model): Tensors => Object.fromEntries(graph.initializers);

/** The same model with other values for some of its initializers. */
export function withWeights(model: Model, weights: Tensors): Model {
  const initializers = new Map(model.graph.initializers);
  for (const [name, tensor] of Object.entries(weights)) if (initializers.has(name)) initializers.set(name, tensor);
  return { ...model, graph: { ...model.graph, initializers } };
}
