/** What runs in the page: a system trained some steps on a device, from the same weights and on the same images every time. */
import { encodeModel, initializersOf, Trainer, toNumbers } from '@denary/core';
import { createSession } from '@denary/runtime-web';
import { buildModel, createTrainingGraph, findArchitecture, targetOf, uniform } from '@denary/train';

const BATCH = 8;

/** The buffers on the GPU that were made and not destroyed. */
let buffers = 0;
interface Buffer {
  destroy(): void;
}
const { GPUDevice } = globalThis as unknown as { GPUDevice: { prototype: { createBuffer(details: object): Buffer } } };
const { createBuffer } = GPUDevice.prototype;
GPUDevice.prototype.createBuffer = function (details) {
  const buffer = createBuffer.call(this, details);
  const { destroy } = buffer;
  buffers++;
  buffer.destroy = () => {
    buffers--;
    destroy.call(buffer);
  };
  return buffer;
};

async function train(name: string, device: 'wasm' | 'webgpu', steps: number) {
  const architecture = findArchitecture(name);
  const { model } = buildModel(architecture, 1);
  const objective = { ...architecture.training, batchSize: BATCH, target: targetOf(device) };
  const training = encodeModel(createTrainingGraph(model, objective));
  const weights = initializersOf(model);
  const trainer = await Trainer.create({ createSession, training, weights, seed: 2, device });
  const images = Uint8Array.from({ length: BATCH * 784 }, (_, i) => 256 * uniform(1, 1, i) ** 3);
  const labels = Array.from({ length: BATCH }, (_, i) => i % 10);
  const losses: number[] = [];
  const held: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push(await trainer.step({ images, labels }));
    held.push(buffers);
  }
  const state = await trainer.state();
  await trainer.close();
  return {
    device: trainer.device,
    losses,
    held,
    state: Object.entries(state).map(([name, x]) => [name, toNumbers(x)]),
  };
}

/** The code of the error of a session for a graph that WebGPU could not run by itself. */
async function refusal(): Promise<string> {
  const architecture = findArchitecture('cnn-pool4');
  const { model } = buildModel(architecture, 1);
  const training = encodeModel(createTrainingGraph(model, { ...architecture.training, batchSize: 1, target: 'cpu' }));
  try {
    await Trainer.create({ createSession, training, weights: initializersOf(model), device: 'webgpu' });
    return 'none';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

Object.assign(globalThis, { train, refusal });
