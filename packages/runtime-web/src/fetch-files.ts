/** What `fetchModel`, `prefetchTuner` and `recover` do. */

import { cacheName } from './build-facts.js';
import { Downloads } from './download.js';
import type { FetchModelOptions } from './fetch-model.js';
import { runtimeFiles } from './files.js';
import { modelOf } from './recognizer.js';
import type { TunerOptions } from './tuner.js';
import { tuningFile } from './tuning-files.js';

export { recover } from '@denary/core';
// So that a tuner's code is fetched with this.
export { openTuner } from './open-tuner.js';

const downloadsFor = ({ cache = true, onProgress }: FetchModelOptions) =>
  new Downloads(cache ? cacheName : undefined, onProgress);

export async function modelBytes(options: FetchModelOptions): Promise<Uint8Array> {
  const model = modelOf(options);
  return model instanceof Uint8Array ? model : downloadsFor(options).get(model);
}

export async function tunerFiles(options: TunerOptions): Promise<void> {
  if (!globalThis.caches) return;
  const { model = 'cnn-pool4', base = model, device = 'wasm' } = options;
  const { mjs, wasm } = runtimeFiles(device, options);
  const packed = typeof base === 'string' ? tuningFile(base, options) : undefined;
  const downloads = downloadsFor(options);
  // What is imported by its address is kept by the browser alone, or by the page's service worker.
  const script = fetch(mjs.url);
  const given = modelOf(options);
  const files = [given instanceof Uint8Array ? [] : given, packed ?? [], wasm].flat();
  await Promise.all([script, ...files.map((file) => downloads.get(file))]);
}
