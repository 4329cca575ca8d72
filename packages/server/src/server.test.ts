/** What does not need a model: a recognizer made for the test stands in, and requests go in without a port. */

import { type AnyPrediction, type CallOptions, DenaryError, type ErrorCode, type RecognizerInfo } from '@denary/core';
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

  it('is there where the recognizer can read, and passes on what it says', async () => {
    const digits = [{ digit: 7, confidence: 0.5, box: { x: 1, y: 2, width: 3, height: 4 }, touching: true }];
    const reading = { text: '7', lines: [{ text: '7', confidence: 0.5, box: digits[0]!.box, digits }] };
    const server = await serve({ read: async () => reading });
    expect((await post(server, { image: [[0]] })).json()).toEqual({ model: 'model', ...reading });
    expect((await post(server, { images: [[[0]], [[0]]] })).statusCode).toBe(400);
    expect((await post(server, { image: 'no!' })).statusCode).toBe(422);
  });

  it('is not there where it cannot', async () => {
    const server = await serve();
    expect((await post(server, { image: [[0]] })).statusCode).toBe(404);
    expect((await server.app.inject('/openapi.json')).json().paths).not.toHaveProperty('/v1/read');
  });
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

it.each([{ port: -1 }, { port: 65_536 }, { maxBody: 0 }, { timeout: 1.5 }, { rateLimit: 0 }, { token: '' }])(
  'refuses %j',
  async (options) => {
    await expect(createServer(options)).rejects.toMatchObject({ code: 'bad-argument', who: 'createServer' });
  },
);
