/** Full fine-tuning without rehearsal, as one would do it at first: the same optimizer, steps and augmentation, all weights. */

import { decodeModel, encodeModel, strategies } from '@denary/core';
import { createTrainingGraph } from '@denary/train';

/** A quarter of that of the last blocks, as all weights move. */
const RATE = 0.01;

export function naive(model) {
  const optimizer = { name: 'SGD', momentum: 0.9, learningRate: RATE };
  const graph = createTrainingGraph(decodeModel(model), { loss: 'categorical_crossentropy', optimizer, batchSize: 64 });
  return {
    training: encodeModel(graph),
    replay: false,
    strategy: {
      ...strategies.blocks,
      ...{ name: 'no replay', trainable: 'all', replayShare: 0, imitationShare: 0, copies: 64, checks: 1 },
    },
  };
}
