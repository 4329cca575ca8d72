/** One trial: a tuner that is given corrections and left to itself, and the model that it makes of them. */

import { createTuner } from '@denary/runtime-node';

const THREADS = 2;

/** `{ model, seconds, steps, strategy, outcome }`: seconds from the opening of the tuner to the end of its run. */
export async function tune(name, corrections, { changes, ...options } = {}) {
  const fixed = { model: name, preprocess: 'none', isolation: 'none', threads: THREADS, ...options };
  const strategy = changes && { ...(await strategyFor(fixed, corrections)), ...changes };
  const began = performance.now();
  const tuner = await createTuner({ ...fixed, ...(strategy && { strategy }) });
  try {
    tuner.addAll(corrections);
    let last;
    // The time is counted, not bound, so that a busy machine makes the same model.
    for await (const progress of tuner.run({ steps: tuner.strategy.steps })) last = progress;
    const seconds = (performance.now() - began) / 1000;
    const { step, strategy, outcome } = last;
    return { model: await tuner.export(), seconds, steps: step, strategy, outcome };
  } finally {
    await tuner.close();
  }
}

/** That which would be taken for these corrections. */
async function strategyFor(options, corrections) {
  const tuner = await createTuner(options);
  tuner.addAll(corrections);
  const { strategy } = tuner;
  await tuner.close();
  return strategy;
}
