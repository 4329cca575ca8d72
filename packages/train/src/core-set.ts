/**
 * Chooses a core set: a few images of each class that stand for all of them, as the model sees them. They are rehearsed when
 * the model is tuned, so that it forgets nothing.
 */

import { encodeReplay, problem, type SessionFactory } from '@denary/core';
import { type Dataset, subset } from './data/dataset.js';
import { BLANK } from './data/strings.js';
import { featuresOf } from './report/features.js';

export interface CoreSetOptions {
  readonly createSession: SessionFactory;
  /** The bytes of the model that is to be tuned. */
  readonly model: Uint8Array;
  /** What it was trained on. */
  readonly dataset: Dataset;
  /** The largest that the file may be; default 200,000. */
  readonly bytes?: number;
  readonly signal?: AbortSignal | undefined;
}

const MOST_BYTES = 200_000;
/**
 * The most images of each class that are typical of it, some of which stay unrehearsed; the others lie far from all chosen
 * before. Where there is room for few images, some two thirds of them are typical.
 */
const TYPICAL = 120;
/** To begin with: what digits of MNIST take. */
const BYTES_PER_PIXEL = 90 / 784;

/**
 * The bytes of `replay.bin`: as many images as there is room for, classes in turn, the typical ones first. Where an image has
 * several labels, its class is that of its first digit. The same model and data give the same file. Throws `bad-argument` where
 * not one image a class has room.
 */
export async function createCoreSet({ bytes = MOST_BYTES, ...options }: CoreSetOptions): Promise<Uint8Array> {
  const { dataset } = options;
  const { classes, labels, slots, count, height, width } = dataset;
  const features = await featuresOf(options);
  const images = [...Array(count).keys()];
  const firstDigits = images.map((i) => {
    const own = labels.subarray(i * slots, (i + 1) * slots);
    return slots === 1 ? own[0] : own.find((label) => label !== BLANK);
  });
  const byClass = Array.from({ length: classes }, (_, label) => images.filter((i) => firstDigits[i] === label));
  const most = Math.ceil((2 * bytes) / (BYTES_PER_PIXEL * height * width) / classes);
  const typical = Math.min(TYPICAL, Math.ceil(most / 3));
  const orders = byClass.map((own) => coveringOrder(rowsOf(features.data, own, count), most, typical));
  for (let each = most; each >= 1; ) {
    const turns = Array.from({ length: each }, (_, turn) =>
      orders.flatMap((order, k) => byClass[k]![order[turn]!] ?? []),
    );
    const file = await encodeReplay(subset(dataset, turns.flat()));
    if (file.length <= bytes) return file;
    each = Math.min(each - 1, Math.floor((each * bytes) / file.length));
  }
  throw problem('bad-argument', 'createCoreSet', 'room for an image of each class', `${bytes} bytes`, 'Allow more.');
}

/**
 * The numbers of the rows, `most` at most, in the order in which they are chosen. First typical ones, by herding (M. Welling,
 * 2009): each brings the mean of the chosen closest to the mean of all. Then, greedily, the one farthest from all that were
 * chosen before (k-center: T. Gonzalez, 1985): it is at the borders between classes that a model forgets.
 */
export function coveringOrder(rows: readonly Float32Array[], most: number, typical = TYPICAL): number[] {
  const chosen: number[] = [];
  const size = rows[0]?.length ?? 0;
  const far = new Float64Array(rows.length).fill(Number.POSITIVE_INFINITY);
  const take = (index: number) => {
    chosen.push(index);
    rows.forEach((row, i) => {
      far[i] = i === index ? -1 : Math.min(far[i]!, squaredDistance(row, rows[index]!));
    });
  };
  const mean = new Float64Array(size);
  for (const row of rows) for (let k = 0; k < size; k++) mean[k]! += row[k]! / rows.length;
  /** Of those that were chosen. */
  const sum = new Float64Array(size);
  while (chosen.length < Math.min(most, rows.length)) {
    const count = chosen.length + 1;
    if (count > typical) {
      take(far.indexOf(far.reduce((most, value) => Math.max(most, value))));
      continue;
    }
    const wanted = mean.map((value, k) => value * count - sum[k]!);
    let [best, least] = [-1, Number.POSITIVE_INFINITY];
    rows.forEach((row, i) => {
      const distance = far[i]! < 0 ? Number.POSITIVE_INFINITY : squaredDistance(row, wanted);
      if (distance < least) [best, least] = [i, distance];
    });
    take(best);
    rows[best]!.forEach((value, k) => {
      sum[k]! += value;
    });
  }
  return chosen;
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k]! - b[k]!) ** 2;
  return sum;
}

/** Of `count` rows one after the other, those with these numbers. */
function rowsOf(data: ArrayLike<number>, numbers: readonly number[], count: number): Float32Array[] {
  const size = data.length / count;
  return numbers.map((row) => Float32Array.from({ length: size }, (_, k) => data[row * size + k]!));
}
