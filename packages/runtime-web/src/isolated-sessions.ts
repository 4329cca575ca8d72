/** Sessions in Web Workers of their own. */

import type { SessionFactory } from '@denary/core';
import { type LoadOptions, sessionRequest } from './create-session.js';
import { fileNamed } from './files.js';
import { openWorker } from './web-worker.js';

/**
 * A factory of sessions that each have a worker of their own: training, say, off the page's thread. Where the worker dies, the
 * session's state dies with it, and its calls reject with `worker-lost`.
 */
export const isolatedSessions =
  (load: LoadOptions = {}): SessionFactory =>
  (model, options = {}) =>
    openWorker(fileNamed('worker.js', load), sessionRequest(model, options, load), load.onProgress);
