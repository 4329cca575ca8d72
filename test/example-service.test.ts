/** The example of a service in examples/service: that it is short, and that it serves. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const example = path('examples/service/server.mjs');
const drawing = (digit: number) => new Uint8Array(readFileSync(path(`examples/images/digit-${digit}.png`)));

it('serves in under 40 lines', async () => {
  expect(readFileSync(example, 'utf8').trimEnd().split('\n').length).toBeLessThan(40);
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, [example], { env: { ...process.env, PORT: '0' }, stdio: [...stdio] });
  const url = String((await once(child.stdout!, 'data'))[0]).trim();
  const post = (body: Uint8Array<ArrayBuffer>) => fetch(url, { method: 'POST', body });

  const answers = await Promise.all([2, 4, 5, 8].map((digit) => post(drawing(digit))));
  const digits = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { digit: number }).digit));
  expect(digits).toEqual([2, 4, 5, 8]);
  expect((await post(drawing(1).slice(0, 100))).status).toBe(422);
  expect((await post(new Uint8Array(5 * 2 ** 20))).status).toBe(413);

  child.kill('SIGTERM');
  expect((await once(child, 'exit'))[0]).toBe(0);
});
