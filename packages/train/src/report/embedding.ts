/** Images laid out by likeness: t-SNE of what the model makes of them, each as a small picture of itself in its class's colour. */

import { permutation, stream } from '@denary/core';
import * as Plot from '@observablehq/plot';
import { type Dataset, subset } from '../data/dataset.js';
import { type FeatureOptions, featuresOf } from './features.js';
import { classText, labelText } from './labels.js';
import { legend } from './legend.js';
import type { Draw, Picture } from './picture.js';
import { type Pixels, pngAddress } from './png.js';
import { imageReading, type Readings } from './readings.js';
import { CONTRAST, classColour, css } from './theme.js';
import { type Embedding, tsne } from './tsne.js';

export interface EmbeddingPicture extends Embedding {
  readonly picture: Picture;
  /** What the images are alike in. */
  readonly what: string;
  /** Of images. */
  readonly count: number;
}

export interface EmbeddingOptions extends FeatureOptions {
  readonly readings: Readings;
  readonly seed: number;
}

/** A thumbnail's longer side has at most so many pixels. */
const LARGEST = 72;

export async function drawEmbedding(draw: Draw, options: EmbeddingOptions): Promise<EmbeddingPicture> {
  const { dataset, readings, seed, signal } = options;
  const { height, width, slots } = dataset;
  // Images with more to read are drawn larger, and fewer of them.
  const area = 400 * Math.sqrt(slots);
  const [across, down] = [Math.sqrt((area * width) / height), Math.sqrt((area * height) / width)];
  const indices = balanced(dataset, Math.round(500 / Math.sqrt(slots)), seed);
  const chosen = subset(dataset, indices);
  const { data, what } = await featuresOf({ ...options, dataset: chosen });
  const embedding = await tsne(data, chosen.count, { seed, signal });

  const [x, y] = longerFirst(embedding.points);
  const white = chosen.images.reduce((largest, pixel) => Math.max(largest, pixel), 1);
  const marks = indices.map((index, i) => {
    const { actual, predicted } = imageReading(readings, index, slots);
    const [truth, read] = [labelText(actual, readings.classes), labelText(predicted, readings.classes)];
    const wrong = truth !== read;
    return {
      x: x[i]!,
      y: y[i]!,
      wrong,
      title: wrong ? `${truth}, read as ${read}` : truth,
      src: pngAddress(thumbnail(chosen, i, actual[0]!, white)),
    };
  });
  const classes = [...new Set(indices.map((index) => dataset.labels[index * slots]!))].sort((a, b) => a - b);
  const picture = draw('embedding', `t-SNE of ${chosen.count} images by ${what}`, {
    width: 960,
    aspectRatio: 1,
    marginTop: 50,
    marginLeft: 24,
    marginRight: 24,
    marginBottom: 24,
    axis: null,
    inset: 10,
    x: { domain: domainOf(x) },
    y: { domain: domainOf(y) },
    marks: [
      Plot.image(marks, {
        ...{ x: 'x', y: 'y', src: 'src', title: 'title', width: across, height: down },
        imageRendering: down > height ? 'pixelated' : 'auto',
      }),
      Plot.dot(
        marks.filter(({ wrong }) => wrong),
        { x: 'x', y: 'y', dx: across / 2, dy: -down / 2, r: 3.5, fill: CONTRAST, stroke: 'var(--paper)' },
      ),
      ...legend(
        classes.map((label) => ({ text: classText(label, readings.classes), colour: css(classColour(label)) })),
      ),
    ],
  });
  return { ...embedding, picture, what, count: chosen.count };
}

/** The two coordinates, that of the larger extent first: an embedding may be turned as one likes. */
function longerFirst(points: Float64Array): readonly [Float64Array, Float64Array] {
  const [even, odd] = [points.filter((_, k) => k % 2 === 0), points.filter((_, k) => k % 2 === 1)];
  const extent = (values: Float64Array) => Math.max(...values) - Math.min(...values);
  return extent(even) >= extent(odd) ? [even, odd] : [odd, even];
}

/** Where a model makes the same of all images, they lie in one point. */
function domainOf(values: Float64Array): [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least < most ? [least, most] : [least - 1, most + 1];
}

/** As many of each class as there are, by lot; of several slots the first counts. */
function balanced({ labels, slots, count }: Dataset, most: number, seed: number): number[] {
  const seen = new Map<number, number>();
  const ranked = Array.from(permutation(count, seed, stream('embedding')), (index) => {
    const label = labels[index * slots]!;
    const rank = seen.get(label) ?? 0;
    seen.set(label, rank + 1);
    return { index, rank };
  });
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ index }) => index);
}

/** The ink as opacity; larger images are shrunk by averaging. */
function thumbnail({ images, height, width }: Dataset, i: number, label: number, white: number): Pixels {
  const factor = Math.ceil(Math.max(height, width) / LARGEST);
  const [rows, columns] = [Math.floor(height / factor), Math.floor(width / factor)];
  const data = new Uint8Array(rows * columns * 4);
  for (let at = 0; at < rows * columns; at++) {
    let sum = 0;
    for (let part = 0; part < factor * factor; part++) {
      const y = Math.floor(at / columns) * factor + Math.floor(part / factor);
      const x = (at % columns) * factor + (part % factor);
      sum += images[(i * height + y) * width + x]!;
    }
    data.set(classColour(label), 4 * at);
    // 16 levels are enough at this size, and compress well.
    data[4 * at + 3] = Math.round((15 * sum) / (factor * factor * white)) * 17;
  }
  return { data, width: columns, height: rows };
}
