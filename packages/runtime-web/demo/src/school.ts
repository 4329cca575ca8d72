/** What the page has taught its model: corrections and the tuner that learns from them, from the first correction on. */

import type { Recognizer, Tuner, TuningProgress, WeightedSamples } from '@denary/core';
import { createTuner, type ImageSource } from '@denary/runtime-web';

export class School {
  private readonly recognizer: Recognizer<ImageSource>;
  private readonly base: string;
  private opening: Promise<Tuner<ImageSource>> | undefined;
  /** The shipped model's file, as it came. */
  private shipped: Uint8Array | undefined;
  /** The corrections before each lesson. */
  private readonly before: WeightedSamples[] = [];

  /** `base` is the shipped model that the recognizer began with. */
  constructor(recognizer: Recognizer<ImageSource>, base: string) {
    this.recognizer = recognizer;
    this.base = base;
  }

  /** Lessons that can be taken back. */
  get lessons(): number {
    return this.before.length;
  }

  /** Takes up a correction, learns from all of them, and has the recognizer go on with what was learned. */
  async *learn(
    picture: ImageData,
    label: number,
    signal: AbortSignal,
  ): AsyncGenerator<TuningProgress, void, undefined> {
    const tuner = await this.tuner();
    const corrections = tuner.corrections;
    await tuner.add(picture, label);
    let last: TuningProgress | undefined;
    for await (const progress of tuner.run({ signal })) {
      last = progress;
      if (!progress.outcome) yield progress;
    }
    if (last?.outcome === 'aborted') return this.recall(tuner, corrections);
    if (last?.outcome !== 'rolled-back') {
      this.before.push(corrections);
      await this.recognizer.swap(await tuner.export());
    }
    if (last) yield last;
  }

  /** Takes the last lesson back, and the correction that it came from. */
  async undo(): Promise<void> {
    const tuner = await this.tuner();
    const corrections = this.before.pop();
    if (!corrections || !tuner.undo()) return;
    this.recall(tuner, corrections);
    await this.recognizer.swap(await tuner.export());
  }

  /** The model as it is now, as a file. */
  async export(): Promise<Uint8Array> {
    return (await this.tuner()).export();
  }

  /** Goes on with a model that was taught before. Throws `bad-model` for another file, and goes on as it was. */
  async load(model: Uint8Array): Promise<void> {
    await this.tuner();
    await this.recognizer.swap(model);
    await this.close();
    this.opening = createTuner({ model, base: this.base });
  }

  /** Goes back to the shipped model, and forgets what was taught. */
  async forget(): Promise<void> {
    await this.tuner();
    await this.recognizer.swap(this.shipped!);
    await this.close();
  }

  private tuner(): Promise<Tuner<ImageSource>> {
    this.opening ??= createTuner({ model: this.base }).then(async (tuner) => {
      this.shipped ??= await tuner.export();
      return tuner;
    });
    return this.opening;
  }

  private recall(tuner: Tuner<ImageSource>, corrections: WeightedSamples): void {
    tuner.clear();
    if (corrections.count > 0) tuner.addAll(corrections);
  }

  private async close(): Promise<void> {
    const tuner = await this.opening;
    this.opening = undefined;
    this.before.length = 0;
    await tuner?.close();
  }
}
