/** createTuner: a model that learns from corrections, in a page. */

import type { Samples, Tuner, TunerSettings } from '@denary/core';
import type { LoadOptions } from './create-session.js';
import type { ImageSource } from './image-source.js';

export interface TunerOptions extends TunerSettings, LoadOptions {
  /** A shipped model's name, the address of an .onnx file, or a model's bytes; default `cnn-pool4`. */
  readonly model?: string | URL | Uint8Array | ArrayBuffer;
  /** Of the model's file, in hexadecimal, as of a recognizer. */
  readonly sha256?: string;
  /**
   * A training graph, by its address or bytes, in place of those beside the model (`training.onnx`, `training.head.onnx`, ...).
   * Its name or else the graph itself tells what it trains: `auto` takes the strategy for that, another one must train the
   * same. Needed where the model is bytes, unless `base` names what they came from.
   */
  readonly training?: string | URL | Uint8Array;
  /** The core set, by its address or bytes; default the `replay.bin` beside the model, where there is one. `false` for none. */
  readonly replay?: string | URL | Uint8Array | Samples | false;
  /** The shipped model that a model given by its bytes was tuned from: its training graphs and core set serve. */
  readonly base?: string;
  /** Default `wasm`. WebGPU needs a training graph that was made for it. */
  readonly device?: 'wasm' | 'webgpu';
  /** As of a recognizer, default `thread`: training takes seconds, in which the page stays free. */
  readonly isolation?: 'thread' | 'none';
}

/**
 * Opens a model for tuning; the images that it takes are those of a recognizer. Throws DenaryError: `not-found` for a model or
 * training graph that is not there, that of the strategy included, `download-failed`, `bad-model`, `bad-data` for a core set
 * of another model, `bad-argument`. Where a page is neither on https nor on localhost, a lineage has `unknown` in place of a sha256.
 */
export async function createTuner(options: TunerOptions = {}): Promise<Tuner<ImageSource>> {
  // A page that only reads does not load this.
  const { openTuner } = await import('./open-tuner.js');
  return openTuner(options);
}
