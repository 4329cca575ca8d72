/** What a model is measured by where nothing else is asked for: the data and the loss that it was trained with. */

import type { Manifest } from '@denary/core';
import type { Architecture, LossName } from '@denary/train';
import type { DatasetName } from '@denary/train/node';

export function measuredBy(manifest: Manifest | undefined): { readonly dataset: DatasetName; readonly loss: LossName } {
  const architecture = manifest?.architecture as Partial<Architecture> | undefined;
  return {
    dataset: (architecture?.training?.data as DatasetName | undefined) ?? 'mnist',
    loss: (manifest?.training?.loss as LossName | undefined) ?? 'categorical_crossentropy',
  };
}
