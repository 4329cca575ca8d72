/** A server whose only worker thread is in a run that takes too long: a model that is slow stands in for a driver that hangs. */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elementTypeOf, encodeModel, filled, GraphBuilder } from '@denary/core';
import { createServer } from '@denary/server';
import type { FastifyBaseLogger } from 'fastify';
import { expect, it } from 'vitest';

/** Of images of 8x8: next to nothing for one of them, seconds for thousands. */
function slowModel(): string {
  const graph = new GraphBuilder('slow');
  const image = graph.input('image', 'uint8', ['batch', 8, 8]);
  const inner = graph.constant(filled('float32', [600, 600]));
  let x = graph.op('Flatten', [graph.op('Cast', [image], { to: elementTypeOf('float32') })]);
  x = graph.op('MatMul', [x, graph.constant(filled('float32', [64, 600]))]);
  for (let i = 0; i < 40; i++) x = graph.op('MatMul', [x, inner]);
  x = graph.op('MatMul', [x, graph.constant(filled('float32', [600, 10]))]);
  graph.output(graph.op('Softmax', [x], { axis: -1 }), 'probabilities');
  const path = join(mkdtempSync(join(tmpdir(), 'denary-slow-')), 'slow.onnx');
  writeFileSync(path, encodeModel(graph.model()));
  return path;
}

it('is not ready, and takes no images, until the thread comes out of it', async () => {
  const lines: unknown[] = [];
  const keep = (line: unknown, text?: unknown) => void lines.push(text ?? line);
  const levels = { info: keep, warn: keep, error: keep, debug: keep, fatal: keep, trace: keep, silent: keep };
  const logger: FastifyBaseLogger = { ...levels, level: 'info', child: () => logger };
  const sizes = { batchSize: 2000, maxImages: 2000, workers: 1, threads: 1, device: 'cpu' } as const;
  await using server = await createServer({
    ...sizes,
    model: slowModel(),
    isolation: 'thread',
    runTimeout: 100,
    logger,
  });
  const predict = (count: number) => {
    const payload = { images: Array(count).fill(Array(64).fill(0)) };
    return server.app.inject({ method: 'POST', url: '/v1/predict', payload });
  };
  const ready = async (status: number) => {
    while (true) {
      const answer = await server.app.inject('/readyz');
      if (answer.statusCode === status) return answer;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const slow = predict(2000);
  const refused = [await ready(503), await predict(1)];
  for (const answer of refused) {
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ error: { code: 'stuck' } });
  }
  expect((await server.app.inject('/healthz')).statusCode).toBe(200);
  expect((await slow).json().predictions).toHaveLength(2000);
  await ready(200);
  const told = lines.filter((line) => String(line).startsWith('worker'));
  expect(told).toEqual([expect.stringMatching(/^worker stuck/), 'worker no longer stuck']);
  expect((await predict(1)).statusCode).toBe(200);
});
