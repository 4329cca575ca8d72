/**
 * A data set: images and labels as two flat byte arrays, and how to take parts of it. Whatever makes one, from a file or by
 * rendering, goes through createDataset, so the rest of the package need not ask again whether lengths and labels fit.
 */

import { DenaryError, permutation, type Samples, stream } from '@denary/core';

/** Samples with a name; at least one. `slots` are the digit positions of one image, 1 where it holds a single digit. */
export interface Dataset extends Required<Samples> {
  readonly name: string;
}

/** The samples from..to-1. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const bad = (code: 'bad-data' | 'bad-argument', who: string, expected: string, received: string, remedy: string) =>
  new DenaryError({ code, who, expected, received, remedy });

/**
 * A data set over the given arrays, which are kept and not copied; the count follows from the labels. Throws `bad-data`
 * where a size is not a positive integer (classes: 1..256), where there is no sample, where the lengths do not fit each
 * other, or where a label is not below `classes`.
 */
export function createDataset({ slots = 1, ...rest }: Omit<Dataset, 'count' | 'slots'> & { slots?: number }): Dataset {
  const { name, images, labels, height, width, classes } = rest;
  const who = `data set ${name}`;
  for (const [key, size] of Object.entries({ height, width, slots, classes })) {
    if (!Number.isInteger(size) || size < 1 || (key === 'classes' && size > 256)) {
      const expected = key === 'classes' ? '1 to 256 classes' : `a positive integer as ${key}`;
      throw bad('bad-data', who, expected, `${size}`, 'Give the sizes that the images and labels have.');
    }
  }
  const count = labels.length / slots;
  if (!Number.isInteger(count)) {
    const received = `${labels.length} labels`;
    throw bad('bad-data', who, `${slots} labels an image`, received, 'Check slots, and that no label is missing.');
  }
  if (count === 0) throw bad('bad-data', who, 'at least one sample', 'none', 'Give images and their labels.');
  if (images.length !== count * height * width) {
    const expected = `${count} images of ${height}x${width}, ${count * height * width} bytes, as there are labels`;
    throw bad('bad-data', who, expected, `${images.length} bytes`, 'Give one image of that size for each label.');
  }
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong !== -1) {
    const at = slots === 1 ? `index ${wrong}` : `index ${Math.floor(wrong / slots)}, slot ${wrong % slots}`;
    const received = `label ${labels[wrong]} at ${at}`;
    throw bad('bad-data', who, `labels in 0..${classes - 1}`, received, 'Correct the label, or raise classes.');
  }
  return { name, images, labels, count, height, width, classes, slots };
}

function isRun(indices: ArrayLike<number>): boolean {
  const first = indices[0] as number;
  for (let i = 1; i < indices.length; i++) if (indices[i] !== first + i) return false;
  return true;
}

/**
 * The samples of a range, or those at the given indices, in that order (an index may come twice). A range, or indices that
 * rise by one, share the memory of `dataset`; others are copied. Throws `bad-argument` where nothing is selected or an
 * index is outside 0..count-1.
 */
export function subset(dataset: Dataset, selection: ArrayLike<number> | Range): Dataset {
  const { images, labels, count, height, width, slots } = dataset;
  const who = `subset of ${dataset.name}`;
  const size = height * width;
  const range = 'from' in selection ? selection : undefined;
  if (range) {
    const { from, to } = range;
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || from >= to || to > count) {
      const expected = `integers 0 <= from < to <= ${count}`;
      throw bad('bad-argument', who, expected, `from ${from} to ${to}`, 'Select samples that the data set has.');
    }
    const parts = {
      images: images.subarray(from * size, to * size),
      labels: labels.subarray(from * slots, to * slots),
    };
    return { ...dataset, ...parts, count: to - from };
  }
  const indices = selection as ArrayLike<number>;
  if (indices.length === 0) throw bad('bad-argument', who, 'at least one index', 'none', 'Select one sample or more.');
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw bad('bad-argument', who, `indices in 0..${count - 1}`, `${index}`, 'Select samples that the data set has.');
  }
  if (isRun(indices)) {
    const from = indices[0] as number;
    return subset(dataset, { from, to: from + indices.length });
  }
  const picked = {
    images: new Uint8Array(indices.length * size),
    labels: new Uint8Array(indices.length * slots),
  };
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    picked.images.set(images.subarray(index * size, (index + 1) * size), i * size);
    picked.labels.set(labels.subarray(index * slots, (index + 1) * slots), i * slots);
  }
  return { ...dataset, ...picked, count: indices.length };
}

/**
 * Holds `fraction` of the samples back, drawn at random; no sample is in both parts, and neither part is empty. The same
 * seed gives the same split on every platform, whatever else the seed is used for. Throws `bad-argument` where `fraction`
 * is not between 0 and 1 or there are fewer than two samples.
 */
export function validationSplit(
  dataset: Dataset,
  fraction: number,
  seed: number,
): { readonly train: Dataset; readonly validation: Dataset } {
  const { name, count } = dataset;
  if (!(fraction > 0 && fraction < 1) || count < 2) {
    const received = `${fraction} of ${count}`;
    const remedy = 'For training without validation, do not split.';
    throw bad('bad-argument', 'validationSplit', 'a fraction in (0, 1) of at least 2 samples', received, remedy);
  }
  const held = Math.min(count - 1, Math.max(1, Math.round(fraction * count)));
  const order = permutation(count, seed, stream('validation-split'));
  return {
    train: { ...subset(dataset, order.subarray(held)), name: `${name} (training part)` },
    validation: { ...subset(dataset, order.subarray(0, held)), name: `${name} (validation part)` },
  };
}
