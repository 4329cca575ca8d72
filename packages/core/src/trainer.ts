/** Steps a training graph: holds the weights and the optimizer's memory in a session, feeds it batches, reads metrics. */

import { DenaryError } from './errors.js';
import { decodeMetadata } from './onnx/metadata.js';
import type { Model } from './onnx/model.js';
import { normal, stream } from './random.js';
import type { Session, SessionFactory, SessionOptions } from './session.js';
import { between, filled, fromNumbers, sizeOf, type Tensor, type Tensors } from './tensor.js';
import {
  averagedBy,
  averageOf,
  type LowRankSpec,
  type StateSpec,
  type TrainingSpec,
  trainingSpecOf,
} from './training-spec.js';

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
  /** Of this step; the one that the training graph was made for where left out. */
  readonly learningRate?: number;
}

/** Means over everything trained since the last reset. */
export interface Metrics {
  readonly loss: number;
  readonly accuracy: number;
  /** The sum of the sample weights. */
  readonly count: number;
}

export class Trainer {
  private feeds: Feeds;
  /** Those of the run before, which may be under way. */
  private spare: Feeds;

  private constructor(
    readonly spec: TrainingSpec,
    private readonly session: Session,
    private readonly seed: number,
    /** Whether the session reads pixels in shared memory. */
    private readonly shared: boolean,
    /** What the training began from. */
    private start: Tensors,
  ) {
    this.feeds = this.feedsFor(1);
    this.spare = this.feedsFor(1);
  }

  private feedsFor(count: number): Feeds {
    return feedsOf(this.spec, this.seed, count, this.shared);
  }

  /**
   * Throws `bad-model` for a training graph that is none, or for weights that do not fit it, `unsupported-operator` for one
   * that WebGPU could run only with the help of the CPU.
   */
  static async create({ createSession, training, weights, seed = 0, ...options }: TrainerOptions): Promise<Trainer> {
    const spec = trainingSpecOf({ metadata: decodeMetadata(training, 'Trainer') }, 'Trainer');
    const state = spec.state.map(({ input, output }) => (output ? { input, output } : { input }));
    const session = await createSession(training, { fallback: false, ...options, state });
    try {
      await session.writeState(startsOf(spec, weights));
    } catch (error) {
      await session.close();
      throw error;
    }
    return new Trainer(spec, session, seed, (createSession.sideBySide ?? 1) > 1, weights);
  }

  get device() {
    return this.session.device;
  }

  /** Whether one run does several steps. */
  get severalSteps(): boolean {
    return this.spec.severalSteps === true;
  }

  /**
   * Trains on one batch, and gives its loss: the mean over the samples by weight, before the step. One call at a time: the
   * next one may come when this one is done. Throws `bad-data` for a batch that does not fit.
   */
  async step(batch: Batch, learningRate?: number): Promise<number> {
    const losses = await this.steps(1, () => (learningRate === undefined ? batch : { ...batch, learningRate }));
    return losses[0]!;
  }

  /**
   * Trains on so many batches, one after the other, and gives their losses; in one run where the training graph is made
   * for it. A batch is taken over before the next one is asked for, so that they may share their arrays.
   */
  async steps(count: number, batchAt: (index: number) => Batch): Promise<Float32Array> {
    if (!this.severalSteps && count > 1) {
      const losses = new Float32Array(count);
      for (let i = 0; i < count; i++) losses.set(await this.steps(1, () => batchAt(i)), i);
      return losses;
    }
    return this.run(this.prepare(count, batchAt));
  }

  /**
   * Takes over batches for a later `run`: so many where the training graph is made for several steps, else one. Done while a
   * session in a worker runs those before, it costs no time. They last until the next but one are prepared.
   * Throws `bad-data` for a batch that does not fit.
   */
  prepare(count: number, batchAt: (index: number) => Batch): Tensors {
    [this.feeds, this.spare] = [this.spare, this.feeds];
    if (this.feeds.learning_rate.data.length < count) this.feeds = this.feedsFor(count);
    for (let i = 0; i < count; i++) this.take(batchAt(i), i);
    return this.severalSteps ? firstSteps(this.feeds, count) : this.feeds;
  }

  /** Trains on what was prepared, and gives the losses of its steps, each from before the step. */
  async run(prepared: Tensors): Promise<Float32Array> {
    const { loss } = await this.session.run(prepared);
    return loss!.data as Float32Array;
  }

  /** Puts a batch into the feeds, as that of a step. */
  private take({ images, labels, weights, learningRate = this.spec.learningRate }: Batch, step: number): void {
    const { batchSize, image, classes, slots = 1 } = this.spec;
    const { image: pixels, label, sample_weight: sampleWeight, learning_rate: rates } = this.feeds;
    const [area, count] = [sizeOf(image), labels.length / slots];
    if (!(count >= 1 && count <= batchSize) || images.length !== count * area) {
      throw badBatch(
        `1 to ${batchSize} images of ${image.join('x')} pixels with ${slots} label(s) each`,
        `${labels.length} labels and ${images.length} pixels`,
      );
    }
    const [firstPixel, firstLabel, first] = [step * batchSize * area, step * batchSize * slots, step * batchSize];
    for (let i = 0; i < labels.length; i++) {
      const value = labels[i]!;
      if (!(value >= 0 && value < classes)) throw badBatch(`labels from 0 to ${classes - 1}`, `${value}`);
      label.data[firstLabel + i] = value;
    }
    for (let i = 0; i < count; i++) sampleWeight.data[first + i] = weights?.[i] ?? 1;
    pixels.data.set(images, firstPixel);
    pixels.data.fill(0, firstPixel + images.length, firstPixel + batchSize * area);
    label.data.fill(0, firstLabel + labels.length, firstLabel + batchSize * slots);
    sampleWeight.data.fill(0, first + count, first + batchSize);
    rates.data[step] = learningRate;
  }

  async metrics(): Promise<Metrics> {
    const { metrics } = await this.session.readState(['metrics']);
    const [loss, right, count] = metrics!.data as Float32Array as unknown as [number, number, number];
    return { loss: loss / count, accuracy: right / count, count };
  }

  async resetMetrics(): Promise<void> {
    await this.session.writeState({ metrics: filled('float32', [3]) });
  }

  /** Weights and moving statistics that a step changes, by their names in the model. */
  get trained(): string[] {
    const whole = this.spec.state.flatMap(({ input, output, kind }) => (output && isOfModel(kind) ? [input] : []));
    return [...whole, ...this.lowRank.map(({ weight }) => weight)];
  }

  private get lowRank(): readonly LowRankSpec[] {
    return this.spec.lowRank ?? [];
  }

  /**
   * The weights (their moving averages, where the training keeps those) and moving statistics, by their names in the model;
   * all of them, where no names are given.
   */
  async weights(
    names = this.spec.state.filter(({ kind }) => isOfModel(kind)).map(({ input }) => input),
  ): Promise<Tensors> {
    const { state } = this.spec;
    const averages = new Set(state.filter(({ kind }) => kind === 'average').map(({ input }) => input));
    const factored = new Map(this.lowRank.map((spec) => [spec.weight, spec]));
    const sources = names.map((name): string[] => {
      const { left, right } = factored.get(name) ?? {};
      return left && right ? [left, right] : [averages.has(averageOf(name)) ? averageOf(name) : name];
    });
    const tensors = await this.session.readState(sources.flat());
    const read = (name: string, [one, other]: readonly string[]): Tensor =>
      other ? plusProduct(this.start[name]!, tensors[one!]!, tensors[other]!) : tensors[one!]!;
    return Object.fromEntries(names.map((name, i) => [name, read(name, sources[i]!)]));
  }

  /** Pulls the weights back: of the way that they have come since `start`, this part is left. */
  async pull(part: number): Promise<void> {
    const { state } = this.spec;
    // Of two factors one is enough: the change is their product.
    const shrunk = new Set(this.lowRank.map(({ right }) => right));
    const names = state.flatMap(({ input, output, kind }) =>
      output && (kind === 'weight' || shrunk.has(input)) ? [input] : [],
    );
    const weights = await this.session.readState(names);
    const start = (name: string) => this.start[name] ?? filled('float32', weights[name]!.shape);
    const from = Object.fromEntries(names.map((name) => [name, start(name)]));
    await this.session.writeState(between(from, weights, part));
  }

  /** Everything that a later `restore` needs to go on bit for bit. */
  state(): Promise<Tensors> {
    return this.session.readState();
  }

  /** Writes the state, or a part of it. */
  restore(state: Tensors): Promise<void> {
    return this.session.writeState(state);
  }

  /** Begins another training, from these weights. */
  async restart(weights: Tensors): Promise<void> {
    await this.session.writeState(startsOf(this.spec, weights));
    this.start = weights;
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

const isOfModel = (kind: StateSpec['kind']) => kind === 'weight' || kind === 'statistic';

type Feeds = ReturnType<typeof feedsOf>;

/** What so many steps are fed: with a first axis of steps where the training graph has one. */
function feedsOf(
  { batchSize, image, slots = 1, severalSteps }: TrainingSpec,
  seed: number,
  count: number,
  shared: boolean,
) {
  const steps = severalSteps ? [count] : [];
  const pixels = filled('uint8', [...steps, batchSize, ...image]);
  return {
    // A message to a thread would copy them, and the thread make room for them with each run.
    image: shared ? { ...pixels, data: new Uint8Array(new SharedArrayBuffer(pixels.data.length)) } : pixels,
    label: filled('int32', [...steps, batchSize, ...(slots === 1 ? [] : [slots])]),
    sample_weight: filled('float32', [...steps, batchSize]),
    learning_rate: filled('float32', steps),
    seed: filled('uint32', [], seed),
  };
}

/** The first so many steps of what is fed, without a copy. */
const firstSteps = ({ seed, ...feeds }: Feeds, count: number): Tensors => ({
  seed,
  ...Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape, data }]) => {
      const part = [count, ...shape.slice(1)];
      return [name, { dtype, shape: part, data: data.subarray(0, sizeOf(part)) } as Tensor];
    }),
  ),
});

const startsOf = (spec: TrainingSpec, weights: Tensors): Tensors =>
  Object.fromEntries(spec.state.map((slot) => [slot.input, startOf(slot, weights)]));

function startOf({ input, kind, shape, dtype, ...slot }: TrainingSpec['state'][number], weights: Tensors): Tensor {
  const { initial, deviation = 0 } = slot;
  if (kind === 'factor' && deviation > 0) {
    const draws = Array.from({ length: sizeOf(shape) }, (_, i) => deviation * normal(0, stream(input), i));
    return fromNumbers('float32', draws, shape);
  }
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

/** weight + left right, the factors [rows, rank] and [rank, columns] of its first axis and all the others. */
function plusProduct(weight: Tensor, left: Tensor, right: Tensor): Tensor {
  const [rows, rank] = left.shape as [number, number];
  const data = (weight.data as Float32Array).slice();
  const [a, b] = [left.data as Float32Array, right.data as Float32Array];
  const columns = data.length / rows;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < rank; k++) {
      const share = a[row * rank + k]!;
      for (let i = 0; i < columns; i++) data[row * columns + i]! += share * b[k * columns + i]!;
    }
  }
  return { ...weight, data } as Tensor;
}

/** A model's initializers by name. */
export const initializersOf = ({ graph }: Model): Tensors => Object.fromEntries(graph.initializers);

/** The same model with other values for some of its initializers. */
export function withWeights(model: Model, weights: Tensors): Model {
  const initializers = new Map(model.graph.initializers);
  for (const [name, tensor] of Object.entries(weights)) if (initializers.has(name)) initializers.set(name, tensor);
  return { ...model, graph: { ...model.graph, initializers } };
}
