/** What an orchestrator and a monitor ask: whether the process lives, whether it wants requests, how it does. */

import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.js';
import { RequestError } from '../problem.js';
import { refusals } from '../schemas.js';

const status = { type: 'object', properties: { status: { type: 'string' } } } as const;
const tags = ['operation'];

export function healthRoutes(app: FastifyInstance, { model, life }: Context): void {
  // Asked by what has no token.
  const security: [] = [];
  const alive = {
    summary: 'Tells that the server lives',
    tags,
    security,
    response: { 200: { description: 'It does', ...status } },
  };
  app.get('/healthz', { schema: alive }, async () => ({ status: 'alive' }));

  const ready = {
    summary: 'Tells whether the server wants requests',
    description:
      'It does not while its queue is full, while no worker comes back from its run, nor when it is about to end.',
    tags,
    security,
    response: { 200: { description: 'It does', ...status }, ...refusals },
  };
  app.get('/readyz', { schema: ready }, async () => {
    if (life.phase !== 'serving') throw drainingError();
    model.requireRoom();
    return { status: 'ready' };
  });
}

export function metricsRoute(app: FastifyInstance, { metrics: { registry } }: Context): void {
  const schema = {
    summary: "Gives metrics in Prometheus' text format",
    tags,
    response: { 200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } } },
  };
  app.get('/metrics', { schema }, async (_request, reply) => {
    reply.header('content-type', registry.contentType);
    return registry.metrics();
  });
}

export const drainingError = () =>
  new RequestError(
    503,
    {
      code: 'draining',
      who: 'denary',
      expected: 'a server that goes on',
      received: 'one that is about to end',
      remedy: 'Try again: another one should take its place.',
    },
    1,
  );
