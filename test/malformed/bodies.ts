/** Bodies that are wrong: JSON, forms, raw pixels and images; each with its content type and, where need be, a query. */

import type { Draw } from './draw.js';
import { badImages, type Materials } from './images.js';

export interface BadBody {
  readonly type: string;
  readonly body: Buffer;
  readonly query?: string;
}

type Make = (draw: Draw, materials: Materials) => BadBody;

const json = (body: unknown): BadBody => ({ type: 'application/json', body: Buffer.from(JSON.stringify(body)) });
const text = (body: string): BadBody => ({ type: 'application/json', body: Buffer.from(body) });

const badItems: readonly unknown[] = [
  null,
  7,
  true,
  '',
  'not base64!',
  'AAAA',
  'data:image/png,%89PNG',
  'data:image/png;base64,',
  '/etc/passwd',
  'file:///etc/passwd',
  [],
  [[]],
  [[0, 1], [2]],
  [[0], null],
  [256],
  [-1, 0],
  [0.5],
  ['0'],
  [[[[0]]]],
  {},
  { data: [0], width: 1e9, height: 1e9 },
  { data: [0, 0], width: '1', height: 2 },
  { data: [0], width: 1, height: 1, channels: 7 },
  { data: 'AA==', width: -1, height: -1 },
  { data: { length: 784 }, width: 28, height: 28 },
];
const badJson: readonly unknown[] = [
  null,
  7,
  'image',
  [],
  {},
  { images: [] },
  { images: 'AAAA' },
  { images: { 0: [0] } },
];
const depth = (count: number) => '['.repeat(count) + ']'.repeat(count);

const BOUNDARY = 'denary-boundary';
const part = (head: string, body: Buffer | string) =>
  Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n${head}\r\n\r\n`), Buffer.from(body as string), Buffer.from('\r\n')]);
const file = (name: string, body: Buffer | string) =>
  part(`content-disposition: form-data; name="image"; filename="${name}"\r\ncontent-type: image/png`, body);
const END = Buffer.from(`--${BOUNDARY}--\r\n`);
const form = (...parts: Buffer[]): BadBody => ({
  type: `multipart/form-data; boundary=${BOUNDARY}`,
  body: Buffer.concat(parts),
});

export const badBodies: Readonly<Record<string, Make>> = {
  ...Object.fromEntries(
    Object.entries(badImages).map(([kind, make]): [string, Make] => [
      kind,
      (draw, materials) => {
        const image = make(draw, materials);
        const ways = [
          () => ({
            type: draw.of(['image/png', 'image/jpeg', 'image/webp', 'image/tiff', 'image/gif', 'image/x-unheard-of']),
            body: image,
          }),
          () => form(file('a.png', image), END),
          () => json({ image: image.toString('base64') }),
          () => json({ images: [image.toString('base64'), `data:image/png;base64,${image.toString('base64')}`] }),
        ];
        return draw.of(ways)();
      },
    ]),
  ),
  'JSON cut short': (draw, { small: { png } }) => ({
    ...json({}),
    body: draw.cut(Buffer.from(JSON.stringify({ image: png.toString('base64') })), 0.99),
  }),
  'JSON of noise': (draw) => ({ ...json({}), body: Buffer.concat([Buffer.from('{'), draw.bytes(draw.whole(0, 200))]) }),
  'JSON of another kind': (draw) => json(draw.of(badJson)),
  'JSON with a bad image': (draw) => json({ image: draw.of(badItems) }),
  'JSON with bad images': (draw) =>
    json({ images: Array.from({ length: draw.whole(1, 16) }, () => draw.of(badItems)) }),
  'JSON with both': () => json({ image: [[0]], images: [[[0]]] }),
  'JSON of great depth': (draw) => text(`{"image":${depth(draw.whole(10, 50_000))}}`),
  'JSON with a prototype': () => text('{"image":[[0]],"__proto__":{"polluted":true}}'),
  'JSON with too many images': (draw) => json({ images: Array(draw.whole(17, 500)).fill([[0]]) }),
  'a form cut short': (draw, { small: { png } }) => {
    const whole = form(file('a.png', png), file('b.png', png), END);
    return { ...whole, body: draw.cut(whole.body, 0.95) };
  },
  'a form of noise': (draw) => form(draw.bytes(draw.whole(0, 2000))),
  'a form of another boundary': (draw, { small: { png } }) => ({
    ...form(file('a.png', png), END),
    type: draw.of(['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="a b']),
  }),
  'a form without files': () => form(part('content-disposition: form-data; name="image"', 'text'), END),
  'a form with broken heads': (draw) => form(part(draw.bytes(20).toString('latin1'), 'abc'), END),
  'a form with too many files': (draw, { small: { png } }) =>
    form(...Array.from({ length: draw.whole(17, 60) }, () => file('a.png', png.subarray(0, 100))), END),
  'pixels of another size': (draw) => {
    const length = draw.whole(0, 2000);
    return { type: 'application/octet-stream', body: draw.bytes(length === 784 ? 785 : length) };
  },
  'pixels of a giant size': (draw) => ({
    type: 'application/octet-stream',
    body: draw.bytes(784),
    query: `?width=${draw.whole(10_000, 65_535)}&height=${draw.whole(10_000, 65_535)}`,
  }),
  'pixels of a size that is none': (draw) => ({
    type: 'application/octet-stream',
    body: draw.bytes(784),
    query: `?width=${draw.of(['0', '-28', '1e9', 'NaN', 'x', '28.5', '99999999999999999999'])}`,
  }),
  'another media type': (draw) => ({
    type: draw.of(['text/plain', 'text/html', 'application/xml', 'video/mp4', 'application/x-www-form-urlencoded', '']),
    body: Buffer.from('seven'),
  }),
};
