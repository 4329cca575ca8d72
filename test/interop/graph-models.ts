/** Graph models of TensorFlow.js as ONNX, beside what TensorFlow.js itself makes of them. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, type Model, type Tensor, type Tensors } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import * as tf from '@tensorflow/tfjs';

/** Loads a model from its folder, as any loader of TensorFlow.js would. */
export async function loadGraphModel(folder: string): Promise<tf.GraphModel> {
  const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const shards = await Promise.all(
    json.weightsManifest.flatMap(({ paths }: { paths: string[] }) => paths.map((path) => readFile(join(folder, path)))),
  );
  const weightSpecs = json.weightsManifest.flatMap(({ weights }: { weights: unknown[] }) => weights);
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
  return tf.loadGraphModel({ load: async () => ({ ...json, weightSpecs, weightData }) });
}

/** The outputs of a converted model, by name. */
export async function runOnnx(model: Model, feeds: Tensors): Promise<Tensors> {
  const session = await createSession(encodeModel(model), { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** The outputs of TensorFlow.js for the inputs and outputs of the signature, or of the nodes of those names. */
export async function runTfjs(model: tf.GraphModel, feeds: Tensors, names: readonly string[]): Promise<Tensors> {
  const signature = model.modelSignature as Partial<Record<string, Record<string, { name: string }>>> | undefined;
  const nodeOf = (kind: 'inputs' | 'outputs', name: string) => signature?.[kind]?.[name]?.name ?? name;
  const given = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape, dtype }]) => [
      nodeOf('inputs', name),
      tf.tensor(data as Float32Array, [...shape], dtype as 'float32'),
    ]),
  );
  const outputs = [
    await model.executeAsync(
      given,
      names.map((name) => nodeOf('outputs', name)),
    ),
  ].flat();
  const values = outputs.map((output): Tensor => {
    const data = output.dataSync();
    return { dtype: 'float32', shape: output.shape, data: Float32Array.from(data as Float32Array) };
  });
  tf.dispose([given, outputs]);
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

/** The largest difference, relative to values above 1. */
export function distance(actual: Tensors, expected: Tensors): number {
  let most = 0;
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const found = actual[name];
    if (found?.shape.join() !== shape.join()) throw new Error(`${name}: [${found?.shape}], not [${shape}]`);
    data.forEach((value: number | bigint, i: number) => {
      const apart = Math.abs(Number(found.data[i]) - Number(value)) / Math.max(1, Math.abs(Number(value)));
      most = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.max(most, apart);
    });
  }
  return most;
}
