/** A TensorFlow.js model in a folder beside what denary makes of it, on random inputs. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DType, encodeModel, sizeOf, type Tensor, type Tensors } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { stream, uniform } from '@denary/train';
import { tfjsFolder } from '@denary/train/node';
import { type ConvertOptions, convertTfjsFiles } from '@denary/train/tfjs';
import * as tf from '@tensorflow/tfjs';

const BATCH = 2;

/** From the folder's files, as any loader of TensorFlow.js would give them. */
export async function loadTfjsModel(folder: string): Promise<tf.GraphModel> {
  const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const shards = await Promise.all(
    json.weightsManifest.flatMap(({ paths }: { paths: string[] }) => paths.map((path) => readFile(join(folder, path)))),
  );
  const weightSpecs = json.weightsManifest.flatMap(({ weights }: { weights: unknown[] }) => weights);
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
  return tf.loadGraphModel({ load: async () => ({ ...json, weightSpecs, weightData }) });
}

/** Values that an input may have: whole numbers below 20, or numbers from -1 to 1. */
function draw(name: string, dtype: DType, shape: readonly number[]): Tensor {
  const key = stream(name);
  const draws = Float32Array.from({ length: sizeOf(shape) }, (_, i) => uniform(5, key, i));
  if (dtype === 'int32') return { dtype, shape, data: Int32Array.from(draws, (value) => Math.floor(20 * value)) };
  return {
    dtype: 'float32',
    shape,
    data: draws.map((value) => (/embedding/.test(name) ? Math.floor(20 * value) : 2 * value - 1)),
  };
}

/** The largest difference between an output of TensorFlow.js and ours, relative to values above 1. */
export async function distance(folder: string, options: ConvertOptions = {}): Promise<number> {
  const [theirs, model] = [await loadTfjsModel(folder), await convertTfjsFiles(await tfjsFolder(folder), options)];
  const feeds: Tensors = Object.fromEntries(
    model.graph.inputs.map(({ name, dtype, shape }) => {
      const sizes = shape.map((size) => (typeof size === 'number' ? size : BATCH));
      return [name, draw(`${folder}/${name}`, dtype, sizes)];
    }),
  );
  const session = await createSession(encodeModel(model), { threads: 1 });
  const ours = await session.run(feeds);
  await session.close();
  const signature = theirs.modelSignature as unknown as
    | Record<'inputs' | 'outputs', Record<string, { name: string }>>
    | undefined;
  const nodeOf = (kind: 'inputs' | 'outputs', name: string) => signature?.[kind]?.[name]?.name ?? name;
  const given = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape, dtype }]) => [
      nodeOf('inputs', name),
      tf.tensor(data as Float32Array, [...shape], dtype as 'float32'),
    ]),
  );
  const names = model.graph.outputs.map(({ name }) => name);
  const expected = [
    await theirs.executeAsync(
      given,
      names.map((name) => nodeOf('outputs', name)),
    ),
  ].flat();
  const distances = expected.map((output, i) => {
    const found = ours[names[i]!]!;
    if (found.shape.join() !== output.shape.join())
      throw new Error(`${names[i]}: [${found.shape}], not [${output.shape}]`);
    const values = output.dataSync();
    let most = 0;
    for (let j = 0; j < values.length; j++) {
      const apart = Math.abs(Number(found.data[j]) - values[j]!) / Math.max(1, Math.abs(values[j]!));
      if (!(apart <= most)) most = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    }
    return most;
  });
  tf.dispose([given, expected]);
  theirs.dispose();
  return Math.max(...distances);
}
