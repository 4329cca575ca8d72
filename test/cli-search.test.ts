/** `denary search` as a user types it: tables and JSON, Ctrl-C and resume, and wrong usage. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { finished, objects, start as startCommand } from './command.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-search-'));
});

const start = (...args: string[]) => startCommand('search', ...args);
const denary = (...args: string[]) => finished(start(...args));
const kept = async (file: string) => JSON.parse(await readFile(file, 'utf8'));
const withoutSeconds = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, part) => (key === 'seconds' ? undefined : part)));

/** Small enough for a second or two a setting. */
const quick = ['mlp', '--samples', '600', '--epochs', '2', '--folds', '2', '--seed', '4'];

describe('denary search', () => {
  it('prints a table, the best first, and keeps the results', async () => {
    const file = join(folder, 'table.json');
    const ran = await denary(...quick, '--grid', 'learningRate=1e-9,1e30,1e-3', '--out', file);
    expect(ran.code).toBe(0);
    const [header, , ...lines] = ran.out.trim().split('\n');
    expect(header).toMatch(/^learningRate +accuracy +loss +time +note$/);
    expect(lines[0]).toMatch(/^0\.001 +\d+\.\d\d% ± \d+\.\d\d +\d\.\d{4} ± \d\.\d{4} +0:\d\d$/);
    expect(lines[1]).toMatch(/^1e-9 /);
    expect(lines[2]).toMatch(/^1e\+30 .*diverged: .*(NaN|Infinity)/);
    expect(ran.out).toMatch(/Best: learningRate=0\.001 \(accuracy .* over 2 folds; the test set was not read\)/);
    expect(ran.err).toMatch(/3\/3 learningRate=0\.001 /);
    expect(await kept(file)).toMatchObject({ finished: true, best: { learningRate: 0.001 }, search: { folds: 2 } });
  });

  it('draws from ranges, and speaks JSON', async () => {
    const file = join(folder, 'random.json');
    const space = ['--random', 'learningRate=1e-4..1e-2:log', '--random', 'dense.units=8..16', '--trials', '2'];
    const { code, out } = await denary(...quick, ...space, '--grid', 'optimizer=Adam', '--out', file, '--json');
    expect(code).toBe(0);
    const said = objects({ out });
    expect(said.map(({ event }) => event)).toEqual(['start', 'trial', 'trial', 'done']);
    expect(said[0]).toMatchObject({ name: 'mlp', settings: 2, folds: 2, samples: 600 });
    const { trials, best } = said.at(-1);
    expect(best).toEqual(trials[0]);
    expect(trials[0].accuracy.mean).toBeGreaterThanOrEqual(trials[1].accuracy.mean);
    for (const { settings } of trials) {
      expect(settings.optimizer).toBe('Adam');
      expect([8, 9, 10, 11, 12, 13, 14, 15, 16]).toContain(settings['dense.units']);
    }
    expect((await kept(file)).trials).toEqual(trials);
  });

  it('stops cleanly on Ctrl-C, and resumes to the same results', async () => {
    const [whole, cut] = [join(folder, 'whole.json'), join(folder, 'cut.json')];
    const args = [...quick, '--grid', 'optimizer=SGD,Adam,RMSprop', '--json'];
    await denary(...args, '--out', whole);

    const child = start(...args, '--out', cut);
    const ran = finished(child);
    child.stdout!.on('data', (data) => {
      if (String(data).includes('"trial"')) child.kill('SIGINT');
    });
    const stopped = await ran;
    expect(stopped.code).toBe(1);
    expect(stopped.err).toMatch(/the same command and --resume/);
    const before = await kept(cut);
    expect(before).toMatchObject({ finished: false, trials: [{ settings: { optimizer: 'SGD' } }] });

    const resumed = await denary(...args, '--out', cut, '--resume');
    expect(resumed.code).toBe(0);
    const tried = objects(resumed).flatMap(({ event, settings }) => (event === 'trial' ? [settings.optimizer] : []));
    expect(tried).toEqual(['Adam', 'RMSprop']);
    const after = await kept(cut);
    expect(withoutSeconds(after)).toEqual(withoutSeconds(await kept(whole)));
    // To the second: what was done is what was kept.
    const sgd = ({ trials }: typeof after) => trials.find(({ settings }: typeof after) => settings.optimizer === 'SGD');
    expect(sgd(after)).toEqual(sgd(before));

    const other = await denary(...args, '--out', cut, '--resume', '--folds', '3');
    expect(other).toMatchObject({ code: 1, out: '' });
    expect(other.err).toMatch(/folds 2.*received folds 3/);
    expect(await kept(cut)).toEqual(after);
  });

  it('fails where every setting diverges, and keeps the reasons', async () => {
    const file = join(folder, 'none.json');
    const ran = await denary(...quick, '--grid', 'learningRate=1e30', '--out', file);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/expected a setting with which the training does not diverge/);
    expect((await kept(file)).trials).toMatchObject([{ failed: expect.stringMatching(/NaN|Infinity/) }]);
  });

  it.each([
    ['nothing to choose between', [], 1, /For example: denary search mlp --grid optimizer=SGD,RMSprop,Adam/],
    ['an unknown key', ['--grid', 'dense.unitz=1'], 1, /expected a field among units, .*"unitz"/],
    ['a grid without values', ['--grid', 'optimizer'], 1, /For example: optimizer=SGD,Adam/],
    ['too many samples', ['--grid', 'epochs=1', '--samples', '60001'], 1, /1\.\.60000/],
    ['nothing to resume', ['--grid', 'epochs=1', '--resume', '--out', '/nowhere.json'], 1, /no such file/],
    ['an unknown metric', ['--grid', 'epochs=1', '--metric', 'f1'], 2, /accuracy, loss/],
  ])('refuses %s', async (_, args, code, message) => {
    const ran = await denary(...quick, '--out', join(folder, 'refused.json'), ...args);
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.err).toMatch(message);
    expect(existsSync(join(folder, 'refused.json'))).toBe(false);
  });

  it('refuses to resume from a damaged file', async () => {
    const file = join(folder, 'damaged.json');
    await writeFile(file, '{"version":1,');
    const ran = await denary(...quick, '--grid', 'epochs=1', '--out', file, '--resume');
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/damaged\.json: expected a search of denary/);
  });

  it('offers help with examples', async () => {
    const { code, out } = await denary('--help');
    expect(code).toBe(0);
    for (const text of ['--grid', '--random', '--trials', '--folds', '--samples', '--resume', 'Examples:']) {
      expect(out).toContain(text);
    }
  });
});
