/** TensorFlow.js as an engine of `fit`: the same training by `tf.LayersModel.fit`. An option; the package is the caller's. */

import type { Device } from '@denary/core';
import type { TrainingEngine } from '../../engine.js';
import { LayersModelStepper } from './stepper.js';
import { type TfjsModule, typed } from './tfjs.js';

export type { TfjsModule } from './tfjs.js';

export interface TfjsEngineOptions {
  /** Where it runs, as results record it; default what the backend's name tells: `cpu`, `wasm` or `webgpu`. */
  readonly device?: Device;
  /** Package and versions for manifests and reports; default `TensorFlow.js` with the backend's name. */
  readonly description?: string;
}

/**
 * An engine for `fit` on a loaded TensorFlow.js (`@tensorflow/tfjs-node`, `@tensorflow/tfjs`, ...), on the backend that is set.
 * Data, order, dropout's seed, losses, optimizers and reports are those of the default engine, and the trained weights end in the
 * same model file; dropout draws other masks. Throws `unknown-layer` where TensorFlow.js has no counterpart of a layer.
 */
export function tfjsEngine(tf: TfjsModule, options: TfjsEngineOptions = {}): TrainingEngine {
  const backend = tf.getBackend();
  const device = options.device ?? (backend === 'webgpu' || backend === 'wasm' ? backend : 'cpu');
  return {
    name: 'tfjs',
    description: options.description ?? `TensorFlow.js (${backend})`,
    start: async (work) => LayersModelStepper.create(typed(tf), device, work),
  };
}
