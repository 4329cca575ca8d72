/** What opens a model on this thread, be it the page's or a worker's. */

import { decodeMetadata, type Session, type SessionOptions } from '@denary/core';
import { Downloads, type OnProgress } from './download.js';
import type { RemoteFile, RuntimeFiles, WebDevice } from './files.js';
import { loadRuntime } from './runtime.js';
import { sessionIn } from './session.js';

/** What a worker is asked to open. */
export interface OpenRequest {
  /** Bytes, or where they are to be fetched. */
  readonly model: Uint8Array | RemoteFile;
  readonly device: WebDevice;
  readonly options: Omit<SessionOptions, 'device'>;
  readonly runtimes: Readonly<Record<WebDevice, RuntimeFiles>>;
  readonly cache: boolean;
}

/** What it tells of the model besides the session. */
export interface Facts {
  /** The model file's `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly threads: number | undefined;
  readonly notes: readonly string[];
}

export interface Opened {
  readonly session: Session;
  readonly extra: Facts;
}

/** Throws as `createRecognizer` does. */
export async function open(request: OpenRequest, onProgress?: OnProgress): Promise<Opened> {
  const { device, runtimes, options, cache } = request;
  const downloads = new Downloads(cache, onProgress);
  const [model, runtime] = await Promise.all([
    request.model instanceof Uint8Array ? request.model : downloads.get(request.model),
    loadRuntime(device, runtimes[device], downloads, options.threads),
  ]);
  const metadata = decodeMetadata(model, nameOf(request.model));
  const session = await sessionIn(runtime, model, options);
  const { threads, notes } = runtime;
  return { session, extra: { metadata, threads, notes: [...notes, ...downloads.notes] } };
}

const nameOf = (model: OpenRequest['model']) => (model instanceof Uint8Array ? 'createRecognizer' : model.url);
