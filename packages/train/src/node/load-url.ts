/** Models at a URL or in a Hub, by the loader of @tensorflow/tfjs-converter, which is loaded on demand. */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { messageOf, problem } from '@denary/core';
import type { LoadedModel } from '../tfjs/loaded.js';

export const isUrl = (path: string): boolean => /^https?:\/\//.test(path);

interface Loader {
  loadGraphModel(url: string, options: { fromTFHub: boolean }): Promise<LoadedModel>;
}

const CONVERTER = '@tensorflow/tfjs-converter';

/** TensorFlow Hub's addresses name a model's page: the loader adds what its files are called. */
const isHub = (url: string): boolean =>
  /^https:\/\/(www\.)?(tfhub\.dev|kaggle\.com)\//.test(url) && !/\.json$/.test(url);

/** Throws `device-unavailable` where the loader is not installed, `not-found` where it finds no model. */
export async function loadUrl(url: string): Promise<LoadedModel> {
  const loader = load();
  try {
    return await loader.loadGraphModel(url, { fromTFHub: isHub(url) });
  } catch (cause) {
    throw problem('not-found', url, 'a graph model of TensorFlow.js', messageOf(cause), 'Check the address.', cause);
  }
}

function load(): Loader {
  for (const from of [join(process.cwd(), 'from-here.js'), import.meta.url]) {
    try {
      return createRequire(from)(CONVERTER) as Loader;
    } catch {
      // Looked for in the next place.
    }
  }
  throw problem(
    'device-unavailable',
    'models at a URL',
    `${CONVERTER}, which loads them`,
    'none that is installed',
    `Install it: npm install ${CONVERTER} @tensorflow/tfjs-core`,
  );
}
