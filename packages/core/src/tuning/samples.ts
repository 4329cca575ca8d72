/** Labelled images as a model takes them: the corrections of a user, the core set that is rehearsed, and what is measured on. */

import type { Contract } from '../contract.js';
import { problem } from '../errors.js';

export interface Samples {
  /** uint8 [count, height, width]: 0 is paper, 255 is ink. */
  readonly images: Uint8Array;
  /** Class numbers, uint8 [count, slots]. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Labels are below this. */
  readonly classes: number;
  /** Labels of one image; default 1. */
  readonly slots?: number;
}

/** Corrections also say how much each counts: float32 [count], 1 as a rule. */
export interface WeightedSamples extends Samples {
  readonly weights: Float32Array;
}

/**
 * What an image shows: a class number; of a model with several slots one for each, or the text, whose digits fill the last
 * slots and blanks (class 10) those before them, as in the strings that `string` learned.
 */
export type Label = number | string | readonly number[];

/** The class of a slot without a digit, of a model with several. */
const BLANK = 10;

/** The classes of a label, one for each slot. Throws `bad-argument` for one that the model does not know. */
export function classesOf(label: Label, { classes, slots }: Contract, who: string): number[] {
  const given =
    typeof label === 'number' ? [label] : typeof label === 'string' ? classesOfText(label, slots) : [...label];
  if (given.length === slots && given.every((value) => Number.isInteger(value) && value >= 0 && value < classes)) {
    return given;
  }
  const each = `0 to ${classes - 1}`;
  const expected =
    slots === 1 ? `a label of ${each}` : `${slots} labels of ${each}, or a text of up to ${slots} digits`;
  throw problem('bad-argument', who, expected, JSON.stringify(label), 'Give what the image shows.');
}

const classesOfText = (text: string, slots: number): number[] =>
  Array.from(text.padStart(slots, ' '), (character) =>
    character === ' ' ? BLANK : /^\d$/.test(character) ? +character : -1,
  );

/** Throws `bad-data` where samples are not whole, or not such as the model takes. */
export function requireSamples(samples: Samples, { height, width, slots, classes }: Contract, who: string): void {
  const { images, labels, count } = samples;
  const [own, most] = [samples.slots ?? 1, Math.min(classes, samples.classes)];
  const fits = samples.height === height && samples.width === width && own === slots && samples.classes <= classes;
  const whole = images.length === count * height * width && labels.length === count * slots;
  if (fits && whole && labels.every((label) => label < most)) return;
  const expected = `images of ${width}x${height} with ${slots} label(s) in up to ${classes} classes, as the model has them`;
  const received = `${count} of ${samples.width}x${samples.height} with ${own} label(s) in ${samples.classes} classes`;
  const damage = fits ? ', which are not whole' : '';
  throw problem('bad-data', who, expected, received + damage, 'Take samples that were made for this model.');
}

/** Samples that grow. */
export class Corrections implements WeightedSamples {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  readonly slots: number;
  private readonly area: number;
  private room = 64;
  private pixels: Uint8Array;
  private targets: Uint8Array;
  private shares: Float32Array;
  count = 0;

  constructor({ height, width, classes, slots }: Contract) {
    this.height = height;
    this.classes = classes;
    this.width = width;
    this.slots = slots;
    this.area = height * width;
    this.pixels = new Uint8Array(this.room * this.area);
    this.targets = new Uint8Array(this.room * slots);
    this.shares = new Float32Array(this.room);
  }

  get images(): Uint8Array {
    return this.pixels.subarray(0, this.count * this.area);
  }

  get labels(): Uint8Array {
    return this.targets.subarray(0, this.count * this.slots);
  }

  get weights(): Float32Array {
    return this.shares.subarray(0, this.count);
  }

  add(pixels: Uint8Array, label: readonly number[], weight = 1): void {
    if (this.count === this.room) this.grow();
    this.pixels.set(pixels, this.count * this.area);
    this.targets.set(label, this.count * this.slots);
    this.shares[this.count++] = weight;
  }

  addAll({ images, labels, weights, count }: Samples & Partial<WeightedSamples>): void {
    const { area, slots } = this;
    for (let i = 0; i < count; i++) {
      const label = labels.subarray(i * slots, (i + 1) * slots);
      this.add(images.subarray(i * area, (i + 1) * area), [...label], weights?.[i]);
    }
  }

  clear(): void {
    this.count = 0;
  }

  /** As they are now, whatever is added later. */
  snapshot(): WeightedSamples {
    const { count, height, width, classes, slots } = this;
    const [images, labels, weights] = [this.images.slice(), this.labels.slice(), this.weights.slice()];
    return { images, labels, weights, count, height, width, classes, slots };
  }

  private grow(): void {
    this.room *= 2;
    const longer = <A extends Uint8Array | Float32Array>(old: A, to: A): A => {
      to.set(old);
      return to;
    };
    this.pixels = longer(this.pixels, new Uint8Array(this.room * this.area));
    this.targets = longer(this.targets, new Uint8Array(this.room * this.slots));
    this.shares = longer(this.shares, new Float32Array(this.room));
  }
}

/** How many labels there are of each class, [classes]; blanks beside digits teach nothing, and are none. */
export function countByClass({ labels, slots = 1 }: Samples, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) if (slots === 1 || label !== BLANK) counts[label]!++;
  return counts;
}

/**
 * A part that is not learned, so that it tells how well the like of it is read; and the rest. A core set has all classes in
 * turn (of several labels by the first digit), typical images first: it is every second round of the first half, a quarter of all.
 */
export function heldBack(samples: Samples): { readonly held: Samples; readonly rest: Samples } {
  const half = samples.count / 2;
  const isHeld = (index: number) => index < half && Math.floor(index / samples.classes) % 2 === 1;
  const indices = Array.from({ length: samples.count }, (_, i) => i);
  const [held, rest] = [indices.filter(isHeld), indices.filter((index) => !isHeld(index))];
  return { held: picked(samples, held), rest: picked(samples, rest) };
}

/** The samples of these indices, in their order. */
export function picked(samples: Samples, indices: readonly number[]): Samples {
  const { images, labels, height, width, slots = 1 } = samples;
  const area = height * width;
  const part = { images: new Uint8Array(indices.length * area), labels: new Uint8Array(indices.length * slots) };
  indices.forEach((index, i) => {
    part.images.set(images.subarray(index * area, (index + 1) * area), i * area);
    part.labels.set(labels.subarray(index * slots, (index + 1) * slots), i * slots);
  });
  return { ...samples, ...part, count: indices.length };
}
