/** Finds a model: one of the shipped ones by name, a model's folder, or an .onnx file. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { DenaryError, type Manifest, parseManifest, problem } from '@denary/core';
import { sha256 } from './digest.js';

export interface ModelFile {
  readonly bytes: Uint8Array;
  /** The .onnx file. */
  readonly path: string;
  /** The folder's manifest, where there is one. */
  readonly manifest: Manifest | undefined;
}

const require = createRequire(import.meta.url);

/** The folder of the shipped models. */
export function modelsFolder(): string {
  return dirname(require.resolve('@denary/models/package.json'));
}

/** The names of the shipped models. */
export async function modelNames(): Promise<string[]> {
  const entries = await readdir(modelsFolder(), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const present = await Promise.all(folders.map((name) => isFile(join(modelsFolder(), name, 'model.onnx'))));
  return folders.filter((_, i) => present[i]).sort();
}

/**
 * Reads a model by name (`cnn`), folder or file, or a variant of it (`int8`), which is `model.int8.onnx` in its folder. Throws
 * `not-found`, or `bad-model` where a file in a model's folder is not the one that its manifest describes.
 */
export async function readModel(model: string, variant?: string): Promise<ModelFile> {
  const path = variant === undefined ? await locate(model) : await locateVariant(model, variant);
  const bytes = await readFile(path);
  const manifestPath = join(dirname(path), 'manifest.json');
  if (!(await isFile(manifestPath))) return { bytes, path, manifest: undefined };
  const manifest = parseManifest(await readFile(manifestPath, 'utf8'), manifestPath);
  const expected = manifest.files[basename(path)]?.sha256;
  const received = sha256(bytes);
  if (expected && expected !== received) {
    throw new DenaryError({
      code: 'bad-model',
      who: path,
      expected: `the file of its manifest (sha256 ${expected})`,
      received: `sha256 ${received}`,
      remedy:
        'The file was changed or damaged: restore it, or delete the manifest.json beside it to use it all the same.',
    });
  }
  if (variant !== undefined) requireSameWeights(path, variant, manifest);
  return { bytes, path, manifest };
}

async function locate(model: string): Promise<string> {
  const candidates = [model, join(model, 'model.onnx'), join(modelsFolder(), model, 'model.onnx')];
  for (const candidate of candidates) if (await isFile(candidate)) return resolve(candidate);
  throw new DenaryError({
    code: 'not-found',
    who: 'readModel',
    expected: `a shipped model (${(await modelNames()).join(', ')}), a model's folder or an .onnx file`,
    received: `"${model}"`,
    remedy: 'Check the path, or train one: denary train NAME --out DIR.',
  });
}

async function locateVariant(model: string, variant: string): Promise<string> {
  const path = join(dirname(await locate(model)), `model.${variant}.onnx`);
  if (await isFile(path)) return path;
  const remedy = `Make it (int8: denary quantize ${model}), or leave the variant out.`;
  throw problem('not-found', 'readModel', `${path}, the variant "${variant}"`, 'no such file', remedy);
}

/** A variant is a file of its own, which stays as it is where the model beside it is trained anew. */
function requireSameWeights(path: string, variant: string, { variants, files }: Manifest): void {
  const [of, model] = [variants?.[variant]?.of, files['model.onnx']?.sha256];
  if (of !== undefined && of === model) return;
  const expected = `a variant of the model.onnx beside it (sha256 ${model})`;
  const remedy = 'Make it anew (int8: denary quantize).';
  throw problem('bad-model', path, expected, of === undefined ? 'one of no known model' : `one of ${of}`, remedy);
}

export const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
