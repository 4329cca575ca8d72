/** `denary serve` over real HTTP: what it takes and answers, and what it refuses. */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Dataset, subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Body, Serving, said, using } from './serving.js';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const drawing = (digit: number) => readFileSync(path(`examples/images/digit-${digit}.png`));
const RAW = 'application/octet-stream';

let test: Dataset;
beforeAll(async () => {
  test = subset(await loadDataset('mnist', 'test'), { from: 0, to: 1000 });
});
const pixels = (index: number) => Buffer.from(test.images.subarray((index % 1000) * 784, ((index % 1000) + 1) * 784));
const rows = (index: number) => Array.from({ length: 28 }, (_, y) => [...pixels(index).subarray(y * 28, y * 28 + 28)]);

const digitsOf = async (answer: Promise<Response>) => {
  const { predictions } = await said(answer);
  return predictions.map(({ digit, error }) => (error ? 'error' : digit));
};
const json = (body: unknown) => [JSON.stringify(body), 'application/json'] as const;
const form = (...files: [name: string, data: Uint8Array][]) => {
  const data = new FormData();
  for (const [name, bytes] of files) data.append('image', new Blob([new Uint8Array(bytes)]), name);
  return data;
};

describe('a server of drawings', () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await Serving.start('--max-body', '200000', '--max-images', '20');
  });
  afterAll(() => serving.stop());

  it('takes files of a form', async () => {
    const drawings = Array.from({ length: 10 }, (_, digit) => [`${digit}.png`, drawing(digit)] as [string, Buffer]);
    const { model, predictions } = await said(serving.predict(form(...drawings)));
    expect(model).toBe('cnn');
    expect(predictions).toMatchObject(drawings.map(([name], digit) => ({ name, digit })));
    expect(predictions[0]).not.toHaveProperty('probabilities');
  });

  it('takes an encoded image as the body', async () => {
    const answer = serving.predict(new Uint8Array(drawing(4)), 'image/png', '?probabilities=true');
    const { digit, confidence, probabilities } = (await said(answer)).predictions[0]!;
    expect(digit).toBe(4);
    expect(probabilities).toHaveLength(10);
    expect(confidence).toBe(probabilities[4]);
  });

  it('takes base64, data URLs and pixels in JSON', async () => {
    const coded = drawing(2).toString('base64');
    const sized = { data: pixels(0).toString('base64'), width: 28, height: 28 };
    const images = [coded, `data:image/png;base64,${coded}`, rows(0), [...pixels(0)], sized];
    expect(await digitsOf(serving.predict(...json({ images })))).toEqual([2, 2, 7, 7, 7]);
    expect(await digitsOf(serving.predict(...json({ image: coded })))).toEqual([2]);
  });

  it('takes raw pixels as the body', async () => {
    expect(await digitsOf(serving.predict(new Uint8Array(pixels(0)), RAW))).toEqual([7]);
    const colours = Uint8Array.from([...pixels(0)].flatMap((value) => [value, value, value]));
    expect(await digitsOf(serving.predict(colours, RAW, '?width=28&height=28&channels=3'))).toEqual([7]);
  });

  it('tells of a bad image in its place, and answers the others', async () => {
    const files = form(['a.png', drawing(1)], ['b.png', drawing(1).subarray(0, 300)], ['c.txt', Buffer.from('none')]);
    const { predictions } = await said(serving.predict(files));
    expect(predictions).toMatchObject([{ digit: 1 }, { error: { code: 'bad-image' } }, { name: 'c.txt', error: {} }]);
    const wrong = [[[0, 1], [2]], [[300]], 5, 'no base64!', 'data:image/png,abc', [], { data: [1, 2], width: 3 }];
    const images = [rows(0), ...wrong, rows(0)];
    expect(await digitsOf(serving.predict(...json({ images })))).toEqual([7, ...wrong.map(() => 'error'), 7]);
  });

  it('answers 422 where none of the images can be used, with all their errors', async () => {
    const answer = await serving.predict(...json({ images: ['AAAA', 'BBBB'] }));
    expect(answer.status).toBe(422);
    const { error, predictions } = await said(answer);
    expect(error).toEqual(predictions[0]!.error);
    expect(predictions).toHaveLength(2);
  });

  const many = { images: Array(21).fill([[0]]) };
  const boundary = 'multipart/form-data; boundary=x';
  const cut = '--x\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\nabc';
  const refused: [status: number, code: string, what: string, body: Body, type: string, query?: string][] = [
    [400, 'bad-request', 'broken JSON', '{"image"', 'application/json'],
    [400, 'bad-argument', 'JSON without an image', '{}', 'application/json'],
    [400, 'bad-argument', 'no images', '{"images":[]}', 'application/json'],
    [400, 'bad-argument', 'JSON null', 'null', 'application/json'],
    [400, 'bad-request', 'a poisoned prototype', '{"__proto__":{},"image":"AAAA"}', 'application/json'],
    [400, 'bad-argument', 'a form that is cut short', cut, boundary],
    [400, 'bad-argument', 'a form without a boundary', cut, 'multipart/form-data'],
    [400, 'bad-argument', 'a form without files', '--x--\r\n', boundary],
    [400, 'bad-request', 'a width that is none', 'abc', RAW, '?width=-1'],
    [413, 'too-large', 'a body that is too large', new Uint8Array(200_001), RAW],
    [413, 'too-large', 'too many images', JSON.stringify(many), 'application/json'],
    [415, 'unsupported-media-type', 'a text', 'seven', 'text/plain'],
    [422, 'bad-image', 'pixels that are too few', 'abc', RAW],
    [422, 'bad-image', 'an image that is none', 'abc', 'image/png'],
    [422, 'bad-image', 'an empty image', '', 'image/png'],
  ];
  it.each(refused)('answers %i %s to %s', async (status, code, _what, body, type, query = '') => {
    const answer = await serving.predict(body, type, query);
    expect(answer.status).toBe(status);
    const said = expect.stringMatching(/./);
    const error = { code, who: said, expected: said, received: said, remedy: expect.stringMatching(/^[A-Z].*\.$/) };
    expect(await answer.json()).toEqual({ error });
  });

  it('knows nothing of other routes', async () => {
    const answer = await serving.fetch('/v2/predict');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: 'not-found', received: 'GET /v2/predict' } });
  });

  it('says what it serves, and that it lives and is ready', async () => {
    const { models } = await said(serving.fetch('/v1/models'));
    expect(models).toMatchObject([{ name: 'cnn', parameters: 1_199_882, width: 28, isolation: 'process' }]);
    expect(await (await serving.fetch('/healthz')).json()).toEqual({ status: 'alive' });
    expect(await (await serving.fetch('/readyz')).json()).toEqual({ status: 'ready' });
  });

  it('counts what it does', async () => {
    const before = await serving.metric('denary_images_total{outcome="ok"}');
    await serving.predict(...json({ images: [rows(0), rows(1)] }));
    expect(await serving.metric('denary_images_total{outcome="ok"}')).toBe(before + 2);
    const text = await (await serving.fetch('/metrics')).text();
    for (const name of ['http_requests_total', 'http_request_duration_seconds_bucket', 'batch_size_images_bucket']) {
      expect(text).toContain(`\ndenary_${name}{`);
    }
    expect(text).toContain('denary_queue_images 0');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    expect(text).toMatch(/denary_model_info\{name="cnn",sha256="[0-9a-f]{64}",device="cpu"/);
  });

  it('describes itself, on a page that loads nothing from elsewhere', async () => {
    const api = await said(serving.fetch('/openapi.json'));
    expect(api.openapi).toBe('3.1.0');
    const types = Object.keys(api.paths['/v1/predict']!.post.requestBody.content);
    expect(types).toEqual(['multipart/form-data', 'application/json', 'image/*', RAW]);
    expect(Object.keys(api.paths)).toEqual(expect.arrayContaining(['/v1/models', '/healthz', '/readyz', '/metrics']));
    const answer = await serving.fetch('/');
    expect(answer.url).toBe(`${serving.url}/docs`);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(await answer.text()).not.toMatch(/https?:\/\//);
  });
});

it('asks for its token', () =>
  using(['--token', 'open sesame', '--cors', 'https://shop.example'], async (serving) => {
    const withToken = (authorization: string) => serving.fetch('/v1/models', { headers: { authorization } });
    for (const wrong of ['', 'Bearer', 'Bearer open', 'Basic open sesame']) {
      const answer = await withToken(wrong);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await answer.json()).toMatchObject({ error: { code: 'unauthorized' } });
    }
    expect((await withToken('Bearer open sesame')).status).toBe(200);
    expect((await serving.fetch('/metrics')).status).toBe(401);
    for (const free of ['/healthz', '/readyz', '/docs', '/openapi.json']) {
      expect((await serving.fetch(free)).status).toBe(200);
    }
    const asked = {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    };
    const allowed = (await serving.fetch('/v1/predict', asked)).headers.get('access-control-allow-origin');
    expect(allowed).toBe('https://shop.example');
  }));

it('refuses at once what is too much, and says when to come again', () =>
  using(['--preprocess', 'none', '--max-queue', '2'], async (serving) => {
    const calls = Array.from({ length: 60 }, (_, i) => serving.predict(new Uint8Array(pixels(i)), RAW));
    const answers = await Promise.all(calls);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBe(60 - refused.length);
    expect(refused[0]!.headers.get('retry-after')).toBe('1');
    expect(await refused[0]!.json()).toMatchObject({ error: { code: 'overloaded' } });
    expect((await serving.predict(new Uint8Array(pixels(0)), RAW)).status).toBe(200);
  }));

it('limits the requests of one client', () =>
  using(['--rate-limit', '3'], async (serving) => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => serving.fetch('/v1/models')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]!.headers.get('retry-after')).toBe('1');
    expect(await refused[0]!.json()).toMatchObject({ error: { code: 'rate-limited' } });
    expect((await serving.fetch('/readyz')).status).toBe(200);
  }));

it('answers 408 to a body that does not come, and 400 to what is not HTTP', () =>
  using(['--receive-timeout', '300'], async (serving) => {
    const raw = (text: string) =>
      new Promise<string>((resolve) => {
        let answer = '';
        const socket = connect(Number(new URL(serving.url).port), '127.0.0.1', () => socket.write(text));
        socket.on('data', (data) => {
          answer += data;
        });
        socket.on('close', () => resolve(answer));
      });
    const slow = 'POST /v1/predict HTTP/1.1\r\nhost: a\r\ncontent-type: image/png\r\ncontent-length: 100\r\n\r\nabc';
    const late = await raw(slow);
    expect(late).toMatch(/^HTTP\/1.1 408 /);
    expect(late).toContain('"code":"too-slow"');
    const garbage = await raw('SEVEN\r\n\r\n');
    expect(garbage).toMatch(/^HTTP\/1.1 400 /);
    expect(garbage).toContain('"code":"bad-request"');
  }));

it('says what is wrong with its options, and ends', async () => {
  await expect(Serving.start('--model', 'nowhere')).rejects.toThrow('did not start');
});
