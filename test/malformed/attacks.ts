/**
 * Requests that are wrong in one way or another, drawn by a seed, as the bytes that go over a socket. To each of them belongs an
 * answer of 4xx with a typed error, but to those whose client hangs up.
 */

import { gzipSync } from 'node:zlib';
import { type BadBody, badBodies } from './bodies.js';
import { Draw } from './draw.js';
import type { Materials } from './images.js';

export interface Attack {
  readonly kind: string;
  /** What is sent, piece by piece; the connection then stays open, so that a body that is not whole is one that does not come. */
  readonly pieces: readonly Buffer[];
  /** The client goes away without waiting for an answer. */
  readonly hangsUp: boolean;
}

/** A few go where sheets are read. */
const routes = ['/v1/predict', '/v1/predict', '/v1/read'] as const;

function post({ type, body, query = '' }: BadBody, route: string = routes[0], length = body.length): Buffer {
  const head = [
    `POST ${route}${query} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    ...(type === '' ? [] : [`content-type: ${type}`]),
    `content-length: ${length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

const line = (first: string, ...headers: string[]) =>
  Buffer.from([first, 'host: localhost', 'connection: close', ...headers, '', ''].join('\r\n'), 'latin1');
const POST = 'POST /v1/predict HTTP/1.1';

const protocol: Readonly<Record<string, (draw: Draw, materials: Materials) => Buffer>> = {
  'no HTTP': (draw) => Buffer.concat([draw.bytes(draw.whole(10, 500)), Buffer.from('\r\n\r\n')]),
  'another protocol': (draw) =>
    Buffer.from(draw.of(['SSH-2.0-OpenSSH_9.9\r\n', '\x16\x03\x01\x02\x00\x01', 'EHLO a\r\n'])),
  'another version': () => Buffer.from('POST /v1/predict HTTP/9.9\r\n\r\n'),
  'another method': (draw) => line(`${draw.of(['GET', 'PUT', 'DELETE', 'PATCH'])} /v1/predict HTTP/1.1`),
  'another route': (draw) =>
    line(`GET ${draw.of(['/v1', '/v1/predict/../../etc/passwd', '/..%2f..%2fetc', '/admin', '//', '/v2/x'])} HTTP/1.1`),
  'an address that is none': (draw) => line(`GET /${draw.of(['%zz', '%', '%c3%28', '%e0%a4%a'])} HTTP/1.1`),
  'headers beyond measure': (draw) => line(POST, `x-long: ${'a'.repeat(draw.whole(20_000, 60_000))}`),
  'headers with control characters': () => line(POST, 'x-odd: a\x00b'),
  'two lengths': () => line(POST, 'content-type: image/png', 'content-length: 3', 'content-length: 4'),
  'a length that is none': (draw) =>
    line(POST, 'content-type: image/png', `content-length: ${draw.of(['-1', 'x', '1e3'])}`),
  'a length beyond the limit': (draw) =>
    line(POST, 'content-type: image/png', `content-length: ${draw.whole(300_000, 2 ** 31)}`),
  'a length and chunks': () => line(POST, 'content-type: image/png', 'content-length: 3', 'transfer-encoding: chunked'),
  'chunks that are none': (draw) =>
    Buffer.concat([
      line(POST, 'content-type: image/png', 'transfer-encoding: chunked'),
      Buffer.from(draw.of(['zz\r\nabc\r\n', '-1\r\n\r\n', 'ffffffffffffffffff\r\n'])),
    ]),
  'chunks beyond the limit': () =>
    Buffer.concat([
      line(POST, 'content-type: image/png', 'transfer-encoding: chunked'),
      ...Array.from({ length: 20 }, () =>
        Buffer.concat([Buffer.from('4000\r\n'), Buffer.alloc(0x4000), Buffer.from('\r\n')]),
      ),
      Buffer.from('0\r\n\r\n'),
    ]),
  'a packed body': (_draw, { small: { png } }) =>
    post({ type: 'image/png\r\ncontent-encoding: gzip', body: gzipSync(png) }),
  'no body': () => line(POST, 'content-length: 0'),
};

/** These keep a connection until the server has enough of it. */
const slow: Readonly<Record<string, (draw: Draw, materials: Materials) => Buffer>> = {
  'a body that does not come': (draw, { small: { png } }) =>
    post({ type: 'image/png', body: draw.cut(png) }, draw.of(routes), png.length),
  'a form that does not come': (draw, { small: { png } }) =>
    post({ type: 'multipart/form-data; boundary=x', body: draw.cut(png) }, draw.of(routes), png.length),
  'headers that do not come': () => Buffer.from('POST /v1/predict HTTP/1.1\r\nhost: localhost\r\nx-slow: '),
};

const bodies = Object.entries(badBodies);
const protocols = Object.entries(protocol);
const slows = Object.entries(slow);

/** The attack of that number. */
export function attackOf(seed: number, index: number, materials: Materials): Attack {
  const draw = new Draw(seed, index);
  const way = draw.whole(0, 99);
  if (way < 60) {
    const [kind, make] = draw.of(bodies);
    const route = draw.of(routes);
    return { kind: `${kind}, ${route}`, pieces: inPieces(post(make(draw, materials), route), draw), hangsUp: false };
  }
  if (way < 90) {
    const [kind, make] = draw.of(protocols);
    return { kind, pieces: [make(draw, materials)], hangsUp: false };
  }
  if (way < 95) {
    const [kind, make] = draw.of(slows);
    return { kind, pieces: [make(draw, materials)], hangsUp: false };
  }
  const [kind, make] = draw.of(bodies);
  const whole = post(make(draw, materials), draw.of(routes));
  return { kind: `${kind}, hung up`, pieces: [draw.cut(whole, 1)], hangsUp: true };
}

/** Some requests come in two parts. */
function inPieces(request: Buffer, draw: Draw): Buffer[] {
  if (draw.whole(0, 3) > 0) return [request];
  const at = draw.whole(1, request.length - 1);
  return [request.subarray(0, at), request.subarray(at)];
}
