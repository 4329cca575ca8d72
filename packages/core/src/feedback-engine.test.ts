/** State on a device, with a device of paper: every buffer is counted, so that what is not freed is seen. */

import { beforeEach, describe, expect, it } from 'vitest';
import { DeviceCopier } from './device-copier.js';
import { FeedbackEngine, type HeldTensor } from './feedback-engine.js';
import { decodeModel } from './onnx/index.js';
import type { SessionLayout } from './session-support.js';
import { fromNumbers, type Tensor, toNumbers } from './tensor.js';

class Paper implements HeldTensor {
  static held = 0;
  private disposed = false;

  constructor(
    private readonly tensor: Tensor,
    readonly location: 'cpu' | 'gpu-buffer',
  ) {
    if (location === 'gpu-buffer') Paper.held++;
  }

  get type() {
    return this.tensor.dtype;
  }

  get dims() {
    return this.tensor.shape;
  }

  get data() {
    if (this.disposed || this.location !== 'cpu') throw new Error('not in memory');
    return this.tensor.data;
  }

  dispose() {
    if (this.disposed) throw new Error('disposed twice');
    this.disposed = true;
    if (this.location === 'gpu-buffer') Paper.held--;
  }

  copyTo(location: 'cpu' | 'gpu-buffer'): Paper {
    if (this.disposed) throw new Error('read after it was disposed');
    return new Paper(this.tensor, location);
  }

  plus(other: Paper): Tensor {
    const more = toNumbers(other.tensor);
    return fromNumbers(
      'float32',
      toNumbers(this.tensor).map((value, i) => value + more[i]!),
    );
  }
}

const float = { dtype: 'float32', shape: [2] } as const;
const layout: SessionLayout = {
  inputs: [{ name: 'by', ...float }],
  outputs: [{ name: 'seen', ...float }],
  state: [
    { input: 'total', output: 'next', ...float },
    { input: 'fixed', ...float },
  ],
};

/** next = total + by, seen = next + fixed; only `seen` comes back into memory. */
function openEngine(change: (next: Tensor) => Tensor = (next) => next) {
  const loaded: string[] = [];
  const copier = new DeviceCopier<Paper>(async (model, to) => {
    const { inputs, nodes } = decodeModel(model).graph;
    loaded.push(`${nodes[0]!.op} ${inputs[0]!.dtype} ${to}`);
    return async (x) => x.copyTo(to);
  });
  let fixedAt = '';
  const engine = new FeedbackEngine<Paper>(
    {
      wrap: (tensor) => new Paper(tensor, 'cpu'),
      run: async (feeds, fetches) => {
        expect(fetches).toEqual(['seen', 'next']);
        fixedAt = feeds.fixed!.location;
        const next = feeds.total!.plus(feeds.by!);
        const seen = new Paper(next, 'cpu').plus(feeds.fixed!);
        return { seen: new Paper(seen, 'cpu'), next: new Paper(change(next), 'gpu-buffer') };
      },
      copier,
      release: async () => {},
    },
    layout,
  );
  return { engine, loaded, fixedAt: () => fixedAt };
}

const by = fromNumbers('float32', [1, 2]);

describe('state on a device', () => {
  beforeEach(() => {
    Paper.held = 0;
  });

  it('stays there, and its old buffers are freed', async () => {
    const { engine } = openEngine();
    for (let i = 1; i <= 50; i++) {
      const { seen } = await engine.run({ by });
      expect(seen).toEqual(fromNumbers('float32', [i, 2 * i]));
      expect(Paper.held).toBe(1);
    }
    await engine.release();
    expect(Paper.held).toBe(0);
  });

  it('is read without being moved, by one model for each type and rank', async () => {
    const { engine, loaded } = openEngine();
    await engine.run({ by });
    for (let i = 0; i < 3; i++) expect(await engine.read('total')).toEqual(by);
    expect(loaded).toEqual(['Identity float32 cpu']);
    expect(Paper.held).toBe(1);
  });

  it('is brought there once where no run moves it', async () => {
    const { engine, fixedAt } = openEngine();
    for (const value of [3, 4]) {
      await engine.write('fixed', fromNumbers('float32', [value, value]));
      expect((await engine.run({ by: fromNumbers('float32', [0, 0]) })).seen).toEqual(
        fromNumbers('float32', [value, value]),
      );
      expect(fixedAt()).toBe('gpu-buffer');
    }
    expect(Paper.held).toBe(2);
    expect(await engine.read('fixed')).toEqual(fromNumbers('float32', [4, 4]));
  });

  it('is replaced by what is written, of which it keeps a copy', async () => {
    const { engine } = openEngine();
    await engine.run({ by });
    const written = fromNumbers('float32', [10, 20]);
    await engine.write('total', written);
    written.data.fill(0);
    expect(Paper.held).toBe(0);
    expect((await engine.run({ by })).seen).toEqual(fromNumbers('float32', [11, 22]));
  });

  it('does not move, and loses nothing, where a run gives it another shape', async () => {
    let long = false;
    const { engine } = openEngine((next) => (long ? fromNumbers('float32', [1, 2, 3]) : next));
    await engine.run({ by });
    long = true;
    await expect(engine.run({ by })).rejects.toThrow('the state "next" came as [3], not as [2]');
    expect(Paper.held).toBe(1);
    expect(await engine.read('total')).toEqual(by);
  });
});
