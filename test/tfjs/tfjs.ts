/** TensorFlow.js on its plain CPU backend, the models that it saves as files in memory, and what denary makes of them. */

import { encodeModel, type Model, normal, stream, type Tensors } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { convertTfjsFiles, type TfjsFiles } from '@denary/train/tfjs';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';

export { tf };

type Sizes = readonly (number | null)[];

/** Draws all weights of a model anew, so that none is zero or one; variances are positive. */
export function drawWeights(model: tf.LayersModel, seed: number): tf.LayersModel {
  model.setWeights(
    model.weights.map((weight, i) => {
      const { shape } = weight.read();
      const key = stream(`weight ${i}`);
      const spread = /variance/.test(weight.originalName) ? (x: number) => 0.5 + Math.abs(x) : (x: number) => 0.4 * x;
      const count = shape.reduce((product, size) => product * size, 1);
      return tf.tensor(
        Float32Array.from({ length: count }, (_, j) => spread(normal(seed, key, j))),
        shape,
      );
    }),
  );
  return model;
}

/** What a model's own `save` writes, in shards of at most so many bytes. */
export async function savedFiles(model: tf.LayersModel, shardBytes = 1000): Promise<Map<string, Uint8Array>> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(given) };
    }),
  );
  const { weightData, weightSpecs, ...rest } = artifacts!;
  const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData!));
  const shards = Array.from({ length: Math.max(1, Math.ceil(bytes.length / shardBytes)) }, (_, i) =>
    bytes.slice(i * shardBytes, (i + 1) * shardBytes),
  );
  const paths = shards.map((_, i) => `group1-shard${i + 1}of${shards.length}.bin`);
  const json = { ...rest, weightsManifest: [{ paths, weights: weightSpecs }] };
  return new Map([
    ['model.json', new TextEncoder().encode(JSON.stringify(json))],
    ...shards.map((shard, i): [string, Uint8Array] => [paths[i]!, shard]),
  ]);
}

export const filesIn = (files: ReadonlyMap<string, Uint8Array>, name = 'a model'): TfjsFiles => ({
  name,
  read: async (path) => files.get(path) ?? Promise.reject(new Error(`there is no ${path}`)),
});

/** Inputs that a model takes, drawn by a seed; `whole` gives numbers of an embedding's rows. */
export function drawInputs(model: tf.LayersModel, seed: number, batch = 2, whole?: number): Map<string, tf.Tensor> {
  return new Map(
    model.inputs.map(({ shape }, i) => {
      const sizes = [batch, ...(shape as Sizes).slice(1).map((size) => size ?? 5)];
      const key = stream(`input ${i}`);
      const count = sizes.reduce((product, size) => product * size, 1);
      const value = (j: number) =>
        whole ? Math.abs(Math.floor(normal(seed, key, j) * 1000)) % whole : normal(seed, key, j);
      return [
        model.inputNames[i]!,
        tf.tensor(
          Float32Array.from({ length: count }, (_, j) => value(j)),
          sizes,
        ),
      ];
    }),
  );
}

export interface Compared {
  readonly model: Model;
  readonly bytes: Uint8Array;
  /** The largest difference, relative to values above 1. */
  readonly difference: number;
}

/** Loads a model's files as `tf.loadLayersModel` does. */
export async function loadFiles(files: ReadonlyMap<string, Uint8Array>): Promise<tf.LayersModel> {
  const { weightsManifest, ...json } = JSON.parse(new TextDecoder().decode(files.get('model.json')));
  const [{ paths, weights }] = weightsManifest;
  const weightData = tf.io.concatenateArrayBuffers(paths.map((path: string) => files.get(path)!.slice().buffer));
  return tf.loadLayersModel(tf.io.fromMemory({ ...json, weightSpecs: weights, weightData }));
}

/** Converts a model from what it saves and compares all outputs, by their names, with its own prediction. */
export async function compare(model: tf.LayersModel, inputs: ReadonlyMap<string, tf.Tensor>): Promise<Compared> {
  const converted = await convertTfjsFiles(filesIn(await savedFiles(model)));
  const bytes = encodeModel(converted);
  const expected = [model.predict(model.inputNames.map((name) => inputs.get(name)!))].flat();
  expect(converted.graph.inputs.map(({ name }) => name)).toEqual(model.inputNames);
  expect(converted.graph.outputs.length).toBe(expected.length);
  const feeds: Tensors = Object.fromEntries(
    [...inputs].map(([name, { shape, dataSync }]) => [
      name,
      { dtype: 'float32', shape, data: dataSync.call(inputs.get(name)) as Float32Array },
    ]),
  );
  const session = await createSession(bytes, { threads: 1 });
  try {
    const outputs = await session.run(feeds);
    const differences = expected.map((output, i) => {
      const found = outputs[converted.graph.outputs[i]!.name]!;
      expect(found.shape).toEqual(output.shape);
      return largestDifference(found.data as Float32Array, output.dataSync() as Float32Array);
    });
    return { model: converted, bytes, difference: Math.max(...differences) };
  } finally {
    await session.close();
    tf.dispose(expected);
  }
}

export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => {
    const distance = Math.abs(value - b[i]!) / Math.max(1, Math.abs(b[i]!));
    return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : Math.max(most, distance);
  }, 0);
