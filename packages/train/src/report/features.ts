/** What a model makes of images just before it decides: the numbers that its last dense layer is given. */

import { DenaryError, decodeModel, encodeModel, GraphBuilder, type Model, type SessionFactory } from '@denary/core';
import type { Dataset } from '../data/dataset.js';

export interface Features {
  /** [count, size], row by row. */
  readonly data: ArrayLike<number>;
  /** What the numbers are, in words. */
  readonly what: string;
}

export interface FeatureOptions {
  readonly model: Uint8Array;
  readonly dataset: Dataset;
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal | undefined;
}

const BATCH = 128;

/** The pixels themselves where the model has no such layer, or one that denary cannot look into. */
export async function featuresOf({ model, dataset, createSession, signal }: FeatureOptions): Promise<Features> {
  const { images, count, height, width } = dataset;
  const found = upToLastLayer(decodeModel(model, 'createReport'));
  if (!found) return { data: images, what: 'raw pixels' };
  const area = height * width;
  const parts: Float32Array[] = [];
  const session = await createSession(encodeModel(found.model));
  try {
    for (let start = 0; start < count; start += BATCH) {
      signal?.throwIfAborted();
      const end = Math.min(start + BATCH, count);
      const data = images.subarray(start * area, end * area);
      const result = await session.run({ image: { dtype: 'uint8', shape: [end - start, height, width], data } });
      parts.push(result[found.output]!.data as Float32Array);
    }
  } finally {
    await session.close();
  }
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const data = new Float32Array(size);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { data, what: `the ${size / count} numbers that go into the last layer, ${found.layer}` };
}

/** The model cut off before its last layer. */
function upToLastLayer({ graph, opset }: Model): { model: Model; output: string; layer: string } | undefined {
  const last = graph.nodes.findLast(
    ({ op, inputs }) => (op === 'Gemm' || op === 'MatMul') && graph.initializers.has(inputs[1] ?? ''),
  );
  const name = last?.inputs[0];
  if (!last || !name) return undefined;
  try {
    const builder = GraphBuilder.from(graph, opset);
    const { shape, dtype } = builder.output(builder.value(name));
    if (dtype !== 'float32' || shape.length < 2 || shape[0] !== graph.inputs[0]?.shape[0]) return undefined;
    return { model: builder.model(), output: name, layer: last.name };
  } catch (error) {
    // The shapes of a foreign model's values are not always known.
    if (error instanceof DenaryError && error.code === 'unsupported-operator') return undefined;
    throw error;
  }
}
