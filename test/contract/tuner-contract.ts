/**
 * The one contract of tuners, for Node and for browsers: plain cases, so that a page can run them as well. A symbol that the
 * model has never seen is taught to it, and what it knew is rehearsed: made-up strokes, labelled by the model itself.
 */

import {
  augment,
  calibrationIn,
  chooseStrategy,
  decodeModel,
  encodeModel,
  lineageIn,
  type Samples,
  type SessionFactory,
  type Strategy,
  strategies,
  type Tuner,
  type TunerSettings,
  type TuningProgress,
  withCalibration,
} from '@denary/core';
import { type Cases, ok, refuses, same, sameBytes } from './cases.js';

/** What every runtime's createTuner takes. */
export interface TunerRequest extends TunerSettings {
  readonly model: Uint8Array;
  readonly training: Uint8Array;
  readonly replay: Samples | false;
}

export interface TunerRuntime {
  /** Of `mlp`. */
  readonly model: Uint8Array;
  readonly training: Uint8Array;
  /** The one that trains its last layer. */
  readonly head: Uint8Array;
  createTuner(request: TunerRequest): Promise<Tuner<RawImage>>;
  createSession: SessionFactory;
}

interface RawImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const AREA = 28 * 28;
const LABEL = 3;

/** White strokes on black between points of a 28x28 image, some three pixels wide. */
function drawing(...points: readonly (readonly [number, number])[]): Uint8Array {
  const pixels = new Uint8Array(AREA);
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
    for (let t = 0; t <= 1; t += 0.02) {
      const [x, y] = [Math.round(x0 + t * (x1 - x0)), Math.round(y0 + t * (y1 - y0))];
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const)
        pixels[(y + dy) * 28 + x + dx] = 255;
    }
  }
  return pixels;
}

/** So many copies of it, each changed a little. */
function copies(pixels: Uint8Array, count: number): Uint8Array[] {
  const out = new Uint8Array(count * AREA);
  const indices = new Array<number>(count).fill(0);
  const change = augment({ rotate: 10, shift: 2, zoom: 0.1 });
  indices.forEach((_, epoch) => {
    change({
      from: { images: pixels, height: 28, width: 28 },
      indices: [0],
      epoch,
      seed: 1,
      out: out.subarray(epoch * AREA),
    });
  });
  return indices.map((_, i) => out.slice(i * AREA, (i + 1) * AREA));
}

const symbol = drawing([5, 22], [14, 5], [23, 22], [5, 22]);
const known = [
  drawing([14, 5], [14, 23]),
  drawing([7, 6], [21, 6], [12, 23]),
  drawing([8, 5], [20, 5], [20, 23], [8, 23], [8, 5]),
  drawing([9, 5], [9, 14], [20, 14], [20, 5], [20, 23]),
];
const raw = (data: Uint8Array): RawImage => ({ data, width: 28, height: 28 });

export const taught = copies(symbol, 12).map((data) => ({ image: raw(data), label: LABEL }));

/** What the model says of images, as labels. */
async function readBy({ model, createSession }: TunerRuntime, images: readonly Uint8Array[]): Promise<number[]> {
  const session = await createSession(model);
  const data = new Uint8Array(images.length * AREA);
  images.forEach((image, i) => void data.set(image, i * AREA));
  const { probabilities } = await session.run({ image: { dtype: 'uint8', shape: [images.length, 28, 28], data } });
  await session.close();
  return images.map((_, i) => {
    const row = Array.from(probabilities!.data.subarray(i * 10, i * 10 + 10) as Float32Array);
    return row.indexOf(Math.max(...row));
  });
}

export async function coreSet(runtime: TunerRuntime): Promise<Samples> {
  const images = known.flatMap((pixels) => copies(pixels, 12));
  const pixels = new Uint8Array(images.length * AREA);
  images.forEach((image, i) => void pixels.set(image, i * AREA));
  const labels = Uint8Array.from(await readBy(runtime, images));
  return { images: pixels, labels, count: images.length, height: 28, width: 28, classes: 10 };
}

const strategy: Strategy = {
  ...strategies.full,
  learningRateScale: 2,
  steps: 12,
  margin: 0.5,
  classMargin: 1,
  lossMargin: 10,
  // A new symbol is no hand.
  imitationShare: 0,
};

async function using(
  runtime: TunerRuntime,
  settings: Partial<TunerRequest>,
  test: (tuner: Tuner<RawImage>) => Promise<void>,
) {
  const { model, training } = runtime;
  const replay = settings.replay ?? (await coreSet(runtime));
  const tuner = await runtime.createTuner({ model, training, preprocess: 'none', strategy, ...settings, replay });
  try {
    await test(tuner);
  } finally {
    await tuner.close();
  }
}

/** A tuner that has been given the new symbol. */
const usingTaught: typeof using = (runtime, settings, test) =>
  using(runtime, settings, async (tuner) => {
    for (const { image, label } of taught) await tuner.add(image, label);
    await test(tuner);
  });

async function ran(run: AsyncIterable<TuningProgress>): Promise<TuningProgress[]> {
  const all: TuningProgress[] = [];
  for await (const progress of run) all.push(progress);
  return all;
}

export const tunerContract: Cases<TunerRuntime> = {
  'learns what it is taught, and rehearses what it knew': (runtime) =>
    usingTaught(runtime, {}, async (tuner) => {
      const before = await tuner.evaluate(taught);
      const progress = await ran(tuner.run());
      const [first, last] = [progress[0]!, progress.at(-1)!];
      same([first.step, first.accuracy, first.coreAccuracy], [0, before.accuracy, 1], 'the first progress');
      ok(before.accuracy < 0.5, `the symbol is new to it (${before.accuracy})`);
      same([last.outcome, last.step, last.steps], ['finished', 12, 12], 'the end');
      ok(last.accuracy > 0.9 && last.coreAccuracy! >= 0.5, `it learned: ${last.accuracy}, ${last.coreAccuracy}`);
      same((await tuner.evaluate(taught)).accuracy, last.accuracy, 'what evaluate says');
      const steps = progress.filter(({ outcome }) => !outcome).map(({ step }) => step);
      same(
        steps,
        Array.from({ length: 13 }, (_, i) => i),
        'a progress for each step',
      );
      ok(
        progress.slice(1).every(({ loss }) => loss > 0),
        'losses',
      );
    }),

  'exports the same file with other weights and its lineage': (runtime) =>
    usingTaught(runtime, {}, async (tuner) => {
      ok(sameBytes(await tuner.export(), runtime.model), 'what has not learned is exported as it was');
      await ran(tuner.run({ steps: 3 }));
      const before = decodeModel(runtime.model);
      const after = decodeModel(await tuner.export());
      same(after.graph.nodes, before.graph.nodes, 'the nodes');
      same(after.metadata['denary.model'], before.metadata['denary.model'], 'the metadata');
      const names = [...before.graph.initializers.keys()];
      same([...after.graph.initializers.keys()], names, 'the initializers');
      ok(
        names.some(
          (name) => `${after.graph.initializers.get(name)!.data}` !== `${before.graph.initializers.get(name)!.data}`,
        ),
        'weights change',
      );
      const lineage = lineageIn(after)!;
      same(lineage.parent.length, 64, 'a sha256');
      same([lineage.origin, lineage.samples, lineage.steps, lineage.runs], [lineage.parent, 12, 3, 1], 'the lineage');
      ok(lineage.metrics.after.corrections >= lineage.metrics.before.corrections, 'the metrics');
    }),

  'refits the limits of what is refused to what it has become': async (runtime) => {
    const limits = { confidence: 0.9999 };
    const strict = withCalibration(decodeModel(runtime.model), { temperature: 1, limits });
    await usingTaught(runtime, { model: encodeModel(strict) }, async (tuner) => {
      await ran(tuner.run({ steps: 3 }));
      const { limits: after } = calibrationIn(decodeModel(await tuner.export()));
      ok(after!.confidence < limits.confidence, 'a limit that would refuse nearly everything gives way');
    });
  },

  'goes on from what it exported, whose parent that is': (runtime) =>
    usingTaught(runtime, {}, async (tuner) => {
      await ran(tuner.run({ steps: 3 }));
      const bytes = await tuner.export();
      const first = lineageIn(decodeModel(bytes))!;
      await usingTaught(runtime, { model: bytes, replay: false }, async (next) => {
        same((await next.evaluate(taught)).accuracy, (await tuner.evaluate(taught)).accuracy, 'it reads the same');
        await ran(next.run({ steps: 1 }));
        const second = lineageIn(decodeModel(await next.export()))!;
        same(second.origin, first.parent, 'the origin');
        ok(second.parent !== first.parent, 'another parent');
      });
    }),

  'learns the same from the same corrections': async (runtime) => {
    const exported: Uint8Array[] = [];
    for (let i = 0; i < 2; i++) {
      await usingTaught(runtime, {}, async (tuner) => {
        await ran(tuner.run({ steps: 4 }));
        exported.push(await tuner.export());
      });
    }
    ok(sameBytes(exported[0]!, exported[1]!), 'the same bytes');
  },

  'takes runs back, one after the other': (runtime) =>
    usingTaught(runtime, { strategy: { ...strategy, margin: 1 } }, async (tuner) => {
      const files: Uint8Array[] = [await tuner.export()];
      for (let i = 0; i < 2; i++) {
        await ran(tuner.run({ steps: 2 }));
        files.push(await tuner.export());
      }
      same(tuner.undos, 2, 'runs to take back');
      for (const file of [files[1]!, files[0]!]) {
        ok(tuner.undo(), 'something is taken back');
        ok(sameBytes(await tuner.export(), file), 'it is as it was');
      }
      ok(!tuner.undo(), 'there is nothing more');
      await ran(tuner.run({ steps: 2 }));
      ok(sameBytes(await tuner.export(), files[1]!), 'it learns as if nothing had been');
    }),

  'is as it was after a run that is aborted or left': (runtime) =>
    usingTaught(runtime, {}, async (tuner) => {
      const controller = new AbortController();
      const outcomes: unknown[] = [];
      for await (const { step, outcome } of tuner.run({ steps: 50, signal: controller.signal })) {
        if (step === 2) controller.abort();
        if (outcome) outcomes.push([step, outcome]);
      }
      same(outcomes, [[2, 'aborted']], 'the end');
      for await (const { step } of tuner.run({ steps: 50 })) if (step === 2) break;
      ok(sameBytes(await tuner.export(), runtime.model), 'nothing changed');
      same(tuner.undos, 0, 'nothing to take back');
    }),

  'rolls back what makes it forget': async (runtime) => {
    const core = await coreSet(runtime);
    const strict: Strategy = {
      ...strategy,
      replayShare: 0,
      copies: 128,
      margin: 0,
      classMargin: 0,
      patience: 2,
      checks: 3,
    };
    await using(runtime, { replay: core, strategy: { ...strict, replayShare: 0 } }, async (tuner) => {
      // Everything that it knows is called something else.
      tuner.addAll({ ...core, labels: core.labels.map((label) => (label + 1) % 10) });
      const last = (await ran(tuner.run({ steps: 12 }))).at(-1)!;
      same([last.outcome, last.coreAccuracy], ['rolled-back', 1], 'the end');
      ok(/core set/.test(last.reason!), `the reason: ${last.reason}`);
      ok(last.step < 12, 'it stops before its time is over');
      ok(sameBytes(await tuner.export(), runtime.model), 'nothing changed');
    });
  },

  'stops where it is told to: by an accuracy, a function, a time': (runtime) =>
    usingTaught(runtime, { strategy: { ...strategy, margin: 1 } }, async (tuner) => {
      const byAccuracy = (await ran(tuner.run({ until: 0.5, steps: 100 }))).at(-1)!;
      same(byAccuracy.outcome, 'reached', 'the end');
      ok(byAccuracy.step < 100 && byAccuracy.accuracy >= 0.5, `in time: ${byAccuracy.step}`);
      const byFunction = (await ran(tuner.run({ until: ({ step }) => step === 2 }))).at(-1)!;
      same([byFunction.outcome, byFunction.step], ['reached', 2], 'the end by a function');
      const byTime = (await ran(tuner.run({ seconds: 0.3 }))).at(-1)!;
      same(byTime.outcome, 'finished', 'the end by time');
      ok(byTime.step >= 1, 'at least one step');
    }),

  'takes corrections during a run for the next one, and weights for them': (runtime) =>
    using(runtime, {}, async (tuner) => {
      await tuner.add(taught[0]!.image, LABEL, { weight: 2 });
      for await (const { step } of tuner.run({ steps: 2 })) if (step === 1) await tuner.add(taught[1]!.image, LABEL);
      same(lineageIn(decodeModel(await tuner.export()))!.samples, 1, 'samples of the first run');
      same([...tuner.corrections.weights], [2, 1], 'weights');
      tuner.clear();
      same(tuner.corrections.count, 0, 'corrections after clear');
    }),

  'refuses what it can not use, and goes on': (runtime) =>
    using(runtime, {}, async (tuner) => {
      const image = taught[0]!.image;
      await refuses('bad-argument', () => ran(tuner.run()));
      await refuses('bad-argument', () => tuner.add(image, 10));
      await refuses('bad-argument', () => tuner.add(image, 1.5));
      await refuses('bad-argument', () => tuner.add(image, [1, 2]));
      await refuses('bad-argument', () => tuner.add(image, 1, { weight: -1 }));
      await refuses('bad-image', () => tuner.add({ data: new Uint8Array(4), width: 2, height: 2 }, 1));
      await refuses('bad-data', () => tuner.evaluate({ ...tuner.corrections, height: 14 }));
      await tuner.add(image, LABEL);
      await refuses('bad-argument', () => ran(tuner.run({ steps: 0 })));
      await refuses('bad-argument', () => ran(tuner.run({ seconds: -1 })));
      await refuses('bad-argument', () => ran(tuner.run({ until: 2 })));
      const run = tuner.run({ steps: 1 });
      await run.next();
      await refuses('bad-argument', () => ran(tuner.run()));
      await refuses('bad-argument', () => tuner.undo());
      await ran(run);
      await tuner.close();
      await tuner.close();
      await refuses('closed', () => ran(tuner.run()));
      await refuses('closed', () => tuner.evaluate(taught));
    }),

  'refuses settings that do not fit': async (runtime) => {
    const { model, training } = runtime;
    const base = { model, training, replay: false } as const;
    await refuses('bad-argument', () => runtime.createTuner({ ...base, strategy: 'nonsense' as 'full' }));
    await refuses('bad-model', () => runtime.createTuner({ ...base, model: model.slice(0, 1000) }));
    const core = await coreSet(runtime);
    await refuses('bad-data', () => runtime.createTuner({ ...base, replay: { ...core, count: 3 } }));
    const other = decodeModel(model);
    const initializers = new Map([...other.graph.initializers].map(([name, tensor]) => [`other/${name}`, tensor]));
    ok(initializers.size > 0 && encodeModel(other).length > 0, 'a model');
    await refuses('bad-model', () => runtime.createTuner({ ...base, training: model }));
    await refuses('not-found', () => runtime.createTuner({ ...base, strategy: 'head' }));
    await refuses('not-found', () => runtime.createTuner({ ...base, training: runtime.head, strategy: 'full' }));
  },

  'chooses a strategy by itself, for what the given training graph trains': async (runtime) => {
    const corrections = new Array<number>(10).fill(0);
    corrections[LABEL] = taught.length;
    const replay = (await coreSet(runtime)).count;
    for (const [training, trainable] of [[runtime.training, 'all'] as const, [runtime.head, 'head'] as const]) {
      await usingTaught(runtime, { strategy: 'auto', training }, async (tuner) => {
        const { strategy } = tuner;
        same(strategy, chooseStrategy({ corrections, available: [trainable], replay }), 'the strategy');
        same(strategy.trainable, trainable, 'what it trains');
        const first = (await ran(tuner.run({ steps: 1 })))[0]!;
        same(first.strategy, strategy.name, 'that of the run');
      });
    }
  },

  'measures while it begins to learn, several sets at once': (runtime) =>
    usingTaught(runtime, {}, async (tuner) => {
      const many = await coreSet(runtime);
      const twice = [...many.images, ...many.images, ...many.images];
      const labels = [...many.labels, ...many.labels, ...many.labels];
      const samples = {
        ...many,
        images: Uint8Array.from(twice),
        labels: Uint8Array.from(labels),
        count: 3 * many.count,
      };
      const found = [tuner.evaluate(samples), tuner.evaluate(many)];
      const run = ran(tuner.run({ steps: 2 }));
      found.push(tuner.evaluate(samples));
      same(
        (await Promise.all(found)).map(({ accuracy, count }) => [accuracy, count]),
        [144, 48, 144].map((count) => [1, count]),
        'what is measured',
      );
      same((await run).at(-1)!.outcome, 'finished', 'the end of the run');
    }),

  'ends a run as aborted when it is closed, wherever the run is': async (runtime) => {
    for (const when of [-1, 0, 1, 11]) {
      await usingTaught(runtime, {}, async (tuner) => {
        const run = tuner.run({ steps: 12 });
        const progress: TuningProgress[] = [];
        const all = (async () => {
          for await (const now of run) {
            progress.push(now);
            if (now.step === when) void tuner.close();
          }
        })();
        if (when < 0) void tuner.close();
        await all;
        await tuner.close();
        same(progress.at(-1)!.outcome, 'aborted', `the end after step ${when}`);
        ok(
          progress.slice(0, -1).every(({ outcome }) => !outcome),
          'one end',
        );
      });
    }
  },
};
