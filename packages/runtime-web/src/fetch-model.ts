/** What pages that teach ask for by themselves: a model's bytes, ahead of time what a tuner needs, and what was taught. */

import type { Recovered, recover as recoverFrom } from '@denary/core';
import type { LoadOptions } from './create-session.js';
import type { TunerOptions } from './tuner.js';

export interface FetchModelOptions extends LoadOptions {
  /** A shipped model's name, the address of an .onnx file, or a model's bytes; default `cnn-pool4`. */
  readonly model?: string | URL | Uint8Array | ArrayBuffer;
  /** Of the model's file, in hexadecimal, as of a recognizer. */
  readonly sha256?: string;
}

// Pages that only read load none of it.
const files = () => import('./fetch-files.js');

/**
 * The bytes of a model, from the browser's cache where they are there: for `recover`, say, or as a store's `base`. Throws
 * `not-found` and `download-failed`.
 */
export const fetchModel = async (options: FetchModelOptions = {}): Promise<Uint8Array> =>
  (await files()).modelBytes(options);

/**
 * Has the browser keep what `createTuner` with the same options and the first run will load, megabytes of ONNX Runtime among it,
 * so that a page can teach without a network: for when it is idle. Does nothing where the browser keeps no files. Throws `not-found` and `download-failed`.
 */
export const prefetchTuner = async (options: TunerOptions = {}): Promise<void> => (await files()).tunerFiles(options);

/** `recover` of @denary/core. */
export const recover = async (...given: Parameters<typeof recoverFrom>): Promise<Recovered> =>
  (await files()).recover(...given);
