/** What values a model's activations take on images: what their eight bits have to span. */

import { encodeModel, GraphBuilder, type Model, type SessionFactory } from '@denary/core';
import type { Dataset } from '../data/dataset.js';

/** The least and the greatest number that a value had. */
export interface Span {
  readonly min: number;
  readonly max: number;
}

export interface SpanOptions {
  readonly createSession: SessionFactory;
  readonly model: Model;
  /** Values of the graph, float32, by their names. */
  readonly names: readonly string[];
  /** The images that are run. */
  readonly images: Dataset;
  readonly signal?: AbortSignal | undefined;
}

const BATCH_SIZE = 64;

/** The span of each value over all images. */
export async function spansOf(options: SpanOptions): Promise<Map<string, Span>> {
  const { createSession, model, names, images, signal } = options;
  const { height, width, count } = images;
  const area = height * width;
  const session = await createSession(encodeModel(showing(model, names)));
  const spans = new Map<string, Span>();
  try {
    for (let start = 0; start < count; start += BATCH_SIZE) {
      signal?.throwIfAborted();
      const end = Math.min(start + BATCH_SIZE, count);
      const data = images.images.subarray(start * area, end * area);
      const values = await session.run({ image: { dtype: 'uint8', shape: [end - start, height, width], data } });
      for (const name of names) spans.set(name, widened(spans.get(name), values[name]!.data as Float32Array));
    }
  } finally {
    await session.close();
  }
  return spans;
}

/** The same model, with more of its values among its outputs. */
function showing({ graph, ...model }: Model, names: readonly string[]): Model {
  const builder = GraphBuilder.from(graph, model.opset, true);
  for (const name of names) builder.output(builder.value(name));
  return { ...model, graph: builder.build() };
}

function widened(span: Span | undefined, values: Float32Array): Span {
  let { min, max } = span ?? { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}
