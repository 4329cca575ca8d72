import { DenaryError, type Device, initializersOf, type Tensor, type Tensors } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { catalogue, findArchitecture } from '../architectures/catalogue.js';
import { prepareTraining } from '../prepare.js';
import { chooseDevice } from './choose.js';
import type { Trial } from './compare.js';
import { examineDevices } from './examine.js';
import { madeUpData } from './made-up-data.js';
import type { TrainingProbe } from './probe.js';

const architecture = findArchitecture('mlp');
const prepared = prepareTraining({ architecture, train: madeUpData(architecture) });

const start = initializersOf(prepared.model);
/** The weights after a step that moves all of one by an eighth. */
const moved = (name: string): Tensors => ({
  ...start,
  [name]: { ...start[name], data: (start[name]!.data as Float32Array).map((value) => value + 0.125) } as Tensor,
});
const trains = (imagesPerSecond: number, losses = [2.3, 2.2, 2.1], weights = moved('dense/kernel')): TrainingProbe => ({
  ...{ losses, weights, imagesPerSecond },
});
const error = (
  code: 'device-unavailable' | 'unsupported-operator' | 'timeout' | 'worker-lost' | 'aborted',
  received: string,
) => new DenaryError({ code, who: 'a device', expected: 'to work', received, remedy: 'Install it.' });

/** Devices as they would come out of their probes. */
function machine(devices: Partial<Record<Device, TrainingProbe | Error>>) {
  const tried: Device[] = [];
  const trial = (async (device: Device) => {
    tried.push(device);
    const result = devices[device] ?? error('device-unavailable', 'nothing');
    if (result instanceof Error) throw result;
    return result;
  }) as Trial;
  return { trial, tried };
}

describe('auto', () => {
  it('is the CPU where no GPU is visible, and nothing is tried', async () => {
    const { trial, tried } = machine({});
    expect(await chooseDevice(prepared, { gpus: [], trial })).toEqual({ device: 'cpu', probes: [] });
    expect(tried).toEqual([]);
  });

  it.each<[Device, number, number]>([
    ['webgpu', 900, 100],
    ['cpu', 90, 100],
  ])('is the faster one: %s', async (device, webgpu, cpu) => {
    const { trial } = machine({ webgpu: trains(webgpu), cpu: trains(cpu) });
    expect(await chooseDevice(prepared, { gpus: ['webgpu'], trial })).toEqual({
      device,
      probes: [
        { device: 'webgpu', state: 'works', imagesPerSecond: webgpu, difference: 0, deviation: 0 },
        { device: 'cpu', state: 'works', imagesPerSecond: cpu, difference: 0, deviation: 0 },
      ],
    });
  });

  it('does not ask the CPU where no GPU trains, and says why', async () => {
    const { trial, tried } = machine({
      cuda: error('device-unavailable', 'libcudnn.so.9 is missing'),
      webgpu: error('timeout', 'none in 30 s'),
    });
    expect(await chooseDevice(prepared, { gpus: ['cuda', 'webgpu'], trial })).toEqual({
      device: 'cpu',
      probes: [
        { device: 'cuda', state: 'missing', reason: 'libcudnn.so.9 is missing', remedy: 'Install it.' },
        { device: 'webgpu', state: 'fails', reason: 'none in 30 s', remedy: 'Install it.' },
      ],
    });
    expect(tried).toEqual(['cuda', 'webgpu']);
  });

  it('goes on to the next GPU where one crashes or throws whatever', async () => {
    const { trial } = machine({ cuda: new Error('no idea'), webgpu: trains(900), cpu: trains(100) });
    const { device, probes } = await chooseDevice(prepared, { gpus: ['cuda', 'webgpu'], trial });
    expect(device).toBe('webgpu');
    expect(probes[0]).toEqual({ device: 'cuda', state: 'fails', reason: 'no idea' });
  });

  it.each([
    [
      'drifts off',
      [2.3, 2.2, 2.25],
      { difference: 0.15 / 2.1, reason: expect.stringMatching(/^step 3 .* 2\.2500, on the CPU 2\.1000/) },
    ],
    ['starts elsewhere', [2.4, 2.2, 2.1], { reason: expect.stringMatching(/^step 1 /) }],
    ['gives no numbers', [2.3, Number.NaN, Number.NaN], { reason: expect.stringMatching(/^step 2 has a loss of NaN/) }],
    ['is infinite', [2.3, 2.2, Number.POSITIVE_INFINITY], { reason: expect.stringMatching(/^step 3 /) }],
  ])('is not a GPU, however fast, whose loss %s', async (_, losses, expected) => {
    const { trial } = machine({ webgpu: trains(9000, losses), cpu: trains(100) });
    const { device, probes } = await chooseDevice(prepared, { gpus: ['webgpu'], trial });
    expect(device).toBe('cpu');
    const { difference, ...others } = expected as { difference?: number };
    expect(probes[0]).toMatchObject({ state: 'wrong', ...others });
    if (difference) expect(probes[0]!.difference).toBeCloseTo(difference, 12);
    expect(JSON.parse(JSON.stringify(probes[0]))).toEqual(probes[0]);
  });

  it.each([
    ['does not move', start, 1],
    ['goes elsewhere', moved('dense_1/kernel'), Number.POSITIVE_INFINITY],
  ])('is not a GPU on which a weight %s, even if the loss does not tell', async (_, weights, deviation) => {
    const { trial } = machine({ webgpu: trains(9000, [2.3, 2.2, 2.1], weights), cpu: trains(100) });
    const { device, probes } = await chooseDevice(prepared, { gpus: ['webgpu'], trial });
    expect(device).toBe('cpu');
    expect(probes[0]).toMatchObject({ state: 'wrong', reason: expect.stringMatching(/"dense(_1)?\/kernel"/) });
    expect(probes[0]!.deviation ?? Number.POSITIVE_INFINITY).toBeCloseTo(deviation, 6);
    // Not so a bias, which may have no gradient but rounding.
    const { trial: other } = machine({
      webgpu: trains(9000, [2.3, 2.2, 2.1], {
        ...moved('dense/kernel'),
        'dense/bias': moved('dense/bias')['dense/bias']!,
      }),
      cpu: trains(100),
    });
    expect((await chooseDevice(prepared, { gpus: ['webgpu'], trial: other })).device).toBe('webgpu');
  });

  it('takes losses for the same that differ as sums in another order do', async () => {
    const { trial } = machine({ webgpu: trains(900, [2.3001, 2.2003, 2.102]), cpu: trains(100) });
    expect((await chooseDevice(prepared, { gpus: ['webgpu'], trial })).device).toBe('webgpu');
  });

  it('does not blame a GPU for a training that diverges on the CPU, too', async () => {
    const losses = [2.3, Number.NaN, Number.NaN];
    const { trial } = machine({ webgpu: trains(900, losses), cpu: trains(100, losses) });
    expect((await chooseDevice(prepared, { gpus: ['webgpu'], trial })).device).toBe('webgpu');
  });

  it('ends at a stop, and where the CPU fails', async () => {
    const stop = new AbortController();
    const trial: Trial = async () => {
      stop.abort();
      throw error('aborted', 'a stop');
    };
    const stopped = chooseDevice(prepared, { gpus: ['cuda', 'webgpu'], trial, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    const { trial: broken } = machine({ webgpu: trains(900), cpu: error('worker-lost', 'SIGILL') });
    await expect(chooseDevice(prepared, { gpus: ['webgpu'], trial: broken })).rejects.toMatchObject({
      code: 'worker-lost',
    });
  });
});

describe('the examination', () => {
  /** As `machine`, with what a GPU does without the CPU's help. */
  const examined = (devices: Partial<Record<Device, TrainingProbe | Error>>, alone: Partial<typeof devices> = {}) => {
    const { trial } = machine(devices);
    const strict = machine(alone);
    const both = (async (device, work, options) => {
      const own = options?.fallback === false && device in alone ? strict.trial : trial;
      return { training: await own(device, work), predictionsPerSecond: 7 };
    }) as Trial;
    const names = Object.keys(devices) as Device[];
    return examineDevices(prepared, { devices: names, trial: both });
  };
  const states = async (probes: ReturnType<typeof examined>) => (await probes).map(({ state }) => state);

  it('looks at the CPU first, and at all others', async () => {
    const probes = await examined({
      wasm: trains(50),
      cpu: trains(100),
      cuda: error('device-unavailable', 'no driver'),
    });
    expect(probes).toEqual([
      { device: 'cpu', state: 'works', imagesPerSecond: 100, difference: 0, deviation: 0, predictionsPerSecond: 7 },
      { device: 'wasm', state: 'works', imagesPerSecond: 50, difference: 0, deviation: 0, predictionsPerSecond: 7 },
      { device: 'cuda', state: 'missing', reason: 'no driver', remedy: 'Install it.' },
    ]);
  });

  it('tells a GPU that works from one that works with the help of the CPU', async () => {
    const refused = error('unsupported-operator', 'others');
    const devices = { cpu: trains(100), webgpu: trains(50) };
    expect(await states(examined(devices))).toEqual(['works', 'works']);
    expect(await states(examined(devices, { webgpu: refused }))).toEqual(['works', 'partly']);
    expect(await states(examined({ ...devices, webgpu: trains(50, [1, 1, 1]) }, { webgpu: refused }))).toEqual([
      'works',
      'wrong',
    ]);
  });

  it('does not try again what crashed or hung', async () => {
    const devices = { cpu: trains(100), webgpu: trains(50) };
    expect(await states(examined(devices, { webgpu: error('worker-lost', 'SIGSEGV') }))).toEqual(['works', 'fails']);
    expect(await states(examined(devices, { webgpu: error('timeout', 'none in 60 s') }))).toEqual(['works', 'fails']);
  });

  it('is over where the CPU fails', async () => {
    expect(await states(examined({ cpu: error('worker-lost', 'SIGILL'), wasm: trains(50) }))).toEqual(['fails']);
  });
});

it('made-up data fill a batch of every system, held-out parts left aside', () => {
  for (const architecture of catalogue) {
    const { plan, data } = prepareTraining({ architecture, train: madeUpData(architecture) });
    // Even minibatches differ by one.
    expect(plan.batchSize - plan.bounds(0)[1], architecture.name).toBeLessThanOrEqual(plan.batchSize < 100 ? 1 : 0);
    expect(data.train.slots, architecture.name).toBe(architecture.slots ?? 1);
  }
});
