import { expect, test } from 'vitest';
import { Latest } from './latest.js';

/** Work that ends when it is told to, or aborted; what it was asked to do, in order. */
function scripted() {
  const asked: boolean[] = [];
  const finish: (() => void)[] = [];
  let [under, most] = [0, 0];
  const latest = new Latest(async (live, signal) => {
    asked.push(live);
    most = Math.max(most, ++under);
    await new Promise<void>((resolve) => {
      finish.push(resolve);
      signal.addEventListener('abort', () => resolve());
    });
    under--;
  });
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  const end = async () => {
    finish.shift()!();
    await turn();
  };
  return { asked, latest, end, turn, most: () => most };
}

test('of requests that wait one is done, never two at a time', async () => {
  const { asked, latest, end, most } = scripted();
  for (let i = 0; i < 5; i++) latest.request(true);
  expect(asked).toEqual([true]);
  await end();
  expect(asked).toEqual([true, true]);
  await end();
  expect(asked).toHaveLength(2);
  expect(most()).toBe(1);
});

test('what is not live ends what is, and is not skipped for it', async () => {
  const { asked, latest, turn, most } = scripted();
  latest.request(true);
  latest.request(false);
  latest.request(true);
  await turn();
  expect(asked).toEqual([true, false]);
  expect(most()).toBe(1);
});

test('after a stop nothing follows', async () => {
  const { asked, latest, turn } = scripted();
  latest.request(false);
  latest.request(true);
  latest.stop();
  await turn();
  expect(asked).toEqual([false]);
  latest.request(true);
  expect(asked).toEqual([false, true]);
});
