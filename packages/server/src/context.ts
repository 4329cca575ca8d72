/** What the routes are given. */

import type { BodyContext } from './bodies/submission.js';
import type { Metrics } from './metrics.js';
import type { ServedModel } from './model.js';
import type { ServerSettings } from './options.js';

export interface Context {
  readonly model: ServedModel;
  readonly metrics: Metrics;
  readonly settings: ServerSettings;
  readonly life: Readonly<Life>;
}

/** `draining`: it still serves, but wants no more; `closing`: it answers what it has. */
export interface Life {
  phase: 'serving' | 'draining' | 'closing';
}

/** What is needed for reading a body, by the model that is served now. */
export function bodyContext({ model, settings }: Context): BodyContext {
  const { width, height, maxQueue } = model.recognizer.info;
  return { width, height, maxImages: Math.min(settings.maxImages, maxQueue) };
}
