/**
 * A loaded model that turns images into predictions. What an image may be is the runtime package's business: it hands in
 * the decoder. Images of all calls go through the model in common batches; many are fed in bit by bit, so that memory
 * stays bounded however many come, and other calls need not wait for all of them.
 */

import { BatchMemory } from './batch-memory.js';
import { Batcher } from './batcher.js';
import { type Call, type CallOptions, type Clock, limited } from './call.js';
import type { Contract } from './contract.js';
import { closedError, DenaryError, problem } from './errors.js';
import type { Image } from './image.js';
import { FIELD } from './normalise.js';
import type { Prediction } from './prediction.js';
import { type AnyPrediction, type Prepared, type Preprocess, predictionsOf, prepare } from './preparation.js';
import type { Judgement, Reject } from './rejection.js';
import type { Device, Session } from './session.js';
import type { Reading } from './sheet/reading.js';
import type { Strokes } from './sheet/strokes.js';
import { Slab } from './slab.js';
import { inSlices, PATIENCE, type Work } from './slices.js';
import type { Tensors } from './tensor.js';
import { turns } from './turns.js';

/** Where the model runs: on the caller's thread, in worker threads, or in child processes. */
export type Isolation = 'none' | 'thread' | 'process';

export interface RecognizerSettings {
  /** Default `normalise` for a model of one digit on 28x28 pixels, else `none`. */
  readonly preprocess?: Preprocess;
  /** Images in one run of the model, at most; default 128. */
  readonly batchSize?: number;
  /** Images that may be unanswered at one time, beyond which calls reject with `overloaded`; default 4096. */
  readonly maxQueue?: number;
  /** Milliseconds that an image waits for others where nothing is under way; default 0. */
  readonly maxDelay?: number;
  /** Which readings to refuse (`Prediction.rejected`); by default none. */
  readonly reject?: Reject | undefined;
}

export interface ReadOptions extends CallOptions {
  /** Of the image's strokes, where it is known: what was drawn with a pen of so many pixels. It saves most of the time of a small image. */
  readonly strokes?: Strokes | undefined;
}

/** What a recognizer tells of its work, for those who measure it. */
export interface RecognizerEvents {
  /** A run of the model begins, with so many images. */
  readonly onRun?: (images: number) => void;
}

/** A model that is ready to run. */
export interface LoadedModel {
  readonly session: Session;
  readonly contract: Contract;
  /** By its file's calibration, as `judgementBy` has it; by default probabilities are as they are, and nothing is refused. */
  readonly judgement?: Judgement;
  /** What runs the model on the device, where there is a choice. */
  readonly engine?: string | undefined;
}

/** What decoding gives. */
export interface Decoded extends Image {
  /** Called when the pixels are needed no more: another image may then take up their memory. */
  readonly free?: () => void;
}

/** Makes pixels of a source, at once where it has them. May stop where the call ends early. */
export type Decode<Source> = (source: Source, call: Call) => Image | Promise<Decoded>;

export interface RecognizerParts<Source> extends RecognizerSettings, RecognizerEvents, LoadedModel {
  /** Opens another model for `swap`, as this one was; without it there is no swap. */
  readonly reopen?: (model: Uint8Array) => Promise<LoadedModel>;
  readonly decode: Decode<Source>;
  /** Images of one call that are decoded at one time; default 4. */
  readonly maxDecodes?: number;
  readonly clock: Clock;
  /** Default `none`. */
  readonly isolation?: Isolation;
  /** Whether the session may be fed from shared memory; default false. */
  readonly sharedMemory?: boolean;
  /** Runs that the session makes headway with at one time; default 1. */
  readonly workers?: number;
  /** The model's name, path or address. */
  readonly model?: string | undefined;
  /** Of one run, where known. */
  readonly threads?: number | undefined;
  /** Default none. */
  readonly notes?: readonly string[];
}

export interface RecognizerInfo extends Contract, Required<Omit<RecognizerSettings, 'reject'>> {
  /** Which readings are refused, where any are. */
  readonly reject: Reject | undefined;
  /** By which the model's probabilities are evened out. */
  readonly temperature: number;
  /** The model's name, path or address; undefined for bytes. */
  readonly model: string | undefined;
  /** Where the model runs. */
  readonly device: Device;
  /** What runs it there, where there is a choice: on `wasm` denary's own kernels (`denary`) or `onnxruntime`. */
  readonly engine?: string | undefined;
  readonly isolation: Isolation;
  /** How many run it; 0 where that is the caller's thread. */
  readonly workers: number;
  /** Threads that share one run; undefined where ONNX Runtime chose them. */
  readonly threads: number | undefined;
  /** Why it is not faster or safer than it is, and what to do about it: a sentence or two each. */
  readonly notes: readonly string[];
}

/** Images with more pixels are prepared in slices; those with fewer take some milliseconds at most. */
const LARGE = 1 << 19;

export class Recognizer<Source, P extends AnyPrediction = Prediction> {
  private facts: RecognizerInfo;
  /** A run keeps to that with which it began, whatever is swapped meanwhile. */
  private current: { readonly session: Session; readonly judgement: Judgement };
  private readonly batcher: Batcher<Prepared, P>;
  private readonly slab: Slab;
  private readonly memory: BatchMemory;
  private readonly clock: Clock;
  private readonly reopen: RecognizerParts<Source>['reopen'];
  private readonly maxDecodes: number;
  private readonly oneSwap = turns();
  private readonly oneWork = turns();
  private readonly decode: Decode<Source>;
  private readonly onRun: RecognizerEvents['onRun'];
  private closing: Promise<void> | undefined;

  constructor(parts: RecognizerParts<Source>) {
    const { session, contract, decode, clock, isolation = 'none', workers = 1, onRun, ...rest } = parts;
    const { judgement = {}, reject, model, engine, threads, notes = [] } = rest;
    const settings = settingsOf(rest, contract);
    this.current = { session, judgement };
    this.reopen = parts.reopen;
    this.clock = clock;
    this.decode = (source, call) => decode(source, call);
    this.maxDecodes = parts.maxDecodes ?? 4;
    this.onRun = onRun;
    this.facts = {
      ...contract,
      ...settings,
      reject,
      temperature: judgement.temperature ?? 1,
      model,
      device: session.device,
      engine,
      isolation,
      workers: isolation === 'none' ? 0 : workers,
      threads,
      notes,
    };
    const { batchSize, maxQueue, maxDelay } = settings;
    const area = contract.height * contract.width;
    this.slab = new Slab(area);
    this.memory = new BatchMemory(batchSize * area, parts.sharedMemory ?? false);
    this.batcher = new Batcher((items) => this.run(items), { clock, maxBatch: batchSize, maxQueue, maxDelay, workers });
  }

  get info(): RecognizerInfo {
    return this.facts;
  }

  /** Images that have no answer yet; at `maxQueue` of them calls are refused. */
  get pending(): number {
    return this.batcher.pending;
  }

  /**
   * Predicts one image, or many: an array in gives an array out, in its order. Throws `bad-image` for an image that can't
   * be used (naming it), `bad-argument` for an empty array, `overloaded` at once where too many images are unanswered,
   * `aborted` and `timeout` by the options, `worker-lost` where two workers died over it, `closed`.
   */
  predict(source: Source, options?: CallOptions): Promise<P>;
  predict(sources: readonly Source[], options?: CallOptions): Promise<P[]>;
  async predict(sources: Source | readonly Source[], options: CallOptions = {}): Promise<P | P[]> {
    if (this.closing) throw closedError('predict');
    const many = Array.isArray(sources);
    if (many && sources.length === 0) {
      const remedy = 'Skip the call where there is nothing to do.';
      throw badArgument('predict', 'at least one image', 'an empty array', remedy);
    }
    const { batchSize, maxQueue } = this.info;
    const leave = this.batcher.admit(many ? Math.min(sources.length, batchSize, maxQueue) : 1);
    const work = (call: Call) => (many ? this.predictMany(sources, call) : this.predictOne(sources as Source, call));
    try {
      return await limited<P | P[]>(work, options, this.clock, 'predict');
    } finally {
      leave();
    }
  }

  /**
   * Reads a page with any number of digits: lines from top to bottom, digits from left to right, each with its box in pixels
   * of the image. An empty page gives no lines. Throws as `predict` does, `bad-argument` where the model is not one of a
   * single digit on 28x28 pixels, and `bad-image`, too, for more than 5,000 pieces of ink.
   */
  async read(source: Source, options: ReadOptions = {}): Promise<Reading> {
    // Apart, so that a page that reads single digits does not load it.
    const { readPage, requireReadable } = await import('./sheet/read-page.js');
    if (this.closing) throw closedError('read');
    requireReadable(this.info, options.strokes);
    const leave = this.batcher.admit(1);
    const read = (image: Image, call: Call) =>
      readPage(image, {
        strokes: options.strokes,
        classify: (fields) =>
          this.batcher.submit(
            fields.map((pixels) => ({ pixels, empty: false })),
            call,
          ) as Promise<Prediction[]>,
        work: (work) => this.work(work, call),
      });
    const work = async (call: Call) => this.decoded(source, call, (image) => read(image, call));
    try {
      return await limited(work, options, this.clock, 'read');
    } finally {
      leave();
    }
  }

  /**
   * Goes on with another model of the same sizes and classes, given as the bytes of its file: the present one as it was tuned,
   * say. Calls lose nothing: those under way are answered by the one or the other. The temperature and the limits of `reject`
   * become the new file's. Throws `bad-model` for a file that is no such model, `bad-argument` where it lacks the limits of
   * `reject: 'auto'`, and what opening a model throws; the present one then goes on.
   */
  swap(model: Uint8Array): Promise<void> {
    return this.oneSwap(async () => {
      if (this.closing) throw closedError('swap');
      const { info, reopen } = this;
      if (!reopen) throw badArgument('swap', 'a recognizer of createRecognizer', 'another', 'Make a new one.');
      const { session, contract, engine, judgement = {} } = await reopen(model);
      try {
        requireSame(contract, info);
        if (this.closing) throw closedError('swap');
        const before = this.current.session;
        this.current = { session, judgement };
        this.facts = {
          ...info,
          temperature: judgement.temperature ?? 1,
          device: session.device,
          engine,
          model: undefined,
        };
        // Runs that it has begun are answered first.
        await before.close();
      } catch (error) {
        if (this.current.session !== session) await session.close();
        throw error;
      }
    });
  }

  /** Answers the calls that were made before, then frees the model. */
  close(): Promise<void> {
    this.closing ??= this.batcher.idle().then(() => this.current.session.close());
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async predictOne(source: Source, call: Call): Promise<P> {
    const prepared = this.prepare(source, call, 'predict');
    // Raw pixels need no waiting for.
    const image = prepared instanceof Promise ? await prepared : prepared;
    return (await this.batcher.submit([image], call))[0]!;
  }

  /** Keeps as many batches going as there are workers, and one more that waits its turn. */
  private async predictMany(sources: readonly Source[], call: Call): Promise<P[]> {
    const { batchSize, workers } = this.facts;
    const answers: Promise<P[]>[] = [];
    try {
      for (let start = 0; start < sources.length; start += batchSize) {
        const batch = await this.prepareAll(sources.slice(start, start + batchSize), start, call);
        const answer = this.batcher.submit(batch, call);
        answers.push(answer);
        // It may fail before it is looked at.
        answer.catch(() => {});
        await answers.at(-1 - Math.max(1, workers));
      }
      return (await Promise.all(answers)).flat();
    } catch (error) {
      // Those of its images that still wait have become pointless.
      call.end(error);
      throw error;
    }
  }

  /** Prepares images, few at a time; others get their turn between them. */
  private async prepareAll(sources: readonly Source[], first: number, call: Call): Promise<Prepared[]> {
    const all: (Prepared | Promise<Prepared>)[] = [];
    let began = Date.now();
    for (const [i, source] of sources.entries()) {
      await all[i - this.maxDecodes];
      const prepared = this.prepare(source, call, `predict: image ${first + i}`);
      all.push(prepared);
      // It may fail before it is looked at.
      if (prepared instanceof Promise) prepared.catch(() => {});
      if (Date.now() - began < PATIENCE) continue;
      await this.pause(call);
      began = Date.now();
    }
    return Promise.all(all);
  }

  /** An image as the model takes it, at once where that takes no time. */
  private prepare(source: Source, call: Call, who: string): Prepared | Promise<Prepared> {
    return this.decoded(source, call, (image) => {
      const { preprocess } = this.facts;
      if (preprocess === 'none' || image.width * image.height <= LARGE) {
        return prepare(image, preprocess, this.facts, who, this.slab);
      }
      // Apart, so that a page that reads from a canvas does not load it.
      return import('./large-image.js').then(({ normaliseLarge }) => this.work(normaliseLarge(image, who), call));
    });
  }

  /** What is made of a decoded image, which is then let go. */
  private decoded<T>(source: Source, call: Call, use: (image: Image) => T | Promise<T>): T | Promise<T> {
    const image = this.decode(source, call);
    if (!(image instanceof Promise)) return use(image);
    return image.then(async (decoded) => {
      try {
        return await use(decoded);
      } finally {
        decoded.free?.();
      }
    });
  }

  /** Does long work in slices, between which others get their turn: of all calls one slice in a turn, as they would add up. */
  private work<T>(work: Work<T>, call: Call): Promise<T> {
    return this.oneWork(async () => {
      await this.pause(call);
      return inSlices(work, () => this.pause(call));
    });
  }

  private async pause(call: Call): Promise<void> {
    await new Promise<void>((resolve) => this.clock.soon(resolve));
    call.requireGoing();
  }

  private async run(images: readonly Prepared[]): Promise<P[]> {
    this.onRun?.(images.length);
    const { session, judgement } = this.current;
    const { probabilities } = await this.runOn(session, images).catch((error: unknown) => {
      // A worker that died was replaced by another one, where the model is not another one by now.
      if (!(error instanceof DenaryError && error.code === 'worker-lost')) throw error;
      return this.runOn(this.current.session, images);
    });
    return predictionsOf(probabilities!.data as Float32Array, images, this.info, judgement) as P[];
  }

  private async runOn(session: Session, images: readonly Prepared[]): Promise<Tensors> {
    const { height, width } = this.facts;
    const area = height * width;
    const data = this.memory.take(images.length * area);
    for (let i = 0; i < images.length; i++) data.set(images[i]!.pixels, i * area);
    const shape = [images.length, height, width];
    try {
      return await session.run({ image: { dtype: 'uint8', shape, data } }, { give: !this.memory.shared });
    } finally {
      this.memory.giveBack(data);
    }
  }
}

function requireSame(given: Contract, present: Contract): void {
  const { height, width, classes, slots } = present;
  if (given.height === height && given.width === width && given.classes === classes && given.slots === slots) return;
  const show = (of: Contract) => `one of ${of.slots} in ${of.classes} classes on ${of.width}x${of.height}`;
  const remedy = 'Make a new recognizer for another kind of model.';
  throw problem('bad-model', 'swap', `a model like the present one, ${show(present)}`, show(given), remedy);
}

function settingsOf(
  settings: RecognizerSettings,
  { height, width, slots }: Contract,
): Required<Omit<RecognizerSettings, 'reject'>> {
  const { preprocess, batchSize = 128, maxQueue = 4096, maxDelay = 0 } = settings;
  const normalisable = height === FIELD && width === FIELD && slots === 1;
  const who = 'createRecognizer';
  if (preprocess === 'normalise' && !normalisable) {
    const expected = `a model of one digit on ${FIELD}x${FIELD} pixels, which normalisation makes`;
    const remedy = "Use preprocess: 'none' and give images of the model's size.";
    throw badArgument(who, expected, `one of ${slots} on ${width}x${height}`, remedy);
  }
  for (const [name, value] of Object.entries({ batchSize, maxQueue })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw badArgument(who, `a ${name} of at least 1`, `${value}`, 'Leave it out for the default.');
  }
  if (!(maxDelay >= 0 && maxDelay <= 1000)) {
    throw badArgument(who, 'a maxDelay of 0 to 1000 ms', `${maxDelay}`, 'Leave it out for none.');
  }
  return { preprocess: preprocess ?? (normalisable ? 'normalise' : 'none'), batchSize, maxQueue, maxDelay };
}

function badArgument(who: string, expected: string, received: string, remedy: string): DenaryError {
  return new DenaryError({ code: 'bad-argument', who, expected, received, remedy });
}
