/** Tuners in Node: the contract, on a worker thread and on the calling one, and what is Node's own. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Image, type SessionFactory, Tuner } from '@denary/core';
import { createSession, createTuner, modelsFolder } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { type TunerRuntime, taught, tunerContract } from './contract/tuner-contract.js';

const folder = join(modelsFolder(), 'mlp');
const [model, training, head] = await Promise.all(
  ['model.onnx', 'training.onnx', 'training.head.onnx'].map((name) => readFile(join(folder, name))),
);

describe.each(['none', 'thread'] as const)('a tuner of runtime-node, isolation %s', (isolation) => {
  const runtime: TunerRuntime = {
    model: model!,
    training: training!,
    head: head!,
    createTuner: (request) => createTuner({ ...request, isolation }),
    createSession,
  };
  it.each(Object.entries(tunerContract))('%s', (_, run) => run(runtime));
});

describe('createTuner', () => {
  it('finds what lies beside a model, by its name, folder or file', async () => {
    for (const place of ['mlp', folder, join(folder, 'model.onnx')]) {
      await using(await createTuner({ model: place, isolation: 'none', preprocess: 'none' }), async (tuner) => {
        await tuner.add(taught[0]!.image, 3);
        let steps = 0;
        for await (const { step } of tuner.run({ steps: 1 })) steps = step;
        expect(steps).toBe(1);
      });
    }
  });

  it('leaves no session open, whenever it is closed', async () => {
    let sessions = 0;
    const counted: SessionFactory = async (...of) => {
      const session = await createSession(...of);
      sessions++;
      const close = () => {
        sessions--;
        return session.close();
      };
      return Object.assign(Object.create(session) as typeof session, { close });
    };
    const parts = {
      model: model!,
      training: [{ bytes: training! }],
      createSession: counted,
      device: 'cpu',
      seconds: 5,
    } as const;
    const clock = { soon: setImmediate, after: () => () => {} };
    const open = () => new Tuner<Image>({ ...parts, decode: (image) => image, clock, digest: async () => '' });
    const image = { data: taught[0]!.image.data, width: 28, height: 28, channels: 1 } as const;
    const samples = [{ image, label: 3 }];

    const twice = open();
    await Promise.all([twice.evaluate(samples), twice.evaluate(samples)]);
    expect(sessions).toBe(1);
    await twice.close();
    expect(sessions).toBe(0);

    const soon = open();
    await soon.add(image, 3);
    const first = soon.run().next();
    await soon.close();
    expect((await first).value).toMatchObject({ outcome: 'aborted', step: 0 });
    expect(sessions).toBe(0);
  });

  it('normalises images as a recognizer does', async () => {
    await using(await createTuner({ model: 'mlp', isolation: 'none' }), async (tuner) => {
      const image = join(folder, '../../examples/images/digit-7.png');
      await tuner.add(image, 7);
      expect((await tuner.evaluate([{ image, label: 7 }])).accuracy).toBe(1);
      expect(tuner.corrections.images.some((pixel) => pixel > 0)).toBe(true);
      const blank = { data: new Uint8Array(100).fill(255), width: 10, height: 10 };
      await expect(tuner.add(blank, 1)).rejects.toMatchObject({ code: 'bad-image' });
    });
  });

  it('says what is missing', async () => {
    await expect(createTuner({ model: model! })).rejects.toMatchObject({ code: 'not-found' });
    await expect(createTuner({ model: 'mlp', training: 'nowhere.onnx' })).rejects.toMatchObject({ code: 'not-found' });
    await expect(createTuner({ model: 'mlp', replay: training! })).rejects.toMatchObject({ code: 'bad-data' });
  });
});

async function using<T extends AsyncDisposable>(tuner: T, test: (tuner: T) => Promise<void>) {
  try {
    await test(tuner);
  } finally {
    await tuner[Symbol.asyncDispose]();
  }
}
