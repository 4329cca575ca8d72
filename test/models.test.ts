/** The shipped models: what their manifests say, and what the code would make of them today. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel, encodeModel, parseManifest, sizeOf } from '@denary/core';
import { createSession, modelNames, modelsFolder, readModel } from '@denary/runtime-node';
import { createTrainingGraph, evaluate, type LossName, type OptimizerSpec } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { describe, expect, it } from 'vitest';

describe.each(await modelNames())('models/%s', (name) => {
  const file = (path: string) => readFile(join(modelsFolder(), name, path));
  const manifestOf = async () => parseManifest(await file('manifest.json').then(String));

  it('has the files of its manifest', async () => {
    const { files } = await manifestOf();
    expect(Object.keys(files)).toEqual(['model.onnx', 'training.onnx']);
    for (const [path, { bytes, sha256 }] of Object.entries(files)) {
      const content = await file(path);
      expect(content.length).toBe(bytes);
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    }
  });

  it('has the parameters that it claims, and says in its file what it is', async () => {
    const { parameters, classes } = await manifestOf();
    const { graph, metadata } = decodeModel(await file('model.onnx'));
    const weights = [...graph.initializers].filter(
      ([weight, { dtype }]) => weight.includes('/') && dtype === 'float32',
    );
    const counted = weights
      .filter(([, { shape }]) => shape.length > 0)
      .reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0);
    expect(counted).toBe(parameters);
    expect(JSON.parse(metadata['denary.model']!)).toMatchObject({ name, classes, slots: 1 });
  });

  it('has the training graph that the code derives from it', async () => {
    const { training } = await manifestOf();
    const objective = {
      loss: training.loss as LossName,
      optimizer: training.optimizer as unknown as OptimizerSpec,
      batchSize: training.batchSize,
    };
    const derived = encodeModel(createTrainingGraph(decodeModel(await file('model.onnx')), objective));
    expect(Buffer.from(derived).equals(await file('training.onnx'))).toBe(true);
  });

  it('is as good as its manifest says', async () => {
    const { metrics } = await manifestOf();
    const { bytes } = await readModel(name);
    const result = await evaluate({ createSession, model: bytes, dataset: await loadDataset('mnist', 'test') });
    expect(result.accuracy).toBeCloseTo(metrics.test!.accuracy, 3);
    expect(result.loss).toBeCloseTo(metrics.test!.loss, 4);
  });
});
