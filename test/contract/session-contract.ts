/**
 * The one contract of Session and SessionFactory, run by every runtime package. It looks at values: a runtime that keeps
 * a buffer's old contents, or hands out its own, returns without an error.
 */

import {
  type Device,
  type DType,
  elementTypeOf,
  encodeModel,
  filled,
  fromNumbers,
  GraphBuilder,
  type SessionFactory,
  type SessionOptions,
  type Tensor,
  toNumbers,
} from '@denary/core';
import { describe, expect, it } from 'vitest';

type Build = (graph: GraphBuilder) => void;

const bytesOf = (build: Build): Uint8Array => {
  const graph = new GraphBuilder('contract');
  build(graph);
  return encodeModel(graph.model());
};

/** next = total + by; seen = 10 total; constant `offset` is state that no output moves. */
const counter = bytesOf((graph) => {
  const total = graph.input('total', 'float32', [2]);
  const by = graph.input('by', 'float32', [2]);
  const offset = graph.input('offset', 'float32', [2]);
  graph.output(graph.op('Add', [total, by]), 'next');
  graph.output(graph.op('Add', [graph.op('Mul', [total, 10]), offset]), 'seen');
});
const counterState = [{ input: 'total', output: 'next' }, { input: 'offset' }];

const doubling = bytesOf((graph) => {
  const x = graph.input('x', 'float32', ['batch', 2]);
  graph.output(graph.op('Mul', [x, 2]), 'y');
});

/** y = x as [2, 3], which only the run can tell whether it is possible; counts its runs. */
const reshaping = bytesOf((graph) => {
  const x = graph.input('x', 'float32', ['n']);
  graph.output(graph.op('Add', [graph.input('runs', 'float32', []), 1]), 'runs_next');
  graph.output(graph.op('Reshape', [x, graph.int64s([2, 3])]), 'y');
});

const floats = (...values: number[]) => fromNumbers('float32', values);
const numbersIn = (tensor: Tensor | undefined) => tensor && toNumbers(tensor);

export interface ContractOptions {
  /** The devices to hold to the contract; the first is the factory's own default. */
  readonly devices: readonly Device[];
  /** A device that this runtime does not have. */
  readonly foreign: Device;
  /** A session of onnxruntime-web on WebGPU is lost with a run that fails; default false. */
  readonly failsForGood?: boolean;
}

export function describeSessionContract(
  name: string,
  createSession: SessionFactory,
  { devices, foreign, failsForGood = false }: ContractOptions,
) {
  describe.each(devices)(`${name} on %s keeps the session contract`, (device) => {
    /** Runs a test on a session, and closes it. */
    const using = async (
      model: Uint8Array,
      options: SessionOptions,
      test: (session: Awaited<ReturnType<SessionFactory>>) => Promise<void>,
    ) => {
      const session = await createSession(model, { device, threads: 1, ...options });
      try {
        await test(session);
      } finally {
        await session.close();
      }
    };
    const state = (options: SessionOptions = {}) => ({ ...options, state: counterState });

    describe('without state', () => {
      it('runs a model on what it is fed', () =>
        using(doubling, {}, async (session) => {
          const { y } = await session.run({ x: fromNumbers('float32', [1, 2, 3, 4], [2, 2]) });
          expect(y).toEqual(fromNumbers('float32', [2, 4, 6, 8], [2, 2]));
        }));

      it('takes any size of a symbolic dimension, run by run', () =>
        using(doubling, {}, async (session) => {
          for (const rows of [3, 1, 5]) {
            const { y } = await session.run({ x: filled('float32', [rows, 2], rows) });
            expect(y).toEqual(filled('float32', [rows, 2], 2 * rows));
          }
        }));

      it('reads each run anew from the same array', () =>
        using(doubling, {}, async (session) => {
          const x = fromNumbers('float32', [1, 1], [1, 2]);
          await session.run({ x });
          x.data.set([5, 7]);
          expect(numbersIn((await session.run({ x })).y)).toEqual([10, 14]);
        }));

      it('gives results that are the caller’s: a later run changes none, and changing one harms none', () =>
        using(doubling, {}, async (session) => {
          const first = (await session.run({ x: filled('float32', [1, 2], 1) })).y!;
          const second = (await session.run({ x: filled('float32', [1, 2], 2) })).y!;
          expect(numbersIn(first)).toEqual([2, 2]);
          (first.data as Float32Array).fill(-1);
          expect(numbersIn(second)).toEqual([4, 4]);
          expect(numbersIn((await session.run({ x: filled('float32', [1, 2], 3) })).y)).toEqual([6, 6]);
        }));

      it('tells the inputs and outputs', () =>
        using(doubling, {}, async (session) => {
          expect(session.device).toBe(device);
          expect(session.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['batch', 2] }]);
          expect(session.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: ['batch', 2] }]);
        }));

      const samples: readonly [DType, readonly number[]][] = [
        ['uint8', [0, 1, 255]],
        ['int32', [-(2 ** 31), 0, 2 ** 31 - 1]],
        ['uint32', [0, 2 ** 31, 2 ** 32 - 1]],
        ['float32', [-1.5, 0, 3.25]],
        ['bool', [0, 1, 1]],
      ];
      it.each(samples)('carries %s in and out, as a vector and as a scalar', async (dtype, values) => {
        const model = bytesOf((graph) => {
          const [x, s] = [graph.input('x', dtype, [3]), graph.input('s', dtype, [])];
          // Through an operator, where a runtime could mistake the type.
          const pass = (value: typeof x) =>
            graph.op('Reshape', [value, graph.int64s([...(value.shape as number[]), 1])]);
          graph.output(pass(x), 'y');
          graph.output(graph.op('Identity', [s]), 't');
        });
        await using(model, {}, async (session) => {
          const s = fromNumbers(dtype, [values[2]!], []);
          const { y, t } = await session.run({ x: fromNumbers(dtype, values), s });
          expect(y).toEqual(fromNumbers(dtype, values, [3, 1]));
          expect(t).toEqual(s);
        });
      });

      it('wraps uint32 arithmetic modulo 2^32', async () => {
        const model = bytesOf((graph) => {
          const x = graph.input('x', 'uint32', [2]);
          graph.output(graph.op('Add', [graph.op('Mul', [x, 0x9e3779b1]), 1]), 'y');
        });
        await using(model, {}, async (session) => {
          const { y } = await session.run({ x: fromNumbers('uint32', [3, 2 ** 32 - 1]) });
          expect(numbersIn(y)).toEqual([0xdaa66d14, 0x61c88650]);
        });
      });
    });

    describe('with state', () => {
      it('takes state out of the inputs and outputs, starts it at zero, and moves it with each run', () =>
        using(counter, state(), async (session) => {
          expect(session.inputs.map((value) => value.name)).toEqual(['by']);
          expect(session.outputs.map((value) => value.name)).toEqual(['seen']);
          const seen: unknown[] = [];
          for (let i = 1; i <= 4; i++) seen.push(numbersIn((await session.run({ by: floats(i, -i) })).seen));
          expect(seen).toEqual([
            [0, 0],
            [10, -10],
            [30, -30],
            [60, -60],
          ]);
          expect(numbersIn((await session.readState()).total)).toEqual([10, -10]);
        }));

      it('adds up ten runs without losing one', () =>
        using(counter, state(), async (session) => {
          for (let i = 0; i < 10; i++) await session.run({ by: floats(0.25 * i, 2 ** i) });
          expect(numbersIn((await session.readState(['total'])).total)).toEqual([11.25, 1023]);
        }));

      it('answers runs that were asked for at once one after the other', () =>
        using(counter, state(), async (session) => {
          const results = await Promise.all([1, 2, 3, 4].map((i) => session.run({ by: floats(i, i) })));
          expect(results.map(({ seen }) => numbersIn(seen)![0])).toEqual([0, 10, 30, 60]);
          expect(numbersIn((await session.readState()).total)).toEqual([10, 10]);
        }));

      it('keeps state that has no output as it was written', () =>
        using(counter, state(), async (session) => {
          await session.writeState({ offset: floats(0.5, 0.75) });
          for (let i = 0; i < 3; i++) await session.run({ by: floats(1, 1) });
          const { seen } = await session.run({ by: floats(0, 0) });
          expect(numbersIn(seen)).toEqual([30.5, 30.75]);
          expect(numbersIn((await session.readState()).offset)).toEqual([0.5, 0.75]);
        }));

      it('takes up from what is written between runs, and leaves the rest', () =>
        using(counter, state(), async (session) => {
          await session.run({ by: floats(1, 1) });
          await session.writeState({ offset: floats(1, 2) });
          await session.run({ by: floats(1, 1) });
          await session.writeState({ total: floats(100, 200) });
          const { seen } = await session.run({ by: floats(1, 1) });
          expect(numbersIn(seen)).toEqual([1001, 2002]);
          expect(numbersIn((await session.readState(['total'])).total)).toEqual([101, 201]);
        }));

      it('copies what is written: changing the array afterwards changes nothing', () =>
        using(counter, state(), async (session) => {
          const [total, offset] = [floats(1, 2), floats(3, 4)];
          await session.writeState({ total, offset });
          total.data.fill(99);
          offset.data.fill(99);
          expect(numbersIn((await session.run({ by: floats(1, 1) })).seen)).toEqual([13, 24]);
          for (let i = 0; i < 2; i++) await session.run({ by: floats(1, 1) });
          // Nor does the session write into the caller's arrays.
          expect([numbersIn(total), numbersIn(offset)]).toEqual([
            [99, 99],
            [99, 99],
          ]);
        }));

      it('copies what is read: neither side sees the other’s changes', () =>
        using(counter, state(), async (session) => {
          await session.writeState({ total: floats(1, 2), offset: floats(3, 4) });
          const before = await session.readState();
          for (let i = 0; i < 3; i++) await session.run({ by: floats(1, 1) });
          expect(before).toEqual({ total: floats(1, 2), offset: floats(3, 4) });
          const after = await session.readState();
          (after.total!.data as Float32Array).fill(99);
          (after.offset!.data as Float32Array).fill(99);
          expect(await session.readState()).toEqual({ total: floats(4, 5), offset: floats(3, 4) });
          expect(numbersIn((await session.run({ by: floats(0, 0) })).seen)).toEqual([43, 54]);
        }));

      it('restores a state exactly', () =>
        using(counter, state(), async (session) => {
          for (let i = 0; i < 3; i++) await session.run({ by: floats(0.1, 0.7) });
          const saved = await session.readState();
          const next = (await session.run({ by: floats(0.1, 0.7) })).seen;
          await session.run({ by: floats(5, 5) });
          await session.writeState(saved);
          expect((await session.run({ by: floats(0.1, 0.7) })).seen).toEqual(next);
        }));

      it('keeps scalar, uint32, int32 and uint8 state', async () => {
        const dtypes = ['uint32', 'int32', 'float32'] as const;
        const model = bytesOf((graph) => {
          for (const dtype of dtypes)
            graph.output(graph.op('Add', [graph.input(dtype, dtype, []), 1]), `${dtype}_next`);
          const bytes = graph.input('uint8', 'uint8', [2]);
          const wide = graph.op('Add', [graph.op('Cast', [bytes], { to: elementTypeOf('int32') }), 3]);
          graph.output(graph.op('Cast', [wide], { to: elementTypeOf('uint8') }), 'uint8_next');
          graph.output(graph.op('Identity', [bytes]), 'y');
        });
        const slots = [...dtypes, 'uint8'].map((input) => ({ input, output: `${input}_next` }));
        await using(model, { state: slots }, async (session) => {
          expect(session.inputs).toEqual([]);
          await session.writeState({ uint32: fromNumbers('uint32', [2 ** 32 - 2], []) });
          for (let i = 0; i < 3; i++) await session.run({});
          expect(await session.readState()).toEqual({
            uint32: fromNumbers('uint32', [1], []),
            int32: fromNumbers('int32', [3], []),
            float32: fromNumbers('float32', [3], []),
            uint8: fromNumbers('uint8', [9, 9]),
          });
        });
      });

      it('swaps two states that feed each other', async () => {
        const model = bytesOf((graph) => {
          const [a, b] = [graph.input('a', 'float32', [1]), graph.input('b', 'float32', [1])];
          graph.output(graph.op('Identity', [b]), 'a_next');
          graph.output(graph.op('Add', [a, b]), 'b_next');
        });
        const slots = ['a', 'b'].map((input) => ({ input, output: `${input}_next` }));
        await using(model, { state: slots }, async (session) => {
          await session.writeState({ b: floats(1) });
          for (let i = 0; i < 10; i++) await session.run({});
          expect(await session.readState()).toEqual({ a: floats(55), b: floats(89) });
        });
      });

      it('keeps two sessions of one model apart', () =>
        using(counter, state(), (one) =>
          using(counter, state(), async (two) => {
            await one.run({ by: floats(1, 1) });
            await two.run({ by: floats(2, 2) });
            await one.run({ by: floats(1, 1) });
            expect(numbersIn((await one.readState()).total)).toEqual([2, 2]);
            expect(numbersIn((await two.readState()).total)).toEqual([2, 2]);
          }),
        ));
    });

    describe('refuses', () => {
      const bad = { name: 'DenaryError', code: 'bad-argument' };

      it.each([
        ['a missing input', {}, /"by" as float32 \[2\], received nothing/],
        ['a wrong dtype', { by: fromNumbers('int32', [1, 2]) }, /received int32 \[2\]/],
        ['a wrong size', { by: floats(1, 2, 3) }, /received float32 \[3\]/],
        ['a wrong rank', { by: fromNumbers('float32', [1, 2], [1, 2]) }, /received float32 \[1, 2\]/],
        ['data that do not fill the shape', { by: { ...floats(1, 2), data: new Float32Array(3) } }, /with 3 elements/],
        [
          'data of another type than they say',
          { by: { ...floats(1, 2), data: new Float64Array(2) } },
          /received float32/,
        ],
      ])('%s, and goes on', (_, feeds, message) =>
        using(counter, state(), async (session) => {
          const refused = session.run(feeds as Record<string, Tensor>);
          await expect(refused).rejects.toMatchObject({ ...bad, message: expect.stringMatching(message) });
          await session.run({ by: floats(1, 1) });
          expect(numbersIn((await session.readState()).total)).toEqual([1, 1]);
        }),
      );

      it('unknown names of states, and writes none of a bad set', () =>
        using(counter, state(), async (session) => {
          await expect(session.readState(['by'])).rejects.toMatchObject(bad);
          const mixed = { total: floats(7, 7), nobody: floats(1, 1) };
          await expect(session.writeState(mixed)).rejects.toMatchObject({
            ...bad,
            message: expect.stringContaining('nobody'),
          });
          const misshapen = { offset: floats(7, 7), total: floats(1) };
          await expect(session.writeState(misshapen)).rejects.toMatchObject(bad);
          expect(await session.readState()).toEqual({ total: floats(0, 0), offset: floats(0, 0) });
        }));

      it.each([
        ['an input that the model lacks', counter, [{ input: 'nobody' }]],
        ['an output that the model lacks', counter, [{ input: 'total', output: 'nobody' }]],
        ['a state of unknown size', doubling, [{ input: 'x', output: 'y' }]],
      ])('%s as a state', async (_, model, slots) => {
        await expect(createSession(model, { device, threads: 1, state: slots })).rejects.toMatchObject(bad);
      });

      it.each([
        ['nothing', new Uint8Array()],
        ['garbage', Uint8Array.from({ length: 64 }, (_, i) => (i * 97 + 13) % 256)],
        ['half a file', doubling.slice(0, doubling.length >> 1)],
      ])('%s as a model', async (_, bytes) => {
        const refused = createSession(bytes, { device, threads: 1 });
        await expect(refused).rejects.toMatchObject({ name: 'DenaryError', code: 'bad-model' });
      });

      it.skipIf(failsForGood)('a run that fails, without moving the state, and goes on', () =>
        using(reshaping, { state: [{ input: 'runs', output: 'runs_next' }] }, async (session) => {
          await session.run({ x: floats(1, 2, 3, 4, 5, 6) });
          const failing = session.run({ x: floats(1, 2, 3, 4) });
          await expect(failing).rejects.toMatchObject({ name: 'DenaryError', code: 'session-failed' });
          expect(numbersIn((await session.readState()).runs)).toEqual([1]);
          const { y } = await session.run({ x: floats(1, 2, 3, 4, 5, 6) });
          expect(y).toEqual(fromNumbers('float32', [1, 2, 3, 4, 5, 6], [2, 3]));
          expect(numbersIn((await session.readState()).runs)).toEqual([2]);
        }),
      );

      it('everything after it was closed; closing twice is fine', async () => {
        const session = await createSession(counter, state({ device, threads: 1 }));
        await session.run({ by: floats(1, 1) });
        await session.close();
        await session.close();
        const closed = { name: 'DenaryError', code: 'closed' };
        await expect(session.run({ by: floats(1, 1) })).rejects.toMatchObject(closed);
        await expect(session.readState()).rejects.toMatchObject(closed);
        await expect(session.writeState({})).rejects.toMatchObject(closed);
      });

      it('to close in the middle of a run: the run is answered first', async () => {
        const session = await createSession(counter, state({ device, threads: 1 }));
        const running = session.run({ by: floats(1, 1) });
        await session.close();
        expect(numbersIn((await running).seen)).toEqual([0, 0]);
      });
    });
  });

  it(`${name} refuses a device that it does not have`, async () => {
    const refused = createSession(doubling, { device: foreign });
    await expect(refused).rejects.toMatchObject({ name: 'DenaryError', code: 'device-unavailable' });
  });

  it(`${name} computes on ${devices[0]} where no device is named`, async () => {
    const session = await createSession(doubling);
    expect(session.device).toBe(devices[0]);
    const { y } = await session.run({ x: filled('float32', [1, 2], 4) });
    expect(numbersIn(y)).toEqual([8, 8]);
    await session.close();
  });
}
