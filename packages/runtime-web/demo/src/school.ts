/** What the page has taught its model, and keeps for the next visit and other tabs: a tuner, opened when it is needed, and a store. */

import {
  decodeMetadata,
  lineageIn,
  type PersonalModel,
  type Prediction,
  type Recognizer,
  type Recovered,
  type Tuner,
  type TuningProgress,
  type WeightedSamples,
} from '@denary/core';
import { createTuner, fetchModel, type ImageSource, openModelStore, prefetchTuner, recover } from '@denary/runtime-web';

/** Versions that can be gone back to. */
const UNDOS = 8;

export class School {
  private readonly recognizer: Recognizer<ImageSource>;
  private readonly base: string;
  private readonly store = openModelStore();
  private opening: Promise<Tuner<ImageSource>> | undefined;
  /** What the recognizer goes by; undefined is the shipped model. */
  private now: PersonalModel | undefined;
  /** What it went by before each lesson. */
  private past: PersonalModel[] = [];
  /** Why the lessons end with this visit, where they do. */
  private trouble: unknown;

  /** `base` is the shipped model that the recognizer began with. */
  constructor(recognizer: Recognizer<ImageSource>, base: string) {
    this.recognizer = recognizer;
    this.base = base;
  }

  /** Lessons that can be taken back. */
  get lessons(): number {
    return this.past.length;
  }

  /** Why what was taught is not kept; undefined where it is. */
  get notKept(): unknown {
    return this.trouble;
  }

  get corrections(): WeightedSamples | undefined {
    return this.now?.corrections;
  }

  /** Digits that it learned from; a model that was loaded may not have them with it. */
  get taught(): number {
    if (!this.now) return 0;
    const lineage = lineageIn({ metadata: decodeMetadata(this.now.model, 'the model') });
    return Math.max(lineage?.samples ?? 0, this.corrections?.count ?? 0);
  }

  /** Goes on where an earlier visit, or another tab, ended; tells what it found, and what was wrong with it. */
  async restore(): Promise<Recovered> {
    const found = await recover(this.store, this.name, () => this.shipped());
    const { model, corrections, personal, damage } = found;
    const earlier = personal && !damage && (await this.store.loadPrevious(this.name).catch(() => undefined));
    await this.close();
    this.past = earlier ? [earlier] : [];
    if (this.now || personal) await this.recognizer.swap(model);
    this.now = personal || corrections ? { model, corrections } : undefined;
    return found;
  }

  /** Calls back when another tab has taught this model, or has forgotten it. */
  watch(changed: () => void): void {
    this.store.watch((name) => name === this.name && changed());
  }

  /** Takes up a correction, learns from all of them, and has the recognizer go on with what was learned. */
  async *learn(
    picture: ImageData,
    label: number,
    signal: AbortSignal,
  ): AsyncGenerator<TuningProgress, void, undefined> {
    let last: TuningProgress | undefined;
    try {
      const tuner = await this.tuner();
      await tuner.add(picture, label);
      for await (const progress of tuner.run({ signal })) {
        last = progress;
        if (!progress.outcome) yield progress;
      }
      if (!last?.outcome || last.outcome === 'aborted' || last.outcome === 'rolled-back') {
        recall(tuner, this.corrections);
      } else {
        const learned = { model: await tuner.export(), corrections: tuner.corrections };
        signal.throwIfAborted();
        await this.goOn(learned);
      }
    } catch (error) {
      // Whatever it lacked, the next lesson asks for it anew.
      await this.close();
      if (!signal.aborted) throw error;
      return;
    }
    if (last) yield last;
  }

  /** What the model says now. */
  read(picture: ImageData): Promise<Prediction> {
    return this.recognizer.predict(picture);
  }

  /** Takes the last lesson back, and the correction that it came from. */
  async undo(): Promise<void> {
    const before = this.past.pop();
    if (!before) return;
    const tuner = await this.opening;
    // It knows the lessons of this visit; for earlier ones it is opened anew.
    if (tuner?.undo()) recall(tuner, before.corrections);
    else await this.close();
    await this.recognizer.swap(before.model);
    this.now = before;
    await this.keep(before, false);
  }

  /** The model as it is now, as an ONNX file. */
  async model(): Promise<Uint8Array> {
    return (await this.present()).model;
  }

  /** The model with its corrections, in one file. */
  async everything(): Promise<Uint8Array> {
    if (this.trouble) throw this.trouble;
    return this.store.export(this.name);
  }

  /** Goes on with either of those files. Throws `bad-model` for one that can't be taught here, and goes on as it was. */
  async load(file: Uint8Array): Promise<void> {
    const loaded = await this.store.read(file, { base: await this.shipped() });
    await this.goOn(loaded);
    await this.close();
  }

  /** Goes back to the shipped model, and forgets all that was taught; throws where the browser does not. */
  async forget(): Promise<void> {
    const removed = this.store.remove(this.name);
    removed.catch(() => {});
    await this.close();
    await this.recognizer.swap(await this.shipped());
    this.now = undefined;
    this.past = [];
    this.trouble = undefined;
    await removed;
  }

  /** Has the browser keep what lessons need, so that the first needs no network. */
  prefetch(): Promise<void> {
    return prefetchTuner({ model: this.base });
  }

  /** In the store. */
  private get name(): string {
    return `demo-${this.base.replace(/[^\w.-]+/g, '-')}`.slice(0, 64);
  }

  private shipped(): Promise<Uint8Array> {
    return fetchModel({ model: this.base });
  }

  private async present(): Promise<PersonalModel> {
    return this.now ?? { model: await this.shipped() };
  }

  private tuner(): Promise<Tuner<ImageSource>> {
    this.opening ??= this.open().catch((error) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  private async open(): Promise<Tuner<ImageSource>> {
    const { now, base } = this;
    const tuner = await createTuner(now ? { model: now.model, base } : { model: base });
    recall(tuner, now?.corrections);
    return tuner;
  }

  private async goOn(next: PersonalModel): Promise<void> {
    const before = await this.present();
    await this.recognizer.swap(next.model);
    // The first of all, for undo after a reload.
    if (!this.now) await this.keep(before, false);
    this.past = [...this.past, before].slice(-UNDOS);
    this.now = next;
    await this.keep(next, true);
  }

  /** What cannot be kept still serves until the page is closed. */
  private async keep({ model, corrections }: PersonalModel, keepPrevious: boolean): Promise<void> {
    this.trouble = await this.store.save(this.name, model, { corrections, keepPrevious }).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  private async close(): Promise<void> {
    const tuner = await this.opening?.catch(() => undefined);
    this.opening = undefined;
    await tuner?.close();
  }
}

function recall(tuner: Tuner<ImageSource>, corrections: WeightedSamples | undefined): void {
  tuner.clear();
  if (corrections && corrections.count > 0) tuner.addAll(corrections);
}
