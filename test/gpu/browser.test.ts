/** Training in a browser: on WebGPU as on WASM, with nothing left to the CPU. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenPage, openPage } from '../web/browser.js';
import { describeInBrowser } from '../web/chromium.js';

type Trained = { device: string; losses: number[]; held: number[]; state: [string, number[]][] };
const STEPS = 4;

describeInBrowser('training in a browser', () => {
  let open: OpenPage;
  beforeAll(async () => {
    open = await openPage(fileURLToPath(new URL('browser-page.ts', import.meta.url)));
  });
  afterAll(() => open?.close());

  const train = (name: string, device: string, steps = STEPS) =>
    open.page.evaluate(
      ([name, device, steps]) =>
        (globalThis as unknown as { train(...of: [string, string, number]): Promise<Trained> }).train(
          name,
          device,
          steps,
        ),
      [name, device, steps] as const,
    );

  it.each(['mlp', 'cnn-pool4', 'hrnn'])(
    'brings the weights of %s on WebGPU to where they are on WASM',
    async (name) => {
      const [onCpu, onGpu] = [await train(name, 'wasm'), await train(name, 'webgpu')];
      expect(onGpu.device).toBe('webgpu');
      onCpu.losses.forEach((loss, i) => expect(onGpu.losses[i]).toBeCloseTo(loss, 3));
      const received = new Map(onGpu.state);
      expect([...received.keys()]).toEqual(onCpu.state.map(([name]) => name));
      for (const [name, values] of onCpu.state) {
        const apart = values.map((value, i) => Math.abs(value - received.get(name)![i]!));
        expect(
          apart.reduce((most, distance) => Math.max(most, distance)),
          name,
        ).toBeLessThan(1e-3);
      }
    },
  );

  it('keeps no buffers of the steps before', async () => {
    const { held } = await train('mlp', 'webgpu', 30);
    expect(held[4]).toBeGreaterThan(0);
    expect(held.at(-1)).toBe(held[4]);
  });

  it('refuses a graph that WebGPU could not run by itself', async () => {
    const code = await open.page.evaluate(() => (globalThis as unknown as { refusal(): Promise<string> }).refusal());
    expect(code).toBe('unsupported-operator');
  });
});
