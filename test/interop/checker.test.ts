/** Our files in other hands: onnx's checker, ONNX Runtime in Python, and OpenCV, which shares no code with either. */

import { encodeModel, GraphBuilder, initializersOf, type Model, type Tensor, Trainer, withWeights } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { type Architecture, buildModel, catalogue, createTrainingGraph } from '@denary/train';
import { beforeAll, describe, expect, it } from 'vitest';
import { BATCH_SIZE, type Batch, THREADS, testBatches } from './denary.js';
import { type Answers, python } from './exchange.js';
import { largestDifference } from './measures.js';

interface Checked {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly domains: readonly string[];
  readonly outputs: readonly Tensor[];
  readonly opencv: Tensor;
}

/** A model after a few steps, so that no weight or statistic has its initial value, and its training graph. */
async function trained(architecture: Architecture, batches: readonly Batch[]) {
  const { model } = buildModel(architecture, 1);
  const { loss, optimizer } = architecture.training;
  const graph = createTrainingGraph(model, { loss, optimizer, batchSize: BATCH_SIZE });
  const weights = initializersOf(model);
  const trainer = await Trainer.create({ createSession, training: encodeModel(graph), weights, threads: THREADS });
  for (const { images, labels } of batches) await trainer.step({ images: images.data, labels: labels.data });
  const result = withWeights(model, await trainer.weights());
  await trainer.close();
  return { model: result, training: graph };
}

/** What onnxruntime-node makes of the images. */
async function predict(model: Model, image: Tensor): Promise<Tensor> {
  const session = await createSession(encodeModel(model), { threads: THREADS });
  const { probabilities } = await session.run({ image });
  await session.close();
  return probabilities!;
}

/** The shapes that denary infers, of all values that onnx found one for. */
function shapesOf({ graph, opset }: Model, names: readonly string[]): Record<string, readonly unknown[]> {
  const builder = GraphBuilder.from(graph, opset);
  return Object.fromEntries(names.map((name) => [name, builder.value(name).shape]));
}

describe.each(catalogue)('$name', (architecture) => {
  let model: Model;
  let training: Model;
  let image: Tensor;
  let checked: Answers<Checked>;

  beforeAll(async () => {
    const { data } = architecture.training;
    const batches = await testBatches(4, data === 'pairs' || data === 'strings' ? data : 'mnist');
    image = batches[0]!.images;
    ({ model, training } = await trained(architecture, batches.slice(1)));
    checked = await python('check', {
      model: { model: encodeModel(model), feeds: { image } },
      opencv: { model: encodeModel(model), feeds: { image }, opencv: true },
      training: { model: encodeModel(training) },
    });
  });

  it("passes onnx's checker", () => {
    expect(checked.get('model').domains).toEqual(['']);
  });

  it("passes onnx's checker as a training graph, in the default domain alone", () => {
    expect(checked.get('training').domains).toEqual(['']);
  });

  it('has the shapes that onnx infers', () => {
    for (const [name, file] of Object.entries({ model, training })) {
      const { shapes } = checked.get(name);
      expect(shapesOf(file, Object.keys(shapes))).toEqual(shapes);
    }
    expect(Object.keys(checked.get('training').shapes).length).toBeGreaterThan(training.graph.nodes.length / 2);
  });

  it('predicts the same in ONNX Runtime from Python', async () => {
    expect(largestDifference(checked.get('model').outputs[0]!, await predict(model, image))).toBeLessThan(1e-5);
  });

  it("predicts the same in OpenCV's dnn", async () => {
    expect(largestDifference(checked.get('opencv').opencv, await predict(model, image))).toBeLessThan(1e-5);
  });
});
