/**
 * k nearest neighbours on the model's features, among the corrections and its core set: nothing is trained. The label is that
 * of most of the five that are nearest by the angle between the numbers that go into the model's last layer, the nearer one's
 * where that is even.
 */

import { decodeReplay, encodeModel, GraphBuilder, tensor } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { featuresOf } from '@denary/train';

const [K, BATCH] = [5, 500];

export class Neighbours {
  constructor(model, replay) {
    Object.assign(this, { model, replay, known: new Map() });
  }

  /** `{ held, mnist }`: accuracies, 0 to 1. */
  async measure({ given, persona, mnist }) {
    this.core ??= await decodeReplay(this.replay);
    const references = await Promise.all([this.core, given].map((samples) => this.directions(samples)));
    const labels = [...this.core.labels, ...given.labels];
    const of = async (dataset) => accuracyOf(await vote(await this.directions(dataset), references, labels), dataset);
    return { held: await of(persona.held), mnist: await of(mnist) };
  }

  /** Features of unit length, row by row; kept, as the same data sets come again. */
  async directions(dataset) {
    const found = this.known.get(dataset.images);
    if (found) return found;
    const { data } = await featuresOf({ model: this.model, dataset, createSession });
    const size = data.length / dataset.count;
    const rows = Float32Array.from(data);
    for (let start = 0; start < rows.length; start += size) {
      const row = rows.subarray(start, start + size);
      const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
      row.forEach((value, k) => {
        row[k] = value / length;
      });
    }
    const directions = { rows, size };
    this.known.set(dataset.images, directions);
    return directions;
  }
}

async function vote({ rows, size }, references, labels) {
  const columns = new Float32Array(size * labels.length);
  let column = 0;
  for (const { rows: reference } of references) {
    for (let start = 0; start < reference.length; start += size, column++) {
      for (let k = 0; k < size; k++) columns[k * labels.length + column] = reference[start + k];
    }
  }
  const graph = new GraphBuilder('cosines', 17);
  const all = graph.initializer('references', tensor('float32', [size, labels.length], columns));
  graph.output(graph.op('MatMul', [graph.input('rows', 'float32', ['batch', size]), all]), 'cosines');
  const session = await createSession(encodeModel(graph.model()), { threads: 2 });
  const guessed = [];
  for (let start = 0; start < rows.length; start += BATCH * size) {
    const data = rows.subarray(start, start + BATCH * size);
    const { cosines } = await session.run({ rows: tensor('float32', [data.length / size, size], data) });
    for (let row = 0; row < cosines.data.length; row += labels.length) {
      guessed.push(mostOf(nearest(cosines.data.subarray(row, row + labels.length)).map((i) => labels[i])));
    }
  }
  await session.close();
  return guessed;
}

function nearest(cosines) {
  const best = [];
  cosines.forEach((cosine, i) => {
    if (best.length === K && cosine <= cosines[best[K - 1]]) return;
    const place = best.findIndex((other) => cosines[other] < cosine);
    best.splice(place < 0 ? best.length : place, 0, i);
    best.length = Math.min(best.length, K);
  });
  return best;
}

const mostOf = (labels) => {
  const votes = (label) => labels.filter((other) => other === label).length;
  return labels.reduce((one, other) => (votes(other) > votes(one) ? other : one));
};

const accuracyOf = (guessed, { labels, count }) => guessed.filter((guess, i) => guess === labels[i]).length / count;
