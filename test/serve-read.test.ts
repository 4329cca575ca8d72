/** POST /v1/read over real HTTP with a real model, and where there is no such route. */

import type { Reading } from '@denary/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DrawnSheet, drawnSheet } from './drawn-sheet.js';
import { type Body, Serving, using } from './serving.js';

const LINES = ['4071', '598'];

let sheet: DrawnSheet;
beforeAll(async () => {
  sheet = await drawnSheet(LINES);
});

const read = async (serving: Serving, body: Body, type?: string, query = '') => {
  const headers = type === undefined ? {} : { headers: { 'content-type': type } };
  const answer = await serving.fetch(`/v1/read${query}`, { method: 'POST', body, ...headers });
  return { status: answer.status, ...((await answer.json()) as Reading & { model: string; error?: { code: string } }) };
};

describe('a server that reads sheets', () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await Serving.start('--workers', '1', '--reject', 'auto', '--max-delay', '1', '--max-pixels', '1000000');
  });
  afterAll(() => serving.stop());

  it('gives lines, and digits with boxes where they were drawn', async () => {
    const { status, model, text, lines } = await read(serving, new Uint8Array(sheet.png), 'image/png');
    expect({ status, model, text }).toEqual({ status: 200, model: 'cnn', text: LINES.join('\n') });
    for (const [i, { text, box, digits, confidence }] of lines.entries()) {
      expect(text).toBe(LINES[i]);
      expect(confidence).toBeGreaterThan(0.5);
      expect(digits.map(({ digit }) => digit)).toEqual([...LINES[i]!].map(Number));
      for (const [j, { box: own, confidence, probabilities, touching }] of digits.entries()) {
        const place = sheet.places[i]![j]!;
        expect(own.x).toBeGreaterThanOrEqual(place.x);
        expect(own.y).toBeGreaterThanOrEqual(place.y);
        expect(own.x + own.width).toBeLessThanOrEqual(place.x + place.width);
        expect(own.y + own.height).toBeLessThanOrEqual(place.y + place.height);
        expect(own.x).toBeGreaterThanOrEqual(box.x);
        expect(probabilities).toHaveLength(10);
        expect(confidence).toBeLessThanOrEqual(1);
        expect(touching).toBe(false);
      }
    }
  });

  it('takes a sheet in every way that images are taken', async () => {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(sheet.png)], { type: 'image/png' }), 'sheet.png');
    const json = (image: unknown) => [JSON.stringify({ image }), 'application/json'] as const;
    const { data, info } = await sharp(sheet.png).greyscale().raw().toBuffer({ resolveWithObject: true });
    const size = `?width=${info.width}&height=${info.height}`;
    const answers = [
      await read(serving, form),
      await read(serving, ...json(sheet.png.toString('base64'))),
      await read(serving, ...json({ data: data.toString('base64'), width: info.width, height: info.height })),
      await read(serving, new Uint8Array(data), 'application/octet-stream', size),
    ];
    expect(answers.map(({ text }) => text)).toEqual(answers.map(() => LINES.join('\n')));
  });

  it('finds nothing on an empty sheet', async () => {
    const blank = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#eee' } })
      .webp()
      .toBuffer();
    expect(await read(serving, new Uint8Array(blank), 'image/webp')).toMatchObject({
      status: 200,
      text: '',
      lines: [],
    });
  });

  it('refuses what is no sheet, or several, or one of too many pixels', async () => {
    const large = await sharp({ create: { width: 1001, height: 1000, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    const png = sheet.png.toString('base64');
    const two = JSON.stringify({ images: [png, png] });
    const refused = [
      await read(serving, new Uint8Array(sheet.png.subarray(0, 5000)), 'image/png'),
      await read(serving, new Uint8Array(large), 'image/png'),
      await read(serving, 'abc', 'application/octet-stream'),
      await read(serving, two, 'application/json'),
    ];
    const seen = refused.map(({ status, error }) => [status, error?.code]);
    expect(seen).toEqual([...Array(3).fill([422, 'bad-image']), [400, 'bad-argument']]);
  });

  it('counts sheets and their digits', async () => {
    const count = (name: string) => serving.metric(name);
    const before = [await count('denary_sheets_total{outcome="ok"}'), await count('denary_sheet_digits_total')];
    await read(serving, new Uint8Array(sheet.png), 'image/png');
    const after = [await count('denary_sheets_total{outcome="ok"}'), await count('denary_sheet_digits_total')];
    expect(after).toEqual([before[0]! + 1, before[1]! + 7]);
    expect(await count('denary_images_total')).toBe(0);
  });

  it('describes the route', async () => {
    const { paths } = (await (await serving.fetch('/openapi.json')).json()) as { paths: Record<string, object> };
    expect(paths).toHaveProperty('/v1/read');
    const { models } = (await (await serving.fetch('/v1/models')).json()) as { models: object[] };
    expect(models).toMatchObject([{ maxDelay: 1, reject: 'auto' }]);
  });
});

it.each(['pair', 'string'])('a server of the model %s has no such route, and describes none', (model) =>
  using(['--model', model, '--workers', '1'], async (serving) => {
    const answer = await read(serving, new Uint8Array(sheet.png), 'image/png');
    expect(answer).toMatchObject({ status: 404, error: { code: 'not-found' } });
    const { paths } = (await (await serving.fetch('/openapi.json')).json()) as { paths: Record<string, object> };
    expect(paths).not.toHaveProperty('/v1/read');
    expect(paths).toHaveProperty('/v1/predict');
  }),
);
