/** The shipped models: what their manifests say, and what the code would make of them today. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel, encodeModel, parseManifest } from '@denary/core';
import { createSession, modelNames, modelsFolder, readModel } from '@denary/runtime-node';
import {
  type Architecture,
  buildModel,
  createTrainingGraph,
  evaluate,
  type LossName,
  type OptimizerSpec,
} from '@denary/train';
import { type DatasetName, loadDataset } from '@denary/train/node';
import { describe, expect, it } from 'vitest';

describe.each(await modelNames())('models/%s', (name) => {
  const file = (path: string) => readFile(join(modelsFolder(), name, path));
  const manifestOf = async () => parseManifest(await file('manifest.json').then(String));

  it('has the files of its manifest', async () => {
    const { files } = await manifestOf();
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['model.onnx', 'training.onnx']));
    for (const [path, { bytes, sha256 }] of Object.entries(files)) {
      const content = await file(path);
      expect(content.length).toBe(bytes);
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    }
  });

  it('has the parameters that it claims, and says in its file what it is', async () => {
    const { parameters, classes, slots, architecture } = await manifestOf();
    const { layers } = buildModel(architecture as Architecture);
    const { graph, metadata } = decodeModel(await file('model.onnx'));
    const weights = layers.flatMap((layer) => layer.weights);
    expect(weights.reduce((sum, weight) => sum + weight.parameters, 0)).toBe(parameters);
    for (const { name: weight, shape } of weights) expect(graph.initializers.get(weight)?.shape).toEqual(shape);
    expect(JSON.parse(metadata['denary.model']!)).toMatchObject({ name, classes, slots });
  });

  it('has the training graph that the code derives from it', async () => {
    const training = (await manifestOf()).training!;
    const objective = {
      loss: training.loss as LossName,
      optimizer: training.optimizer as unknown as OptimizerSpec,
      batchSize: training.batchSize,
    };
    const derived = encodeModel(createTrainingGraph(decodeModel(await file('model.onnx')), objective));
    expect(Buffer.from(derived).equals(await file('training.onnx'))).toBe(true);
  });

  it('is as good as its manifest says', async () => {
    const { metrics, variants = {}, architecture } = await manifestOf();
    const dataset = await loadDataset(((architecture as Architecture).training.data ?? 'mnist') as DatasetName, 'test');
    const tests = { '': metrics.test!, ...(variants.int8 && { int8: variants.int8.metrics.test! }) };
    for (const [variant, test] of Object.entries(tests)) {
      const { bytes } = await readModel(name, variant || undefined);
      const result = await evaluate({ createSession, model: bytes, dataset });
      expect(result.accuracy).toBeCloseTo(test.accuracy, 3);
      expect(result.loss).toBeCloseTo(test.loss, 4);
    }
  });

  it('loses next to nothing in eight bits, and is a third of the size or less', async () => {
    const { metrics, variants = {}, files, architecture } = await manifestOf();
    const isRecurrent = (architecture as Architecture).layers.some(({ type }) => type === 'LSTM');
    expect(Object.keys(variants)).toEqual(isRecurrent ? [] : ['int8']);
    if (!variants.int8) return;
    expect(metrics.test!.accuracy - variants.int8.metrics.test!.accuracy).toBeLessThan(0.001);
    expect(files['model.int8.onnx']!.bytes / files['model.onnx']!.bytes).toBeLessThan(0.38);
  });
});
