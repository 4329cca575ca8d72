/** Devices on trial, with real sessions in real child processes: what hangs, crashes or miscomputes there stays there. */

import type { ChildProcess } from 'node:child_process';
import { type Device, encodeModel, filled, GraphBuilder, type Session, type SessionFactory } from '@denary/core';
import { createSession, obstacleTo, tryDevice } from '@denary/runtime-node';
import {
  chooseDevice,
  createTrainingGraph,
  findArchitecture,
  madeUpData,
  prepareTraining,
  type Trial,
} from '@denary/train';
import { describe, expect, it } from 'vitest';

const architecture = findArchitecture('mlp');
const prepared = prepareTraining({ architecture, train: madeUpData(architecture), seed: 3 });

/** A chain of products that keeps every core busy for minutes. */
function endless(): Uint8Array {
  const graph = new GraphBuilder('endless');
  let x = graph.input('x', 'float32', [2048, 2048]);
  const factor = graph.input('factor', 'float32', [2048, 2048]);
  for (let i = 0; i < 1000; i++) x = graph.op('MatMul', [x, factor]);
  graph.output(x, 'y');
  return encodeModel(graph.model());
}

/** Tells of the process that runs it when it does. */
const runEndlessly = (started: (child: ChildProcess) => void) => async (create: SessionFactory) => {
  const session = await create(endless());
  const run = session.run({ x: filled('float32', [2048, 2048]), factor: filled('float32', [2048, 2048]) });
  started(busyChild());
  return run;
};

const busyChild = () =>
  (process as unknown as { _getActiveHandles(): object[] })
    ._getActiveHandles()
    .find((handle): handle is ChildProcess => handle.constructor.name === 'ChildProcess')!;

describe('a device on trial', () => {
  it('is killed in the middle of a run when its time is over', async () => {
    let child: ChildProcess | undefined;
    const work = runEndlessly((busy) => {
      child = busy;
    });
    await expect(tryDevice('cpu', work, { timeout: 4000 })).rejects.toMatchObject({
      code: 'timeout',
      received: 'no end of its trial in 4 s',
    });
    await expect.poll(() => child?.signalCode).toBe('SIGKILL');
  });

  it('is killed in the middle of a run at a stop', async () => {
    const stop = new AbortController();
    let child: ChildProcess | undefined;
    const work = runEndlessly((busy) => {
      child = busy;
      stop.abort();
    });
    await expect(tryDevice('cpu', work, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => child?.signalCode).toBe('SIGKILL');
    await expect(tryDevice('cpu', async () => 1, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('takes nothing along where it crashes', async () => {
    const trial = tryDevice(
      'cpu',
      runEndlessly((child) => child.kill('SIGKILL')),
    );
    await expect(trial).rejects.toMatchObject({ code: 'worker-lost', received: 'the end of its process (SIGKILL)' });
  });

  it('passes on what the work throws', async () => {
    await expect(tryDevice('cpu', (create) => create(Uint8Array.of(1)))).rejects.toMatchObject({ code: 'bad-model' });
    await expect(tryDevice('cpu', () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  it('is told off at once where something is in the way', async () => {
    const obstacle = obstacleTo('cuda');
    if (!obstacle) return;
    const trial = tryDevice('cuda', () => Promise.reject(new Error('not to be called')));
    const error = { code: 'device-unavailable', received: obstacle.cause, remedy: obstacle.remedy };
    await expect(trial).rejects.toMatchObject(error);
    await expect(createSession(encodeModel(prepared.model), { device: 'cuda' })).rejects.toMatchObject(error);
  });
});

/** Sessions on the CPU, said to be on WebGPU, with something done to each loss. */
const pretending =
  (spoil: (loss: number) => number): Trial =>
  (device, work) =>
    work(async (model, options) => {
      const session = await createSession(model, { ...options, device: 'cpu' });
      if (device === 'cpu') return session;
      const run: Session['run'] = async (feeds) => {
        const results = await session.run(feeds);
        (results.loss!.data as Float32Array)[0] = spoil(results.loss!.data[0] as number);
        return results;
      };
      return new Proxy(session, {
        get: (of, key) => {
          const value = key === 'run' ? run : Reflect.get(of, key);
          return typeof value === 'function' ? value.bind(of) : value;
        },
      });
    });

describe('the choice of a device', () => {
  it('compares the losses of the very training, dropout and optimizer included', async () => {
    const { probes } = await chooseDevice(prepared, { gpus: ['webgpu'], trial: pretending((loss) => loss) });
    expect(probes.map(({ device, state }) => [device, state])).toEqual([
      ['webgpu', 'works'],
      ['cpu', 'works'],
    ]);
    expect(probes[0]!.difference).toBeLessThan(1e-5);
    for (const { imagesPerSecond } of probes) expect(imagesPerSecond).toBeGreaterThan(0);
  });

  it('refuses a device that gives wrong numbers', async () => {
    const chosen = await chooseDevice(prepared, { gpus: ['webgpu'], trial: pretending((loss) => loss * 1.02) });
    expect(chosen).toMatchObject({ device: 'cpu', probes: [{ state: 'wrong' }, { state: 'works' }] });
  });

  it('notices a gradient that is missing, which the loss may not tell for long', async () => {
    const { model, plan, settings } = prepared;
    const { loss, optimizer } = settings;
    const trainable = (name: string) => name !== 'dense_1/kernel';
    const lacking = createTrainingGraph(model, { loss, optimizer, batchSize: plan.batchSize, trainable });
    const training = {
      ...prepared,
      graphFor: (device: Device) => (device === 'cpu' ? prepared.graphFor(device) : lacking),
    };
    const chosen = await chooseDevice(training as typeof prepared, {
      gpus: ['webgpu'],
      trial: pretending((loss) => loss),
    });
    expect(chosen).toMatchObject({ device: 'cpu', probes: [{ state: 'wrong', deviation: 1 }, { state: 'works' }] });
  });

  it('works through child processes', async () => {
    const { device, probes } = await chooseDevice(prepared, {
      gpus: ['webgpu'],
      trial: (device, work) => tryDevice(device === 'webgpu' ? 'cpu' : device, work),
    });
    expect(['webgpu', 'cpu']).toContain(device);
    expect(probes.map(({ state }) => state)).toEqual(['works', 'works']);
  });
});
