/** The files of a TensorFlow.js model in a folder. */

import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { messageOf, problem } from '@denary/core';
import type { TfjsFiles } from '../tfjs/read-model.js';

/** A model's folder, or its JSON file. What lies outside of the folder is not read, symbolic links included. */
export async function tfjsFolder(path: string): Promise<TfjsFiles> {
  const isFolder = (await stat(path).catch((cause) => unreadable(path, cause))).isDirectory();
  const folder = await realpath(isFolder ? path : dirname(path));
  return {
    name: path,
    json: isFolder ? 'model.json' : basename(path),
    read: async (file) => {
      try {
        const real = await realpath(join(folder, file));
        if (real.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return await readFile(real);
      } catch (cause) {
        return unreadable(join(path, file), cause);
      }
      throw problem(
        'bad-model',
        path,
        'files in its folder',
        `"${file}", which leads out of it`,
        'Copy the file itself.',
      );
    },
  };
}

function unreadable(path: string, cause: unknown): never {
  throw problem('not-found', path, 'a file that can be read', messageOf(cause), 'Check the path.', cause);
}
