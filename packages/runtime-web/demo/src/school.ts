/** What the page has taught its model, and keeps for the next visit: a tuner, opened when it is first needed, and a store. */

import type { Prediction, Recognizer, Tuner, TuningProgress, WeightedSamples } from '@denary/core';
import { createTuner, type ImageSource, openModelStore } from '@denary/runtime-web';

export class School {
  private readonly recognizer: Recognizer<ImageSource>;
  private readonly base: string;
  private readonly store = openModelStore();
  private opening: Promise<Tuner<ImageSource>> | undefined;
  /** The corrections before each lesson. */
  private readonly before: WeightedSamples[] = [];
  /** Why the lessons end with this visit, where they do. */
  private trouble: unknown;

  /** `base` is the shipped model that the recognizer began with. */
  constructor(recognizer: Recognizer<ImageSource>, base: string) {
    this.recognizer = recognizer;
    this.base = base;
  }

  /** Lessons that can be taken back. */
  get lessons(): number {
    return this.before.length;
  }

  /** Why what was taught is not kept; undefined where it is. */
  get notKept(): unknown {
    return this.trouble;
  }

  async corrections(): Promise<WeightedSamples> {
    return (await this.tuner()).corrections;
  }

  /** Goes on where an earlier visit ended; false where there was none. Throws `bad-data` where what was kept is damaged. */
  async restore(): Promise<boolean> {
    const kept = await this.store.load(this.name);
    if (!kept) return false;
    await this.recognizer.swap(kept.model);
    this.opening = createTuner({ model: kept.model, base: this.base }).then((tuner) => {
      if (kept.corrections) tuner.addAll(kept.corrections);
      return tuner;
    });
    return true;
  }

  /** Takes up a correction, learns from all of them, and has the recognizer go on with what was learned. */
  async *learn(
    picture: ImageData,
    label: number,
    signal: AbortSignal,
  ): AsyncGenerator<TuningProgress, void, undefined> {
    const tuner = await this.tuner();
    const { corrections } = tuner;
    let last: TuningProgress | undefined;
    try {
      await tuner.add(picture, label);
      for await (const progress of tuner.run({ signal })) {
        last = progress;
        if (!progress.outcome) yield progress;
      }
    } finally {
      if (!last?.outcome || last.outcome === 'aborted' || last.outcome === 'rolled-back') recall(tuner, corrections);
    }
    if (last?.outcome && last.outcome !== 'aborted' && last.outcome !== 'rolled-back') {
      this.before.push(corrections);
      await this.adopt(tuner);
    }
    if (last) yield last;
  }

  /** What the model says now. */
  read(picture: ImageData): Promise<Prediction> {
    return this.recognizer.predict(picture);
  }

  /** Takes the last lesson back, and the correction that it came from. */
  async undo(): Promise<void> {
    const tuner = await this.tuner();
    const corrections = this.before.pop();
    if (!corrections || !tuner.undo()) return;
    recall(tuner, corrections);
    await this.adopt(tuner);
  }

  /** The model as it is now, as a file. */
  async export(): Promise<Uint8Array> {
    return (await this.tuner()).export();
  }

  /** Goes on with a model that was taught before. Throws `bad-model` for another file, and goes on as it was. */
  async load(model: Uint8Array): Promise<void> {
    await this.recognizer.swap(model);
    await this.close();
    this.opening = createTuner({ model, base: this.base });
    await this.keep(model, await this.opening);
  }

  /** Goes back to the shipped model, and forgets all that was taught. */
  async forget(): Promise<void> {
    await this.store.remove(this.name).catch(() => {});
    await this.close();
    await this.recognizer.swap(await this.export());
  }

  /** In the store. */
  private get name(): string {
    return `demo-${this.base}`;
  }

  private tuner(): Promise<Tuner<ImageSource>> {
    this.opening ??= createTuner({ model: this.base });
    return this.opening;
  }

  private async adopt(tuner: Tuner<ImageSource>): Promise<void> {
    const model = await tuner.export();
    await this.recognizer.swap(model);
    await this.keep(model, tuner);
  }

  /** What cannot be kept still serves until the page is closed. */
  private async keep(model: Uint8Array, { corrections }: Tuner<ImageSource>): Promise<void> {
    this.trouble = await this.store.save(this.name, model, { corrections }).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  private async close(): Promise<void> {
    const tuner = await this.opening;
    this.opening = undefined;
    this.before.length = 0;
    await tuner?.close();
  }
}

function recall(tuner: Tuner<ImageSource>, corrections: WeightedSamples): void {
  tuner.clear();
  if (corrections.count > 0) tuner.addAll(corrections);
}
