/** TensorFlow.js as an engine of `fit`: the same training by `tf.LayersModel.fit`. An option; the package is the caller's. */

import type { Device } from '@denary/core';
import type { Architecture } from '../../architectures/architecture.js';
import { madeUpData } from '../../devices/made-up-data.js';
import type { TrainingEngine } from '../../engine.js';
import { prepareTraining } from '../../prepare.js';
import { LayersModelStepper } from './stepper.js';
import { type TfjsNamespace, typed } from './tfjs.js';

export type { TfjsNamespace } from './tfjs.js';

export interface TfjsEngineOptions {
  /** Where it runs, as results record it; default what the backend's name tells: `cpu`, `wasm` or `webgpu`. */
  readonly device?: Device;
  /** Package and versions for manifests and reports; default `TensorFlow.js` with the backend's name. */
  readonly description?: string;
}

/**
 * An engine for `fit` on a loaded TensorFlow.js (`@tensorflow/tfjs-node`, `@tensorflow/tfjs`, ...), on the backend that is set.
 * Data, order, dropout's seed, losses, optimizers and reports are those of the default engine, and the trained weights end in the
 * same model file; dropout draws other masks. A training throws `session-failed` where the backend cannot do a step: WASM has no
 * gradient of convolutions.
 */
export function tfjsEngine(tf: TfjsNamespace, options: TfjsEngineOptions = {}): TrainingEngine {
  const backend = tf.getBackend();
  const device = options.device ?? (backend === 'webgpu' || backend === 'wasm' ? backend : 'cpu');
  return {
    name: 'tfjs',
    description: options.description ?? `TensorFlow.js (${backend})`,
    start: async (work) => LayersModelStepper.create(typed(tf), device, work),
  };
}

/** Does a small step, so that a backend is known to have all that an architecture takes. Throws `session-failed` where it has not. */
export async function tryTfjsEngine(engine: TrainingEngine, architecture: Architecture): Promise<void> {
  const train = madeUpData(architecture);
  const { images, labels, height, width, slots } = train;
  const createSession = () => Promise.reject(new Error('a trial makes no session'));
  const stepper = await engine.start({ ...prepareTraining({ architecture, train }), architecture, createSession });
  try {
    const few = { images: images.subarray(0, 2 * height * width), labels: labels.subarray(0, 2 * slots) };
    await stepper.steps(1, () => few);
  } finally {
    await stepper.close();
  }
}
