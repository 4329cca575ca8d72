/**
 * Hundreds of malformed requests, and good ones in between: `npm test` sends the first few, `npm run test:malformed` ten thousand.
 * DENARY_SEED draws others.
 */

import { fileURLToPath } from 'node:url';
import { loadDataset } from '@denary/train/node';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DrawnSheet, drawnSheet } from './drawn-sheet.js';
import { attackOf } from './malformed/attacks.js';
import type { Materials } from './malformed/images.js';
import { send } from './malformed/send.js';
import { Serving, said } from './serving.js';

const COUNT = Number(process.env.DENARY_MALFORMED ?? 300);
const SEED = Number(process.env.DENARY_SEED ?? 1);
const AT_ONCE = 24;

let serving: Serving;
let materials: Materials;
let sheet: DrawnSheet;

/** The image in every format. */
async function everyFormat(image: Sharp): Promise<Materials['small']> {
  const [png, jpeg, webp, tiff, gif] = await Promise.all([
    image.clone().png().toBuffer(),
    image.clone().jpeg().toBuffer(),
    image.clone().webp().toBuffer(),
    image.clone().tiff({ compression: 'deflate' }).toBuffer(),
    image.clone().gif().toBuffer(),
  ]);
  return { png, jpeg, webp, tiff, gif };
}

beforeAll(async () => {
  const digit = sharp(fileURLToPath(new URL('../examples/images/digit-1.png', import.meta.url)));
  const paper = sharp({ create: { width: 2000, height: 2000, channels: 3, background: '#eee' } });
  materials = { small: await everyFormat(digit), large: await everyFormat(paper) };
  sheet = await drawnSheet(['40', '7']);
  const limits = ['--max-body', '262144', '--max-images', '16', '--receive-timeout', '1000', '--max-pixels', '4000000'];
  serving = await Serving.start('--preprocess', 'none', ...limits);
});
afterAll(() => serving.stop());

/** What is wrong with the answer to an attack; nothing where all is well. */
async function answered(index: number, port: number): Promise<string | undefined> {
  const attack = attackOf(SEED, index, materials);
  const named = `${index} (${attack.kind})`;
  try {
    const reply = await send(attack, port);
    if (!reply) return undefined;
    if (!(reply.status >= 400 && reply.status < 500)) return `${named}: ${reply.status} ${reply.body}`;
    const { error } = JSON.parse(reply.body);
    const told = ['code', 'who', 'expected', 'received', 'remedy'].filter((key) => !error[key]);
    return told.length === 0 ? undefined : `${named}: no ${told} in ${reply.body}`;
  } catch (error) {
    return `${named}: ${error}`;
  }
}

it(`answers ${COUNT} malformed requests with a typed 4xx each, and good ones in between rightly`, {
  timeout: 60_000 + COUNT * 100,
}, async () => {
  const test = await loadDataset('mnist', 'test');
  const pixels = (i: number) => new Uint8Array(test.images.subarray((i % 1000) * 784, ((i % 1000) + 1) * 784));
  const digit = async (i: number) => {
    const answer = await said(serving.predict(pixels(i), 'application/octet-stream'));
    return answer.predictions[0]!.digit;
  };
  const read = async () => {
    const answer = await serving.fetch('/v1/read', {
      method: 'POST',
      body: new Uint8Array(sheet.png),
      headers: { 'content-type': 'image/png' },
    });
    return ((await answer.json()) as { text?: string }).text;
  };
  const expected: (number | null)[] = [];
  for (let i = 0; i < 50; i++) expected.push(await digit(i));

  const port = Number(new URL(serving.url).port);
  const wrong: string[] = [];
  let next = 0;
  let good = 0;
  const attacker = async () => {
    while (next < COUNT) {
      const index = next++;
      const problem = await answered(index, port);
      if (problem !== undefined) wrong.push(problem);
      if (index % 5 > 0) continue;
      good++;
      const found = await digit(index % 50);
      if (found !== expected[index % 50]) wrong.push(`the good request after ${index}: ${found}`);
      if (index % 50 > 0) continue;
      const text = await read();
      if (text !== '40\n7') wrong.push(`the good sheet after ${index}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attacker));
  expect(wrong).toEqual([]);
  expect(good).toBe(Math.ceil(COUNT / 5));
  expect(await serving.metric('denary_workers_lost_total')).toBe(0);
  expect(serving.log.filter(({ level }) => level >= 50)).toEqual([]);
  expect(serving.child.exitCode).toBeNull();
});
