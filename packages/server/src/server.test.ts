/** What does not need a model: a recognizer made for the test stands in, and requests go in without a port. */

import {
  type AnyPrediction,
  type CallOptions,
  DenaryError,
  type ErrorCode,
  type ReadDigit,
  type Reading,
  type RecognizerInfo,
} from '@denary/core';
import type { FastifyBaseLogger } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, type ServedRecognizer, type Server, type ServerOptions } from './index.js';

const info: RecognizerInfo = {
  ...{ height: 2, width: 2, classes: 10, slots: 1, preprocess: 'none', batchSize: 4, maxQueue: 8, maxDelay: 0 },
  ...{
    device: 'cpu',
    isolation: 'none',
    workers: 0,
    reject: undefined,
    temperature: 1,
    model: undefined,
    threads: undefined,
    notes: [],
  },
};
const seven: AnyPrediction = { digit: 7, confidence: 0.5, probabilities: [0, 0, 0, 0, 0, 0, 0, 0.5, 0.5, 0] };

/** A recognizer that says what it is told to. */
function recognizerOf(parts: Partial<ServedRecognizer>): ServedRecognizer & { closed: boolean } {
  const recognizer = {
    info,
    pending: 0,
    predict: async () => seven,
    closed: false,
    close: async () => {
      recognizer.closed = true;
    },
    ...parts,
  };
  return recognizer;
}
const failing = (code: ErrorCode) => async () => {
  throw new DenaryError({ code, who: 'w', expected: 'e', received: 'r', remedy: 'Do.' });
};

const servers: Server[] = [];
async function serve(parts: Partial<ServedRecognizer> = {}, options: ServerOptions = {}): Promise<Server> {
  const server = await createServer({ recognizer: recognizerOf(parts), logLevel: 'silent', ...options });
  servers.push(server);
  return server;
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
const predict = (server: Server, payload: object = { image: [[0]] }) =>
  server.app.inject({ method: 'POST', url: '/v1/predict', payload });

describe('what goes wrong', () => {
  const statuses: [code: ErrorCode, status: number, retry: string | undefined][] = [
    ['bad-image', 422, undefined],
    ['bad-argument', 400, undefined],
    ['overloaded', 429, '1'],
    ['timeout', 503, '1'],
    ['worker-lost', 503, '1'],
    ['closed', 503, '1'],
    ['session-failed', 500, undefined],
  ];
  it.each(statuses)('has a status: %s %i', async (code, status, retry) => {
    const answer = await predict(await serve({ predict: failing(code) }));
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['retry-after']).toBe(retry);
    expect(answer.json()).toEqual({ error: { code, who: 'w', expected: 'e', received: 'r', remedy: 'Do.' } });
  });

  it('is not told to the client where nobody foresaw it', async () => {
    const answer = await predict(
      await serve({
        predict: async () => {
          throw new TypeError('secret');
        },
      }),
    );
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ error: { code: 'internal' } });
    expect(answer.body).not.toContain('secret');
  });

  it('ends the other images of a request where it is not about one', async () => {
    const signals: CallOptions['signal'][] = [];
    const server = await serve({
      predict: (_source, options) => {
        signals.push(options!.signal);
        return signals.length === 2 ? failing('overloaded')() : new Promise((resolve) => setTimeout(resolve, 5, seven));
      },
    });
    expect((await predict(server, { images: [[[0]], [[0]], [[0]]] })).statusCode).toBe(429);
    expect(signals.map((signal) => signal!.aborted)).toEqual([true, true, true]);
  });
});

describe('an answer', () => {
  it('has probabilities where they are asked for', async () => {
    const { app } = await serve();
    const ask = async (query: string) =>
      (await app.inject({ method: 'POST', url: `/v1/predict${query}`, payload: { image: [[0]] } })).json().predictions;
    expect(await ask('')).toEqual([{ digit: 7, confidence: 0.5 }]);
    expect(await ask('?probabilities=true')).toEqual([seven]);
  });

  it('passes on what else a recognizer tells', async () => {
    const server = await serve({ predict: async () => ({ ...seven, rejected: 'blank' as const }) });
    expect((await predict(server)).json().predictions).toEqual([
      { digit: 7, confidence: 0.5, rejected: 'blank' as const },
    ]);
  });

  it('is counted, refused readings apart', async () => {
    const answers = [seven, { ...seven, rejected: 'blank' as const }, seven];
    const server = await serve({ predict: async () => answers.pop()! });
    await predict(server, { images: [[[0]], [[0]], [[0]], 'no!'] });
    const { body } = await server.app.inject('/metrics');
    expect(body).toContain('denary_images_total{outcome="ok"} 2\n');
    expect(body).toContain('denary_images_total{outcome="rejected"} 1\n');
    expect(body).toContain('denary_images_total{outcome="bad-image"} 1\n');
  });

  it('has the text of a model that reads several digits', async () => {
    const slots = [seven, { ...seven, digit: null }];
    const server = await serve({ predict: async () => ({ text: '7', confidence: 0.25, slots }) });
    const brief = { digit: 7, confidence: 0.5 };
    const [prediction] = (await predict(server)).json().predictions;
    expect(prediction).toEqual({ text: '7', confidence: 0.25, slots: [brief, { ...brief, digit: null }] });
  });
});

describe('/v1/read', () => {
  const post = ({ app }: Server, payload: object) => app.inject({ method: 'POST', url: '/v1/read', payload });
  const box = { x: 1, y: 2, width: 3, height: 4 };
  const sure: ReadDigit = { digit: 7, confidence: 0.5, probabilities: [], box, touching: true };
  const unsure: ReadDigit = { ...sure, rejected: 'low-confidence' };
  const reading: Reading = { text: '7?', lines: [{ text: '7?', confidence: 0.5, box, digits: [sure, unsure] }] };
  const able = { ...info, height: 28, width: 28 };

  it('is there where the recognizer can read, and passes on what it says', async () => {
    const server = await serve({ info: able, read: async () => reading });
    expect((await post(server, { image: [[0]] })).json()).toEqual({ model: 'model', ...reading });
    expect((await post(server, { images: [[[0]], [[0]]] })).statusCode).toBe(400);
    expect((await post(server, { image: 'no!' })).statusCode).toBe(422);
    expect((await server.app.inject('/openapi.json')).json().paths).toHaveProperty('/v1/read');
  });

  it('counts sheets and their digits', async () => {
    const server = await serve({ info: able, read: async () => reading });
    await post(server, { image: [[0]] });
    await post(server, { image: 'no!' });
    const { body } = await server.app.inject('/metrics');
    expect(body).toContain('denary_sheets_total{outcome="ok"} 1\n');
    expect(body).toContain('denary_sheets_total{outcome="bad-image"} 1\n');
    expect(body).toContain('denary_sheet_digits_total{outcome="ok"} 1\n');
    expect(body).toContain('denary_sheet_digits_total{outcome="rejected"} 1\n');
  });

  it.each<[why: string, parts: Partial<ServedRecognizer>]>([
    ['has no read', { info: able }],
    ['has a model of another size', { read: async () => reading }],
    ['has a model of several digits', { info: { ...able, slots: 2 }, read: async () => reading }],
    ['has a model of other classes', { info: { ...able, classes: 11 }, read: async () => reading }],
  ])('is not there where the recognizer %s', async (_why, parts) => {
    const server = await serve(parts);
    const answer = await post(server, { image: [[0]] });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ error: { code: 'not-found', received: 'POST /v1/read' } });
    const { paths } = (await server.app.inject('/openapi.json')).json();
    expect(paths).not.toHaveProperty('/v1/read');
    expect(paths).toHaveProperty('/v1/predict');
  });
});

describe('a request', () => {
  const ask = async (server: Server, headers: Record<string, string> = {}) =>
    (await server.app.inject({ url: '/healthz', headers })).headers['x-request-id'];

  it("has a name: the client's, where it may stand in a log, or one of our own", async () => {
    const server = await serve();
    expect(await ask(server, { 'x-request-id': 'Root=1-67891233-abc/7' })).toBe('Root=1-67891233-abc/7');
    for (const odd of ['', 'a b', 'a"b', '{}', 'a'.repeat(129)]) {
      expect(await ask(server, { 'x-request-id': odd })).toMatch(/^[\w-]{8}-\d+$/);
    }
    expect(await ask(server)).not.toBe(await ask(server));
  });

  it('is named in the lines that are logged of it, and in its answer', async () => {
    const lines: object[] = [];
    const keep = (line: unknown, msg?: unknown) => void lines.push({ ...(line as object), msg });
    const levels = { info: keep, warn: keep, error: keep, debug: keep, fatal: keep, trace: keep, silent: keep };
    const logger: FastifyBaseLogger = { ...levels, level: 'debug', child: () => logger };
    const server = await serve({ predict: failing('session-failed') }, { logger });
    const { headers } = await predict(server);
    const reqId = headers['x-request-id'];
    expect(lines).toMatchObject([
      { msg: 'model opened' },
      { msg: 'request failed', reqId, err: { code: 'session-failed' } },
      { msg: 'request', reqId, url: '/v1/predict', status: 500 },
    ]);
  });
});

it('asks no token for health and readiness, and says so', async () => {
  const { app } = await serve({}, { token: 'secret' });
  const { paths, security } = (await app.inject('/openapi.json')).json();
  expect(security).toEqual([{ bearer: [] }]);
  for (const url of ['/healthz', '/readyz']) {
    expect((await app.inject(url)).statusCode).toBe(200);
    expect(paths[url].get.security).toEqual([]);
  }
  for (const url of ['/metrics', '/v1/models']) {
    expect((await app.inject(url)).statusCode).toBe(401);
    expect(paths[url].get).not.toHaveProperty('security');
  }
});

it('gives up what nobody waits for any more', async () => {
  const hangUp = new AbortController();
  const given = new Promise<void>((resolve) => {
    const parts: Partial<ServedRecognizer> = {
      predict: (_source, options) => {
        options!.signal!.addEventListener('abort', resolve);
        hangUp.abort();
        return new Promise(() => {});
      },
    };
    serve(parts, { port: 0, drainTimeout: 0 })
      .then(async (server) => fetch(`${await server.listen()}/v1/predict`, { ...asked, signal: hangUp.signal }))
      .catch(() => {});
  });
  const asked = { method: 'POST', body: '{"image":[[0]]}', headers: { 'content-type': 'application/json' } };
  await given;
});

it('is not ready while its queue is full, and takes no images', async () => {
  const server = await serve({ pending: info.maxQueue });
  expect((await predict(server)).statusCode).toBe(429);
  const answer = await server.app.inject('/readyz');
  expect(answer.statusCode).toBe(429);
  expect(answer.json()).toMatchObject({ error: { code: 'overloaded' } });
  expect((await server.app.inject('/healthz')).statusCode).toBe(200);
});

it('takes no more images in one request than may wait', async () => {
  const answer = await predict(await serve(), { images: Array(9).fill([[0]]) });
  expect(answer.statusCode).toBe(413);
  expect(answer.json().error.expected).toBe('at most 8 images');
});

it('leaves a recognizer open that it was given, and does not reload it', async () => {
  const recognizer = recognizerOf({});
  const server = await createServer({ recognizer, logLevel: 'silent' });
  await expect(server.reload()).rejects.toMatchObject({ code: 'bad-argument', who: 'Server.reload' });
  await server.close();
  expect(recognizer.closed).toBe(false);
});

it('opens no model any more from close on', async () => {
  const server = await createServer({ model: 'mlp', isolation: 'none', device: 'cpu', logLevel: 'silent' });
  const closing = server.close();
  await expect(server.reload()).rejects.toMatchObject({ code: 'closed', who: 'Server.reload' });
  await closing;
  await expect(server.reload()).rejects.toMatchObject({ code: 'closed', who: 'Server.reload' });
});

it.each([{ port: -1 }, { port: 65_536 }, { maxBody: 0 }, { timeout: 1.5 }, { rateLimit: 0 }, { token: '' }])(
  'refuses %j',
  async (options) => {
    await expect(createServer(options)).rejects.toMatchObject({ code: 'bad-argument', who: 'createServer' });
  },
);
