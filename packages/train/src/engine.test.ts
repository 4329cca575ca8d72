import type { Session, SessionFactory } from '@denary/core';
import { isolatedSessions } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import type { Architecture } from './architectures/architecture.js';
import type { Layer } from './architectures/layers.js';
import { createDataset } from './data/dataset.js';
import { startTrainingGraph } from './engine.js';
import { prepareTraining } from './prepare.js';

const COUNT = 64;
const train = createDataset({
  name: 'made up',
  images: Uint8Array.from({ length: COUNT * 16 }, (_, i) => (i * 37) % 256),
  labels: Uint8Array.from({ length: COUNT }, (_, i) => i % 3),
  height: 4,
  width: 4,
  classes: 3,
});

const rows: readonly Layer[] = [
  { type: 'TimeDistributed', layer: { type: 'LSTM', units: 3 } },
  { type: 'LSTM', units: 3 },
];
const architectureOf = (as: Architecture['input']['as'], layers: readonly Layer[]): Architecture => ({
  name: 'small',
  description: '',
  input: { image: [4, 4], scale: 255, as },
  classes: 3,
  layers: [...layers, { type: 'Dense', units: 3, activation: 'softmax' }],
  training: { loss: 'categorical_crossentropy', optimizer: { name: 'SGD' }, batchSize: 40, epochs: 1 },
});

/** How many replicas train side by side; 1 for one session. */
async function replicasOf(architecture: Architecture, cores: number, threads?: number): Promise<number> {
  const open = isolatedSessions('thread');
  const replicas = new Set<number>();
  const count: SessionFactory = (model, options): Promise<Session> => {
    if (options?.state) replicas.add(options.replica?.replicas ?? 1);
    return open(model, options);
  };
  const createSession = Object.assign(count, { sideBySide: cores });
  const prepared = prepareTraining({ architecture, train });
  const stepper = await startTrainingGraph({ ...prepared, createSession, device: 'cpu', threads });
  try {
    const batch = { images: train.images.slice(0, 40 * 16), labels: train.labels.slice(0, 40) };
    const [loss] = await stepper.run(stepper.prepare(1, () => batch));
    expect(loss).toBeGreaterThan(0.5);
  } finally {
    await stepper.close();
  }
  expect(replicas.size).toBe(1);
  return [...replicas][0]!;
}

describe('training by replicas', () => {
  it('is for recurrent models, as far as there are cores, threads and rows', async () => {
    const recurrent = architectureOf('rows', rows);
    expect(await replicasOf(recurrent, 8)).toBe(2);
    expect(await replicasOf(recurrent, 8, 1)).toBe(1);
    expect(await replicasOf(recurrent, 1)).toBe(1);
  });

  it('is not for products that threads share well', async () => {
    expect(await replicasOf(architectureOf('flat', [{ type: 'Dense', units: 8 }]), 8)).toBe(1);
  });
});
