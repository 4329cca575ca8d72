/** Training graphs for a GPU, run on the CPU, which every machine has; test/gpu runs them on WebGPU. */

import { type Operator, trainingSpecOf } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { catalogue, targetOf } from '@denary/train';
import { describe, expect, it } from 'vitest';
import { describeTarget, graphFor } from './contract/target-contract.js';

/** As found with onnxruntime-node 1.30; Split and Concat by as many parts as a shader can bind. */
const onWebGpu: readonly Operator[] = [
  ...(['Abs', 'Add', 'And', 'Cast', 'Clip', 'Concat', 'Conv', 'ConvTranspose', 'Div', 'Elu', 'Equal', 'Exp'] as const),
  ...([
    'Expand',
    'Flatten',
    'Gather',
    'Gemm',
    'Greater',
    'HardSigmoid',
    'Identity',
    'LSTM',
    'Less',
    'Log',
    'MatMul',
    'Max',
  ] as const),
  ...(['MaxPool', 'Min', 'Mul', 'Neg', 'Not', 'Pad', 'Pow', 'Reciprocal', 'ReduceMax', 'ReduceMean'] as const),
  ...(['ReduceSum', 'Relu', 'Reshape', 'Sigmoid', 'Slice', 'Softmax', 'Split', 'Sqrt', 'Squeeze', 'Sub'] as const),
  ...(['Tanh', 'Transpose', 'Unsqueeze', 'Where'] as const),
];

describeTarget(createSession, 'cpu');

describe.each(catalogue.map((system) => [system.name, system] as const))('%s for a GPU', (_, system) => {
  const { training } = graphFor(system, 'gpu');

  it('has only operators that WebGPU has', () => {
    for (const { op, name, inputs, outputs } of training.graph.nodes) {
      expect(onWebGpu, name).toContain(op);
      if (op === 'Split') expect(inputs.length - 1 + outputs.length).toBeLessThanOrEqual(8);
      if (op === 'MaxPool') expect(outputs.length).toBe(1);
    }
  });

  it('has the state of the one for a CPU, so that a training can go on anywhere', () => {
    expect(trainingSpecOf(training)).toEqual(trainingSpecOf(graphFor(system, 'cpu').training));
  });
});

it('an LSTM for a GPU is few kernels', () => {
  const hrnn = catalogue.find(({ name }) => name === 'hrnn')!;
  const [cpu, gpu] = (['cpu', 'gpu'] as const).map((target) => graphFor(hrnn, target).training.graph.nodes.length);
  expect(gpu).toBeLessThan(cpu! / 3);
});

it('the target of a device is the GPU where there is one', () => {
  const targets = (['cpu', 'wasm', 'webgpu', 'cuda'] as const).map(targetOf);
  expect(targets).toEqual(['cpu', 'cpu', 'gpu', 'gpu']);
});
