/** The manifest of a model that came without one: what can be told by its file alone. */

import { contractOf, type Manifest, type Model } from '@denary/core';
import { modelParameters } from '../build-training.js';
import { preprocessingOf } from '../foreign/wrap-classifier.js';
import { classNames, versionOf } from './model-folder.js';

export type BareManifest = Omit<Manifest, 'files'>;

export function bareManifest(model: Model, facts: Pick<Manifest, 'name' | 'description' | 'parameters'>): BareManifest {
  const { height, width, classes, slots } = contractOf(model);
  return {
    version: 1,
    ...facts,
    input: { name: 'image', dtype: 'uint8', shape: ['batch', height, width] },
    classes: classNames(classes),
    slots,
    preprocessing: preprocessingOf(height, width),
    metrics: {},
    versions: { denary: versionOf('@denary/train') },
  };
}

/** Of a classifier of which nothing is said but its name. */
export const classifierManifest = (model: Model, name: string): BareManifest =>
  bareManifest(model, { name, description: 'a classifier', parameters: modelParameters(model) });
