import { describe, expect, it } from 'vitest';
import { catalogue } from '../architectures/catalogue.js';
import { createDataset } from '../data/dataset.js';
import { type Entry, entries, quick } from './entries.js';
import { formatReproduction, type Run, reproductionRow } from './table.js';

const entry = entries.find(({ id }) => id === 'hrnn') as Entry;
const run = (seed: number, accuracy: number, rest: Partial<Run> = {}): Run => ({
  id: 'hrnn',
  seed,
  accuracy,
  loss: 0.2,
  parameters: 13_002,
  epochs: 3,
  seconds: 165.5,
  versions: {},
  ...rest,
});

describe('entries', () => {
  it('have every system once, for each of its data sets, each with an id of its own', () => {
    for (const architecture of catalogue) {
      expect(entries.filter((candidate) => candidate.architecture === architecture)).toHaveLength(1);
    }
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(entries.map(({ id }) => id)).toEqual(expect.arrayContaining(['relu-net-optdigits', 'ann-sigmoid-changed']));
  });

  it('take a small part when they are to be quick', () => {
    const train = createDataset({
      name: 'noise',
      images: new Uint8Array(100 * 4),
      labels: new Uint8Array(100),
      height: 2,
      width: 2,
      classes: 10,
    });
    const [deep, net] = ['mlp-deep', 'relu-net-optdigits'].map((id) =>
      quick(entries.find((candidate) => candidate.id === id)!.architecture, train),
    );
    expect(deep!.architecture.training).toMatchObject({ epochs: 1, steps: 15 });
    expect(net!.architecture.training).toMatchObject({ epochs: 100 });
    expect(net!.train.count).toBe(10);
  });
});

describe('reproductionRow', () => {
  it('gives mean and sample deviation, and the ratio of the times', () => {
    const row = reproductionRow(entry, [run(2, 0.96), run(1, 0.94), { ...run(1, 0.1), id: 'mlp' }]);
    expect(row.accuracy).toEqual({ mean: expect.closeTo(0.95, 12), deviation: expect.closeTo(Math.sqrt(2e-4), 12) });
    expect(row.runs.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(row.speedup).toBe(2);
  });

  it.each([
    [[0.96], true],
    [[0.94], undefined],
    [[0.94, 0.95], true],
    [[0.93, 0.931], false],
  ])('runs of %j hold up to .9471: %s', (accuracies, holds) => {
    const row = reproductionRow(
      entry,
      accuracies.map((accuracy, i) => run(i, accuracy)),
    );
    expect(row.holds).toBe(holds);
  });
});

describe('formatReproduction', () => {
  it('shows ours beside what was reported, and says what was not run', () => {
    const rows = entries.map((each) => reproductionRow(each, [run(1, 0.94), run(2, 0.96)]));
    const text = formatReproduction(rows, { command: 'denary reproduce' });
    expect(text).toContain('| `hrnn` | 13,002 | 0.9471 | 0.9500 ± 0.0141 | 0.2000 | 2 | 3 | 166 | 331 / 166 = 2.0 |');
    expect(text).toContain('| `mlp` |  | 0.9748 | not run |');
    expect(text).not.toContain('quick');
  });

  it('says of a quick run what was left out, and shows the slots of a string', () => {
    const string = entries.find(({ id }) => id === 'string') as Entry;
    const done = { ...run(1, 0.98, { wholeAccuracy: 0.91, slotAccuracy: [0.99, 0.97] }), id: 'string' };
    const text = formatReproduction([reproductionRow(string, [done])], { quick: true });
    expect(text).toMatch(/quick run.*10% of the training images and 5% of the epochs/);
    expect(text).toContain('`string`: whole images 0.9100, slots from left to right 0.9900, 0.9700.');
  });
});
