/** Teaches the small net that tells digits from what is none (`distanceFrom` in core), by digits and by decoys. */

import {
  type DomainLayer,
  domainLayers,
  type EncodedDomain,
  encodeDomain,
  FIELD,
  type Model,
  normalise,
  permutation,
  type SessionFactory,
  stream,
  type Tensor,
  toGrey,
} from '@denary/core';
import type { Architecture } from './architectures/architecture.js';
import { createDataset, type Dataset, subset } from './data/dataset.js';
import { makeDecoys } from './data/decoys.js';
import { fit } from './fit.js';

/** Digits to teach it by, at most, and as many decoys: more takes longer and brings little. */
const MOST = 30_000;

export interface DomainOptions {
  readonly createSession: SessionFactory;
  /** Single digits on 28x28 pixels, as a recognizer normalises them. */
  readonly digits: Dataset;
  /** Default 0. */
  readonly seed?: number;
}

/** As it is written into a file, so that limits that are chosen with it hold. Half a minute, less of few digits. */
export async function fitDomain(options: DomainOptions): Promise<EncodedDomain> {
  const { createSession, digits, seed = 0 } = options;
  const order = permutation(digits.count, seed, stream('domain'));
  const train = withDecoys(subset(digits, order.subarray(0, MOST)), seed);
  const { model } = await fit({ createSession, architecture: architectureFor(digits.classes), train, seed });
  return encodeDomain(layersOf(model, digits.classes));
}

/** The decoys are of a class of their own. */
function withDecoys({ name, classes, ...digits }: Dataset, seed: number): Dataset {
  const made = makeDecoys({ name, classes, ...digits }, digits.count, seed);
  const decoys = made.map((image) => normalise(toGrey(image))).filter(({ empty }) => !empty);
  const area = FIELD * FIELD;
  const images = new Uint8Array((digits.count + decoys.length) * area);
  images.set(digits.images);
  decoys.forEach(({ pixels }, i) => {
    images.set(pixels, (digits.count + i) * area);
  });
  const labels = new Uint8Array(digits.count + decoys.length).fill(classes);
  labels.set(digits.labels);
  return createDataset({
    name: `${name} and decoys`,
    images,
    labels,
    height: FIELD,
    width: FIELD,
    classes: classes + 1,
  });
}

/** The net of `domainLayers`, to be trained. */
function architectureFor(classes: number): Architecture {
  const layers = domainLayers(classes).slice(0, -1);
  return {
    name: 'domain',
    description: 'Tells digits from what is none',
    input: { image: [FIELD, FIELD], scale: 255, as: 'image' },
    classes: classes + 1,
    layers: [
      ...layers.map(({ filters, size, stride }, i) => ({
        type: 'Conv2D' as const,
        name: `${i}`,
        filters,
        kernelSize: [size, size] as const,
        strides: [stride, stride] as const,
        padding: 'same' as const,
        activation: 'relu' as const,
      })),
      { type: 'Flatten' },
      { type: 'Dense', name: `${layers.length}`, units: classes + 1, activation: 'softmax' },
    ],
    training: {
      loss: 'categorical_crossentropy',
      optimizer: { name: 'Adam', learningRate: 0.006 },
      schedule: { name: 'one-cycle' },
      epochs: 7,
    },
  };
}

function layersOf({ graph }: Model, classes: number): DomainLayer[] {
  let channels = 1;
  return domainLayers(classes).map(({ filters, size }, i) => {
    const { data, shape } = graph.initializers.get(`${i}/kernel`) as Tensor<'float32'>;
    const { data: biases } = graph.initializers.get(`${i}/bias`) as Tensor<'float32'>;
    const [area, dense] = [size * size, shape.length === 2];
    const step = data.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / 127 || 1;
    const kernels = new Float64Array(data.length);
    for (let cell = 0, to = 0; cell < area; cell++) {
      for (let channel = 0; channel < channels; channel++) {
        for (let filter = 0; filter < filters; filter++) {
          // A convolution has [filters, channels, size, size], the dense layer [channels, filters].
          const from = dense ? channel * filters + filter : (filter * channels + channel) * area + cell;
          kernels[to++] = step * Math.round(data[from]! / step);
        }
      }
    }
    channels = filters;
    return { kernels, step, biases: [...biases] };
  });
}
