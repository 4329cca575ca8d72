/** What the benchmarks do with a contestant that answers, fails, dies, hangs or can't be had. */

import { expect, it } from 'vitest';
import { type Contestant, contest } from '../bench/contest.mjs';

const work = { task: 'training', system: 'mlp', batches: [32, 128], limit: 30 } as const;
const line = (batch: number, rest: string) => `console.log(JSON.stringify({ batch: ${batch}, ${rest} }));`;
const contestant = (name: string, script: string, order = {}): Contestant => ({
  name,
  command: [process.execPath, '-e', script],
  order,
});

const play = (contestants: readonly Contestant[]) => {
  const turns: string[] = [];
  const report = ({ round, who }: { round: number; who: string }) => turns.push(`${round} ${who}`);
  return contest(work, contestants, { rounds: 2, threads: 2, report }).then((cells) => ({ cells, turns }));
};

it('a contestant has its turn in each round, and is given the work', async () => {
  const echo = 'const order = JSON.parse(process.argv[1]);';
  const answer = `for (const batch of order.batches) ${line(0, 'batch, milliseconds: 4, order')}`;
  const { cells, turns } = await play([contestant('a', echo + answer, { mode: 'x' }), contestant('b', echo + answer)]);
  expect(turns).toEqual(['1 a', '1 a', '1 b', '1 b', '2 a', '2 a', '2 b', '2 b']);
  expect(cells.map(({ who, batch, results }) => [who, batch, results.length])).toEqual([
    ['a', 32, 2],
    ['a', 128, 2],
    ['b', 32, 2],
    ['b', 128, 2],
  ]);
  expect(cells[0]!.results[0]).toMatchObject({ order: { ...work, threads: 2, mode: 'x' } });
});

it('one that can not do the work is listed with its error, once, and the others go on', async () => {
  const { cells, turns } = await play([
    contestant('fails', line(32, 'error: "no kernel"') + line(128, 'error: "no kernel"')),
    contestant('dies', `${line(32, 'milliseconds: 4')} null.x`),
    contestant('hangs', 'setInterval(() => {}, 1000)', { limit: 0.3 }),
    { ...contestant('missing', ''), unavailable: 'no compiler' },
  ]);
  expect(cells.map(({ who, batch, error }) => [who, batch, error])).toEqual([
    ['fails', 32, 'no kernel'],
    ['fails', 128, 'no kernel'],
    ['dies', 32, undefined],
    ['dies', 128, expect.stringMatching(/^TypeError: Cannot read properties of null/)],
    ['hangs', 32, 'nothing within 0.3 s'],
    ['hangs', 128, 'nothing within 0.3 s'],
    ['missing', 32, 'no compiler'],
    ['missing', 128, 'no compiler'],
  ]);
  expect(turns.filter((turn) => turn.startsWith('2'))).toEqual(['2 dies', '2 dies']);
});
