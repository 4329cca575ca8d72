/**
 * A model that learns from corrections. It holds the weights, what it learned from and how to go back; a training graph and
 * a session factory, handed in by a runtime package, do the work.
 */

import { joinBytes } from '../bytes.js';
import { calibrationIn, calibrationMetadata } from '../calibration.js';
import type { Clock } from '../call.js';
import type { Contract } from '../contract.js';
import { closedError, problem } from '../errors.js';
import type { Image } from '../image.js';
import { refitLimits } from '../limits.js';
import { FIELD } from '../normalise.js';
import type { Model } from '../onnx/model.js';
import { rewriteModel } from '../onnx/rewrite.js';
import { openModel } from '../open-model.js';
import { type Preprocess, prepare } from '../preparation.js';
import type { Device, SessionFactory } from '../session.js';
import { inSlices } from '../slices.js';
import type { Tensors } from '../tensor.js';
import { initializersOf } from '../trainer.js';
import { type Budget, Pace } from './budget.js';
import { Engines } from './engines.js';
import type { Measures } from './evaluator.js';
import { noGraphOf, type TrainingFile, type TuningGraphs, tuningGraphs } from './graphs.js';
import { learn } from './learning.js';
import { accuracyRecord, type Learning, lineageIn, lineageMetadata } from './lineage.js';
import { Mixture } from './mixture.js';
import type { Digest } from './personal-model.js';
import { requireTuningOptions, type TuningOptions, type TuningProgress } from './progress.js';
import { rehearsal } from './rehearsal.js';
import {
  Corrections,
  classesOf,
  countByClass,
  heldBack,
  type Label,
  requireSamples,
  type Samples,
  type WeightedSamples,
} from './samples.js';
import { chooseStrategy, type Strategy, type StrategyName, strategyOf } from './strategy.js';

export interface TunerSettings {
  /** What is done: by a name, all of it, or `auto`, the default, which goes by the number of corrections. */
  readonly strategy?: 'auto' | StrategyName | Strategy;
  /** Of every image that is added or evaluated: as for a recognizer, default `normalise` for a model of one digit on 28x28. */
  readonly preprocess?: Preprocess;
  /** Of the order, the augmentation and the dropout; default 0. The same corrections then give the same model. */
  readonly seed?: number;
  /** Threads for one run; the runtime's own choice where left out. */
  readonly threads?: number;
}

export interface TunerParts<Source> extends TunerSettings {
  readonly createSession: SessionFactory;
  readonly device: Device;
  /** The bytes of the model. */
  readonly model: Uint8Array;
  /** The training graphs that there are, in any order. */
  readonly training: readonly TrainingFile[];
  /** The core set; nothing is rehearsed and nothing rolled back without. */
  readonly replay?: Samples | undefined;
  readonly decode: (source: Source) => Image | Promise<Image>;
  readonly clock: Clock;
  readonly digest: Digest;
  /** The longest that a run without a budget may take, in seconds. */
  readonly seconds: number;
}

export interface LabelledImage<Source> {
  readonly image: Source;
  readonly label: Label;
}

/** What undo goes back to. */
interface Snapshot {
  readonly weights: Tensors;
  /** What was learned since the file; nothing so far, where undefined. */
  readonly learning: Learning | undefined;
}

/** Snapshots that are kept; those of runs that changed few weights share the others. */
const UNDOS = 16;
/** Milliseconds of preparing images after which others get their turn. */
const PATIENCE = 8;

export class Tuner<Source> {
  readonly contract: Contract;
  readonly device: Device;
  readonly preprocess: Preprocess;
  private readonly opened: Model;
  private readonly graphs: TuningGraphs;
  private readonly engines: Engines;
  private readonly samples: Corrections;
  private readonly past: Snapshot[] = [];
  private present: Snapshot;
  private running = false;
  private closing: Promise<void> | undefined;

  /**
   * Throws `bad-model` for a model or training graph that is none, `not-found` without a training graph or without the one of
   * the strategy, `bad-data` for a core set of another model, `bad-argument` for settings that don't fit.
   */
  constructor(private readonly parts: TunerParts<Source>) {
    const { createSession, device, threads, training, seed = 0, strategy = 'auto', replay, preprocess } = parts;
    const { model, contract } = openModel(parts.model, 'createTuner');
    const normalisable = contract.height === FIELD && contract.width === FIELD && contract.slots === 1;
    if (preprocess === 'normalise' && !normalisable) {
      const expected = `a model of one digit on ${FIELD}x${FIELD} pixels, which normalisation makes`;
      const received = `one of ${contract.slots} on ${contract.width}x${contract.height}`;
      throw problem('bad-argument', 'createTuner', expected, received, "Use preprocess: 'none'.");
    }
    if (replay) requireSamples(replay, contract, 'createTuner: the core set');
    this.opened = model;
    this.graphs = tuningGraphs(training, model);
    const { trainable } = strategy === 'auto' ? {} : strategyOf(strategy, 'createTuner');
    if (trainable && !this.graphs.has(trainable)) throw noGraphOf(trainable, this.graphs);
    this.contract = contract;
    this.device = device;
    this.preprocess = preprocess ?? (normalisable ? 'normalise' : 'none');
    this.samples = new Corrections(contract);
    this.present = { weights: initializersOf(model), learning: undefined };
    this.engines = new Engines({
      createSession,
      device,
      ...(threads && { threads }),
      model,
      graphs: this.graphs,
      seed,
    });
  }

  /** What it is to learn, as the model takes it: a copy. */
  get corrections(): WeightedSamples {
    return this.samples.snapshot();
  }

  /** The strategy of the next run. */
  get strategy(): Strategy {
    const { strategy = 'auto', replay } = this.parts;
    if (strategy !== 'auto') return strategyOf(strategy, 'createTuner');
    const corrections = countByClass(this.samples, this.contract.classes);
    return chooseStrategy({ corrections, available: [...this.graphs.keys()], replay: replay?.count ?? 0 });
  }

  /** How many runs `undo` can take back. */
  get undos(): number {
    return this.past.length;
  }

  /**
   * Takes up a correction: an image and what it shows. `weight` is how much it counts beside others, default 1. During a run
   * it is for the next one. Throws `bad-image` for an image that can't be used or is empty, `bad-argument` for a label that
   * the model does not know.
   */
  async add(image: Source, label: Label, { weight = 1 }: { readonly weight?: number } = {}): Promise<void> {
    const classes = classesOf(label, this.contract, 'add');
    if (!(weight > 0 && weight < Number.POSITIVE_INFINITY)) {
      throw problem('bad-argument', 'add', 'a weight above 0', `${weight}`, 'Leave it out for 1.');
    }
    this.samples.add(await this.pixelsOf(image, 'add'), classes, weight);
  }

  /** Takes up corrections as `corrections` gives them, of another time. Throws `bad-data` where they don't fit the model. */
  addAll(samples: Samples & Partial<WeightedSamples>): void {
    requireSamples(samples, this.contract, 'addAll');
    this.samples.addAll(samples);
  }

  /** Drops the corrections; what was learned from them stays. */
  clear(): void {
    this.samples.clear();
  }

  /**
   * Learns from all corrections so far, and tells of each step. Without a budget it takes the strategy's steps, and at most 5
   * seconds in Node and 15 in a browser; with `until` alone that time. The model changes at the end, before the last
   * progress, the one with an `outcome`; so a run that is aborted, by the signal or by leaving the loop, changes nothing.
   * Throws `bad-argument` without corrections, for a bad option and during another run, and what sessions throw.
   */
  async *run(options: TuningOptions = {}): AsyncGenerator<TuningProgress, void, undefined> {
    requireTuningOptions(options);
    this.requireIdle('run');
    if (this.samples.count === 0) {
      throw problem('bad-argument', 'run', 'corrections to learn from', 'none', 'Add some: tuner.add(image, label).');
    }
    this.running = true;
    let latest = unmeasured(this.strategy);
    try {
      for await (const progress of this.learning(options)) {
        latest = progress;
        yield progress;
      }
    } catch (error) {
      // Closed, its sessions refuse what comes next.
      if (!this.closing || latest.outcome) throw error;
      const reason = 'The tuner was closed before its time; the model is as it was.';
      yield { ...latest, ...latest.before, outcome: 'aborted', reason };
    } finally {
      this.running = false;
    }
  }

  /**
   * How well the model as it is now reads labelled images: raw ones, which are prepared as corrections are, or prepared ones.
   * Throws as `add` does, but takes an empty image for an image; `bad-data` for prepared ones that don't fit the model.
   */
  async evaluate(samples: Iterable<LabelledImage<Source>> | Samples): Promise<Measures> {
    if (this.closing) throw closedError('Tuner');
    const prepared = 'images' in samples ? samples : await this.prepareAll(samples);
    requireSamples(prepared, this.contract, 'evaluate');
    const { weights } = this.present;
    const [measures] = await (await this.engines.evaluator([], weights)).measure(weights, [prepared]);
    return measures!;
  }

  /** Goes back to the model before the last run; the corrections stay. Again: before the one before it. False at the beginning. */
  undo(): boolean {
    this.requireIdle('undo');
    const before = this.past.pop();
    if (before) this.present = before;
    return before !== undefined;
  }

  /**
   * The model as an ONNX file: that it was opened from, with other values of the weights that were learned, and its lineage in
   * the metadata. Where nothing was learned, the very bytes.
   */
  async export(): Promise<Uint8Array> {
    const { model: bytes, digest } = this.parts;
    const { weights, learning } = this.present;
    // A copy; of a Buffer slice() would be none.
    if (!learning) return new Uint8Array(bytes);
    const original = this.opened.graph.initializers;
    const changed = Object.entries(weights).filter(([name, tensor]) => original.get(name) !== tensor);
    const parent = await digest(bytes);
    const origin = lineageIn(this.opened, 'export')?.origin ?? parent;
    const metadata = { ...lineageMetadata({ parent, origin, ...learning }), ...(await this.calibrationOf(weights)) };
    return rewriteModel(bytes, { weights: Object.fromEntries(changed), metadata }, 'export');
  }

  /** The limits of `reject`, of the model as it reads now: by the corrections, and core-set digits that it did not learn from. */
  private async calibrationOf(weights: Tensors): Promise<Record<string, string>> {
    const calibration = calibrationIn(this.opened, 'export');
    if (!calibration.limits || this.contract.slots > 1) return {};
    const { replay } = this.parts;
    const evaluator = await this.engines.evaluator([], weights);
    const sets: Samples[] = [this.corrections, ...(replay ? [heldBack(replay).held] : [])];
    const rows: Float32Array[] = [];
    for (const set of sets) rows.push(await evaluator.readings(weights, set));
    const digits = {
      images: joinBytes(sets.map(({ images }) => images)),
      probabilities: new Float32Array(joinBytes(rows).buffer),
      count: sets.reduce((sum, { count }) => sum + count, 0),
    };
    return calibrationMetadata(refitLimits(calibration, digits));
  }

  /** Frees the sessions; a run that is under way ends as aborted. A second call does nothing. */
  close(): Promise<void> {
    this.closing ??= this.engines.close();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async *learning(options: TuningOptions): AsyncGenerator<TuningProgress, void, undefined> {
    const { strategy, corrections, present } = this;
    const { replay, seed = 0 } = this.parts;
    const { weights } = present;
    const pace = new Pace(this.budgetOf(options, strategy), Date.now);
    const opening = this.engines.trainer(strategy.trainable, weights).then(async (trainer) => ({
      trainer,
      evaluator: await this.engines.evaluator(trainer.trained, weights),
    }));
    const making = inSlices(rehearsal({ strategy, corrections, replay, seed }), () => this.pause());
    const [{ trainer, evaluator }, { guards, ...images }] = await Promise.all([opening, making]);
    const { batchSize } = trainer.spec;
    const mixture = new Mixture({ ...images, corrections, strategy, batchSize, seed });
    const aborted = () => options.signal?.aborted === true || this.closing !== undefined;
    const { until } = options;
    const parts = { trainer, evaluator, mixture, strategy, pace, until, aborted, weights, corrections };
    const { progress, kept } = yield* learn({ ...parts, guards });
    if (kept) {
      this.past.push(present);
      if (this.past.length > UNDOS) this.past.shift();
      const { learning } = present;
      const metrics = {
        before: learning?.metrics.before ?? accuracyRecord(progress.before),
        after: accuracyRecord(progress),
      };
      this.present = {
        weights: { ...weights, ...kept.weights },
        learning: {
          samples: corrections.count,
          steps: (learning?.steps ?? 0) + kept.step,
          runs: (learning?.runs ?? 0) + 1,
          strategy: strategy.name,
          metrics,
        },
      };
    }
    yield progress;
  }

  private budgetOf({ steps, seconds, until }: TuningOptions, strategy: Strategy): Budget {
    if (steps !== undefined || seconds !== undefined) return { steps, seconds };
    return until === undefined
      ? { steps: strategy.steps, seconds: this.parts.seconds }
      : { seconds: this.parts.seconds };
  }

  private async pixelsOf(image: Source, who: string): Promise<Uint8Array> {
    const { pixels, empty } = prepare(await this.parts.decode(image), this.preprocess, this.contract, who);
    if (!empty) return pixels;
    throw problem('bad-image', who, 'an image with a digit on it', 'one without ink', 'Leave empty images out.');
  }

  private async prepareAll(labelled: Iterable<LabelledImage<Source>>): Promise<Samples> {
    const samples = new Corrections(this.contract);
    let began = Date.now();
    for (const { image, label } of labelled) {
      const classes = classesOf(label, this.contract, `evaluate: image ${samples.count}`);
      const decoded = await this.parts.decode(image);
      samples.add(prepare(decoded, this.preprocess, this.contract, `evaluate: image ${samples.count}`).pixels, classes);
      if (Date.now() - began < PATIENCE) continue;
      await this.pause();
      began = Date.now();
    }
    return samples;
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => this.parts.clock.soon(resolve));
  }

  private requireIdle(who: string): void {
    if (this.closing) throw closedError('Tuner');
    if (!this.running) return;
    throw problem(
      'bad-argument',
      who,
      'no run under way',
      'one that is',
      'Wait for its end, or abort it by its signal.',
    );
  }
}

/** The progress of a run that has not begun yet. */
function unmeasured(strategy: Strategy): TuningProgress {
  const before = { accuracy: Number.NaN, coreAccuracy: undefined };
  return { step: 0, steps: strategy.steps, loss: Number.NaN, seconds: 0, strategy: strategy.name, ...before, before };
}
