/** The rows of a reproduction: every system with its own settings, what its notebook printed, and one change worth showing. */

import { permutation, stream } from '@denary/core';
import type { Architecture } from '../architectures/architecture.js';
import { catalogue, dataOf, findArchitecture } from '../architectures/catalogue.js';
import { type Dataset, subset } from '../data/dataset.js';

/** What a notebook printed: of one run each. */
export interface Reported {
  readonly accuracy: number;
  readonly loss?: number;
  readonly seconds?: number;
}

export interface Entry {
  /** Tells rows and their files apart. */
  readonly id: string;
  /** As the table names it. */
  readonly label: string;
  readonly architecture: Architecture;
  readonly reported?: Reported;
}

const reported: Readonly<Record<string, Reported>> = {
  mlp: { accuracy: 0.9748, loss: 0.0894 },
  cnn: { accuracy: 0.9911, loss: 0.0303, seconds: 1160 },
  hrnn: { accuracy: 0.9471, loss: 0.1701, seconds: 331 },
  'ann-sigmoid': { accuracy: 0.128 },
  'cnn-bn': { accuracy: 0.9812 },
  'fashion-mlp': { accuracy: 0.8803 },
  'cnn-pool4': { accuracy: 0.9915 },
};

const sigmoids = findArchitecture('ann-sigmoid');
/** The poor baseline with one thing changed: how it is trained. */
const changed: Entry = {
  id: 'ann-sigmoid-changed',
  label: '`ann-sigmoid` with cross-entropy and Adam',
  architecture: {
    ...sigmoids,
    training: { ...sigmoids.training, loss: 'categorical_crossentropy', optimizer: { name: 'Adam' } },
  },
};

export const entries: readonly Entry[] = catalogue.flatMap((architecture) => {
  const { name } = architecture;
  const several = catalogue.filter((other) => other.name === name).length > 1;
  const entry: Entry = {
    id: several ? `${name}-${dataOf(architecture)}` : name,
    label: `\`${name}\`${several ? ` on ${dataOf(architecture)}` : ''}`,
    architecture,
    ...(reported[name] && { reported: reported[name] }),
  };
  return architecture === sigmoids ? [entry, changed] : [entry];
});

/** The parts of the training images and of the epochs that a quick run takes. */
export const quickly = { images: 0.1, epochs: 0.05 } as const;

/** A small part of a system's training: a seeded tenth of the images, and a twentieth of the epochs or steps, at least one. */
export function quick(architecture: Architecture, train: Dataset): { architecture: Architecture; train: Dataset } {
  const { epochs, steps, ...training } = architecture.training;
  const less = (count: number) => Math.max(1, Math.round(count * quickly.epochs));
  const chosen = permutation(train.count, 0, stream('reproduce-quick'));
  return {
    architecture: {
      ...architecture,
      training: { ...training, epochs: less(epochs), ...(steps && { steps: less(steps * quickly.images) }) },
    },
    train: {
      ...subset(train, chosen.slice(0, Math.round(train.count * quickly.images))),
      name: `${train.name} (part)`,
    },
  };
}
