/**
 * Our files in other hands: onnx's checker, ONNX Runtime in Node, in WASM and in Python, and OpenCV, which shares no
 * code with any of them.
 */

import {
  encodeModel,
  GraphBuilder,
  type Model,
  type SessionFactory,
  sizeOf,
  type Tensor,
  withWeights,
} from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { createSession as createWebSession } from '@denary/runtime-web';
import { type Architecture, buildModel, catalogue, createTrainingGraph, dataOf } from '@denary/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BATCH_SIZE, step, THREADS, testBatches, titleOf, trainerOf } from './denary.js';
import { type Answers, python } from './exchange.js';
import { largestDifference, shown } from './measures.js';

interface Checked {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly domains: readonly string[];
  readonly outputs: readonly Tensor[];
  readonly opencv: Tensor;
}

/** One system as a user would have it. */
interface Exported {
  readonly model: Model;
  readonly training: Model;
  /** Images that it was not trained on. */
  readonly image: Tensor;
}

/** A system's training graph, and its model after a few steps of Adam: no weight or statistic is as it began. */
async function exported(architecture: Architecture): Promise<Exported> {
  const { model, regularizers } = buildModel(architecture, 1);
  const objective = { ...architecture.training, regularizers, batchSize: BATCH_SIZE };
  const [unseen, ...batches] = await testBatches(4, dataOf(architecture));
  const trainer = await trainerOf(model, { ...objective, optimizer: { name: 'Adam', learningRate: 0.003 } });
  for (const batch of batches) await step(trainer, batch);
  const trained = withWeights(model, await trainer.weights());
  await trainer.close();
  return { model: trained, training: createTrainingGraph(model, objective), image: unseen!.images };
}

/** What a runtime makes of the images. */
async function predict(create: SessionFactory, { model, image }: Exported): Promise<Tensor> {
  const session = await create(encodeModel(model), { threads: THREADS });
  const { probabilities } = await session.run({ image });
  await session.close();
  return probabilities!;
}

/** How far the images' probabilities of a class are apart, for the class where it is most. */
function spread({ shape, data }: Tensor): number {
  const [count = 0, ...rest] = shape;
  const ranges = Array.from({ length: sizeOf(rest) }, (_, i) => {
    const each = Array.from({ length: count }, (_, image) => Number(data[image * sizeOf(rest) + i]));
    return Math.max(...each) - Math.min(...each);
  });
  return Math.max(...ranges);
}

/** The shapes that denary infers, of all values that onnx found one for. */
function shapesOf({ graph, opset }: Model, names: readonly string[]): Record<string, readonly unknown[]> {
  const builder = GraphBuilder.from(graph, opset);
  return Object.fromEntries(names.map((name) => [name, builder.value(name).shape]));
}

const systems: Record<string, Exported> = {};
let checked: Answers<Checked>;
const report: string[] = [];

beforeAll(async () => {
  const items: Record<string, object> = {};
  for (const architecture of catalogue) {
    const title = titleOf(architecture);
    const system = await exported(architecture);
    const model = { model: encodeModel(system.model), feeds: { image: system.image } };
    systems[title] = system;
    items[title] = model;
    items[`${title}, OpenCV`] = { ...model, opencv: true };
    items[`${title}, training`] = { model: encodeModel(system.training) };
  }
  checked = await python('check', items);
});

afterAll(() => console.info(report.join('\n')));

describe.each(catalogue.map(titleOf))('%s', (title) => {
  it("passes onnx's checker", () => {
    expect(checked.get(title).domains).toEqual(['']);
  });

  it("passes onnx's checker as a training graph, in the default domain alone", () => {
    expect(checked.get(`${title}, training`).domains).toEqual(['']);
  });

  it('has the shapes that onnx infers', () => {
    const { model, training } = systems[title]!;
    const ofModel = checked.get(title).shapes;
    const ofTraining = checked.get(`${title}, training`).shapes;
    expect(shapesOf(model, Object.keys(ofModel))).toEqual(ofModel);
    expect(shapesOf(training, Object.keys(ofTraining))).toEqual(ofTraining);
    expect(Object.keys(ofTraining).length).toBeGreaterThan(training.graph.nodes.length / 2);
  });

  it("predicts the same in onnxruntime-node, onnxruntime-web, Python's ONNX Runtime, and OpenCV's dnn", async () => {
    const node = await predict(createSession, systems[title]!);
    const others = {
      web: await predict(createWebSession, systems[title]!),
      Python: checked.get(title).outputs[0]!,
      OpenCV: checked.get(`${title}, OpenCV`).opencv,
    };
    const errors = Object.entries(others).map(([name, other]) => [name, largestDifference(node, other)] as const);
    report.push(shown(title, { ...Object.fromEntries(errors), 'of a spread of': spread(node) }));
    for (const [name, error] of errors) expect(error, name).toBeLessThan(1e-5);
    expect(spread(node)).toBeGreaterThan(1e-3);
  });
});
