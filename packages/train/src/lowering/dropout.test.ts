/**
 * The statistics of the dropout masks that a training graph computes: how many elements are kept, over all and in each
 * row, column and step, and whether any two of them, or the corners of a square of them, know of each other. Every test is
 * a z-score against independent draws; seeds are fixed, so that a bound of 5 deviations is passed or failed for good.
 */

import {
  encodeModel,
  filled,
  fromNumbers,
  GraphBuilder,
  type Session,
  stream,
  type Tensor,
  uniform,
} from '@denary/core';
import { createSession as createNodeSession } from '@denary/runtime-node';
import { createSession as createWebSession } from '@denary/runtime-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maths } from '../math.js';
import { rowKeysOf } from './dropout.js';
import { appendForTraining, type TrainingContext } from './training-form.js';

const [ROWS, COLUMNS, STEPS] = [64, 512, 60];
const CELLS = ROWS * COLUMNS;
const LIMIT = 5;
/** A vector and an image of as many elements, as they follow dense and convolutional layers. */
const layers = { dropout: [ROWS, COLUMNS], dropout_1: [ROWS, 8, 8, 8] } as const;
type LayerName = keyof typeof layers;
const names = Object.keys(layers) as LayerName[];

/** A graph of nothing but dropout layers, all of ones: its outputs are the masks, scaled. */
function maskGraph(rate: number): Uint8Array {
  const graph = new GraphBuilder('masks');
  const math = maths(graph);
  const [seed, step] = [graph.input('seed', 'uint32', []), graph.input('step', 'uint32', [])];
  const keys = rowKeysOf(math, seed, step, { first: 0, count: ROWS });
  const unused = () => expect.fail('dropout asks for nothing else');
  const context = {
    math,
    rowKeys: () => keys,
    nextStatistic: unused,
    followsStatistics: unused,
  } as unknown as TrainingContext;
  for (const name of names) {
    const ones = graph.initializer(`${name}/ones`, filled('float32', layers[name], 1));
    const ratio = graph.initializer(`${name}/rate`, fromNumbers('float32', [rate], []));
    const node = {
      name,
      op: 'Dropout',
      domain: '',
      inputs: [ones.name, ratio.name],
      outputs: [`${name}/out`],
      attributes: {},
    };
    appendForTraining(node, context);
    graph.output(graph.value(`${name}/out`), `${name}/mask`);
  }
  return encodeModel(graph.model());
}

type Masks = Readonly<Record<LayerName, Tensor>>;

async function masksOf(session: Session, seed: number, step: number): Promise<Masks> {
  const results = await session.run({
    seed: fromNumbers('uint32', [seed], []),
    step: fromNumbers('uint32', [step], []),
  });
  return Object.fromEntries(names.map((name) => [name, results[`${name}/mask`]!])) as Masks;
}

/** How many of `draws` were kept more than expected, in deviations. */
const zOf = (kept: number, draws: number, rate: number) =>
  (kept - draws * (1 - rate)) / Math.sqrt(draws * rate * (1 - rate));

/** z-scores of many counts: none is far out, and they scatter as much as independent ones do, no more and no less. */
function expectNormal(scores: readonly number[], what: string): void {
  const worst = Math.max(...scores.map(Math.abs));
  expect(worst, `the largest z of ${what}`).toBeLessThan(LIMIT);
  if (scores.length < 30) return;
  const scatter = scores.reduce((sum, z) => sum + z * z, 0) / scores.length;
  expect(Math.abs(scatter - 1), `the mean z^2 of ${what}, ${scatter}`).toBeLessThan(
    LIMIT * Math.sqrt(2 / scores.length),
  );
}

describe.each([0.1, 0.25, 0.5])('a dropout mask of rate %f', (rate) => {
  /** One element of each a step: 1 - (1 - rate) where kept, -(1 - rate) where dropped, divided by the deviation. */
  const drawn: Record<LayerName, Float64Array[]> = { dropout: [], dropout_1: [] };
  const [low, high] = [-(1 - rate), rate].map((value) => value / Math.sqrt(rate * (1 - rate))) as [number, number];
  const scale = Math.fround(1 / (1 - rate));
  let session: Session;

  beforeAll(async () => {
    session = await createNodeSession(maskGraph(rate), { threads: 1 });
    for (let step = 0; step < STEPS; step++) {
      const masks = await masksOf(session, 3, step);
      for (const name of names)
        drawn[name].push(Float64Array.from(masks[name].data as Float32Array, (y) => (y > 0 ? high : low)));
    }
  });
  afterAll(() => session.close());

  const keptIn = (values: Iterable<number>): number => {
    let kept = 0;
    for (const value of values) if (value > 0) kept++;
    return kept;
  };
  /** The z-score of a sum of products of independent standardised draws. */
  const zOfProducts = (count: number, product: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += product(i);
    return sum / Math.sqrt(count);
  };
  const pick = (what: string, i: number, size: number) => Math.floor(uniform(11, stream(what), i) * size);
  /** `count` pairs of different numbers below `size`. */
  const pairs = (what: string, count: number, size: number) =>
    Array.from({ length: count }, (_, i) => {
      const first = pick(what, 2 * i, size);
      return [first, (first + 1 + pick(what, 2 * i + 1, size - 1)) % size] as const;
    });

  it('is 0 where it drops and 1 / (1 - rate) where it keeps', async () => {
    const masks = await masksOf(session, 3, 0);
    for (const name of names) {
      expect(masks[name].shape).toEqual(layers[name]);
      expect(new Set(masks[name].data as Float32Array)).toEqual(new Set([0, scale]));
    }
  });

  it('keeps 1 - rate of the elements', () => {
    expectNormal(
      names.map((name) =>
        zOf(
          drawn[name].reduce((sum, step) => sum + keptIn(step), 0),
          CELLS * STEPS,
          rate,
        ),
      ),
      'layers',
    );
  });

  it('keeps 1 - rate in each step, row and column', () => {
    for (const name of names) {
      const rows = new Array<number>(ROWS).fill(0);
      const columns = new Array<number>(COLUMNS).fill(0);
      for (const step of drawn[name]) {
        step.forEach((value, i) => {
          if (value < 0) return;
          rows[Math.floor(i / COLUMNS)]!++;
          columns[i % COLUMNS]!++;
        });
      }
      expectNormal(
        drawn[name].map((step) => zOf(keptIn(step), CELLS, rate)),
        `steps of ${name}`,
      );
      expectNormal(
        rows.map((kept) => zOf(kept, COLUMNS * STEPS, rate)),
        `rows of ${name}`,
      );
      expectNormal(
        columns.map((kept) => zOf(kept, ROWS * STEPS, rate)),
        `columns of ${name}`,
      );
    }
  });

  it('has rows that are independent of each other', () => {
    const scores = pairs('rows', 400, ROWS).map(([a, b]) =>
      zOfProducts(COLUMNS * STEPS, (i) => {
        const step = drawn.dropout[Math.floor(i / COLUMNS)]!;
        return step[a * COLUMNS + (i % COLUMNS)]! * step[b * COLUMNS + (i % COLUMNS)]!;
      }),
    );
    expectNormal(scores, 'pairs of rows');
  });

  it('has columns that are independent of each other, neighbours too', () => {
    const neighbours = Array.from({ length: COLUMNS - 1 }, (_, i) => [i, i + 1] as const);
    const scores = [...pairs('columns', 1000, COLUMNS), ...neighbours].map(([a, b]) =>
      zOfProducts(ROWS * STEPS, (i) => {
        const step = drawn.dropout[Math.floor(i / ROWS)]!;
        return step[(i % ROWS) * COLUMNS + a]! * step[(i % ROWS) * COLUMNS + b]!;
      }),
    );
    expectNormal(scores, 'pairs of columns');
  });

  it.each([1, 2, 7])('does not repeat itself %i steps later', (lag) => {
    const scores = names.map((name) =>
      zOfProducts(CELLS * (STEPS - lag), (i) => {
        const [step, cell] = [Math.floor(i / CELLS), i % CELLS];
        return drawn[name][step]![cell]! * drawn[name][step + lag]![cell]!;
      }),
    );
    expectNormal(scores, 'layers');
  });

  it('differs from layer to layer', () => {
    const z = zOfProducts(
      CELLS * STEPS,
      (i) => drawn.dropout[Math.floor(i / CELLS)]![i % CELLS]! * drawn.dropout_1[Math.floor(i / CELLS)]![i % CELLS]!,
    );
    expect(Math.abs(z)).toBeLessThan(LIMIT);
  });

  it('has independent corners of squares, where the sum or the product of a row’s and a column’s key would show', () => {
    const [rows, columns] = [pairs('square rows', 20_000, ROWS), pairs('square columns', 20_000, COLUMNS)];
    const z = zOfProducts(20_000 * STEPS, (i) => {
      const [step, [a, b], [c, d]] = [drawn.dropout[Math.floor(i / 20_000)]!, rows[i % 20_000]!, columns[i % 20_000]!];
      return step[a * COLUMNS + c]! * step[a * COLUMNS + d]! * step[b * COLUMNS + c]! * step[b * COLUMNS + d]!;
    });
    expect(Math.abs(z)).toBeLessThan(LIMIT);
  });

  it('is another for another seed, the next one too, and the same for the same', async () => {
    const [first, again] = [await masksOf(session, 3, 5), await masksOf(session, 3, 5)];
    expect(again).toEqual(first);
    for (const seed of [4, 2, 0, 2 ** 32 - 1]) {
      const other = (await masksOf(session, seed, 5)).dropout.data as Float32Array;
      const z = zOfProducts(CELLS, (i) => drawn.dropout[5]![i]! * (other[i]! > 0 ? high : low));
      expect(Math.abs(z)).toBeLessThan(LIMIT);
    }
  });

  it('has the same bits on onnxruntime-web', async () => {
    const web = await createWebSession(maskGraph(rate), { threads: 1 });
    for (const [seed, step] of [
      [0, 0],
      [3, 1],
      [7, 2 ** 31],
      [2 ** 32 - 1, 2 ** 32 - 1],
    ] as const) {
      expect(await masksOf(web, seed, step)).toEqual(await masksOf(session, seed, step));
    }
    await web.close();
  });
});
