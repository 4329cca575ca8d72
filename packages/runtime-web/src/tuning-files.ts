/** What the shipped models are tuned with, training graphs and core set in one file for each; only tuners load this. */

import type { FileFacts } from './build-facts.js';
import { fileBeside, type Places, type RemoteFile } from './files.js';

const beside: Readonly<Record<string, () => URL>> = {
  'cnn-pool4.tuning': () => new URL('./assets/cnn-pool4.tuning', import.meta.url),
  'cnn.tuning': () => new URL('./assets/cnn.tuning', import.meta.url),
  'mlp.tuning': () => new URL('./assets/mlp.tuning', import.meta.url),
  'hrnn.tuning': () => new URL('./assets/hrnn.tuning', import.meta.url),
};

declare const DENARY_TUNING_FILES: FileFacts;
const facts: FileFacts = typeof DENARY_TUNING_FILES === 'undefined' ? {} : DENARY_TUNING_FILES;

/** A shipped model's file; nothing where the name is none. */
export function tuningFile(model: string, places: Places): RemoteFile | undefined {
  const name = `${model}.tuning`;
  return Object.hasOwn(beside, name) ? fileBeside(name, beside[name]!, facts[name], places) : undefined;
}
