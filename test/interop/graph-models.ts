/** Graph models of TensorFlow.js as ONNX, beside what TensorFlow.js itself makes of them. */

import { encodeModel, type Model, type Tensor, type Tensors } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import type { TfjsFiles } from '@denary/train/tfjs';
import * as tf from '@tensorflow/tfjs';

/** Loads a model of either kind from its files, as any loader of TensorFlow.js would. */
export async function loadTfjs({ json = 'model.json', read }: TfjsFiles): Promise<tf.GraphModel | tf.LayersModel> {
  const file = JSON.parse(new TextDecoder().decode(await read(json)));
  const groups: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[] = file.weightsManifest;
  const shards = await Promise.all(groups.flatMap(({ paths }) => paths.map((path) => read(path))));
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
  const artifacts = { ...file, weightSpecs: groups.flatMap(({ weights }) => weights), weightData };
  const handler = { load: async () => artifacts };
  return 'node' in file.modelTopology ? tf.loadGraphModel(handler) : tf.loadLayersModel(handler);
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

/** The outputs of TensorFlow.js, by the names that the converted model has for them. */
export async function runTfjs(
  model: tf.GraphModel | tf.LayersModel,
  feeds: Tensors,
  names: readonly string[],
): Promise<Tensors> {
  const given = Object.entries(feeds).map(
    ([name, { data, shape, dtype }]) =>
      [name, tf.tensor(data as Float32Array, [...shape], dtype as 'float32')] as const,
  );
  const outputs = [
    model instanceof tf.GraphModel
      ? await runGraph(model, given, names)
      : model.predict(given.map(([, input]) => input)),
  ].flat();
  const values = outputs.map(
    (output): Tensor => ({
      dtype: 'float32',
      shape: output.shape,
      data: Float32Array.from(output.dataSync() as Float32Array),
    }),
  );
  tf.dispose([given.map(([, input]) => input), outputs]);
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

/** A graph model wants the names of nodes, which its signature tells. */
function runGraph(model: tf.GraphModel, given: readonly (readonly [string, tf.Tensor])[], names: readonly string[]) {
  const signature = model.modelSignature as Partial<Record<string, Record<string, { name: string }>>> | undefined;
  const nodeOf = (kind: 'inputs' | 'outputs', name: string) => signature?.[kind]?.[name]?.name ?? name;
  return model.executeAsync(
    Object.fromEntries(given.map(([name, input]) => [nodeOf('inputs', name), input])),
    names.map((name) => nodeOf('outputs', name)),
  );
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
