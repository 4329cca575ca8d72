/** The sections of a report that show images: mistakes, samples, first-layer weights and the embedding. */

import type { Model } from '@denary/core';
import { permutation, stream } from '@denary/core';
import type { Dataset } from '../data/dataset.js';
import { drawEmbedding, type EmbeddingOptions } from './embedding.js';
import { firstLayer } from './first-layer.js';
import { composeGallery } from './gallery.js';
import { html } from './html.js';
import { labelText } from './labels.js';
import { figure, type PictureFile, type Section, whole } from './page.js';
import { type Draw, svgFile } from './picture.js';
import { encodePng } from './png.js';
import { mistakesOf, type Readings } from './readings.js';
import { type Cell, sprites } from './sprites.js';
import { drawWeights, MOST_TILES } from './weights.js';

const MOST_SAMPLES = 40;
const MOST_MISTAKES = 60;

export function mistakesSection(dataset: Dataset, readings: Readings): Section {
  const all = mistakesOf(readings, dataset);
  const heading = 'Mistakes';
  if (all.length === 0)
    return { id: 'mistakes', heading, content: html`<p>Every image was read right.</p>`, files: [] };
  const cells = all.slice(0, MOST_MISTAKES).map(({ index, actual, predicted, confidence }) => {
    const [truth, read] = [labelText(actual, readings.classes), labelText(predicted, readings.classes)];
    const share = `${Math.floor(100 * confidence)}%`;
    const arrow = dataset.slots > 1 ? ' → ' : '→';
    return { index, alt: `${truth}, read as ${read} at ${share}`, caption: `${truth}${arrow}${read} ${share}` };
  });
  const several = dataset.slots > 1 ? ' in one digit or more; the confidence is the product over all digits' : '';
  const content = html`<p>${whole(all.length)} of ${whole(dataset.count)} images were misread${several}. The ${cells.length} most
confident: truth → reading, confidence.</p>
${sprites(dataset, cells)}`;
  return { id: 'mistakes', heading, content, files: [sheetFile('mistakes', dataset, cells)] };
}

export function samplesSection(dataset: Dataset, classes: number, seed: number): Section {
  const { labels, slots, count } = dataset;
  const chosen = permutation(count, seed, stream('samples')).subarray(0, MOST_SAMPLES);
  const cells = Array.from(chosen, (index) => {
    const text = labelText(labels.subarray(index * slots, (index + 1) * slots), classes);
    return { index, alt: text, caption: text };
  });
  const content = html`<p>${cells.length} images of ${dataset.name} with their labels, drawn by lot (seed ${seed}).</p>
${sprites(dataset, cells)}`;
  return { id: 'samples', heading: 'Samples', content, files: [sheetFile('samples', dataset, cells)] };
}

function sheetFile(name: string, dataset: Dataset, cells: readonly Cell[]): PictureFile {
  const captions = new Map(cells.map(({ index, caption }) => [index, caption]));
  const indices = cells.map(({ index }) => index);
  const sheet = composeGallery(dataset, { indices, captions: (index) => captions.get(index) ?? '' });
  return [`${name}.png`, encodePng(sheet)];
}

export function weightsSection(draw: Draw, model: Model, image: Dataset): Section | undefined {
  const layer = firstLayer(model, image);
  if (!layer) return undefined;
  const picture = drawWeights(draw, layer);
  const { tiles, name, what } = layer;
  const shown = tiles.length > MOST_TILES ? `; the first ${MOST_TILES} of ${tiles.length}` : '';
  const caption = html`The layer nearest to the pixels, ${name}. Each tile: ${what}${shown}. Orange is below zero, blue above.`;
  const content = figure(picture, caption);
  return { id: 'weights', heading: 'First-layer weights', content, files: [svgFile(picture)] };
}

/** Takes four images or more. */
export async function embeddingSection(draw: Draw, options: EmbeddingOptions): Promise<Section | undefined> {
  if (options.dataset.count < 4) return undefined;
  const { picture, count, what, divergence, perplexity } = await drawEmbedding(draw, options);
  const several = options.dataset.slots > 1 ? ' (the first digit’s, where there are several)' : '';
  const caption = html`${whole(count)} images drawn by lot (seed ${options.seed}), as many of each class as there are, in their class’s
colour${several}; misread ones have a dot. What lies close together is alike in ${what} (t-SNE, van der Maaten and Hinton, 2008;
perplexity ${perplexity}; Kullback-Leibler divergence ${divergence.toFixed(3)}). Distances between far groups mean little.`;
  return { id: 'embedding', heading: 'Embedding', content: figure(picture, caption), files: [svgFile(picture)] };
}
