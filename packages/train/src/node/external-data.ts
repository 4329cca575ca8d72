/** Reads an exporter's model as one file: PyTorch writes the weights into another one beside it, `model.onnx.data`. */

import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { externalFilesIn, problem, withExternalData } from '@denary/core';

/**
 * The bytes of the model of that path with all of its weights inside; as given, where they are. Throws `bad-model` where a
 * file is missing, or lies elsewhere than beside the model: a model is not to say which files of a machine are read.
 */
export async function withFilesBeside(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  const names = externalFilesIn(bytes, path);
  if (names.length === 0) return bytes;
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    if (name !== basename(name) || name === '' || name === '..') {
      const remedy = 'Save the model as one file: onnx.save(model, path, save_as_external_data=False).';
      throw problem('bad-model', path, 'weights in a file beside it', `"${name}"`, remedy);
    }
    const content = await readFile(join(dirname(path), name)).catch(() => undefined);
    if (content) files.set(name, content);
  }
  return withExternalData(bytes, files, path);
}
