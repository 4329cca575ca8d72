/** All routes, and who may ask them. */

import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { tokenCheck } from '../auth.js';
import { acceptImages } from '../bodies/read-body.js';
import type { Context } from '../context.js';
import { RequestError } from '../problem.js';
import { describeRoutes, docsRoutes } from './docs.js';
import { modelsRoute } from './models.js';
import { predictRoute } from './predict.js';
import { healthRoutes, metricsRoute } from './probes.js';
import { readRoute } from './read.js';

/** Headers of answers that pages of other origins may read. */
const EXPOSED = ['retry-after', 'x-request-id'];

/** In three circles: for everybody, for those with the token, and of those what is limited in its rate. */
export async function addRoutes(app: FastifyInstance, context: Context): Promise<void> {
  const { token, rateLimit: rate, cors: origin } = context.settings;
  if (origin !== undefined) await app.register(cors, { origin: origin as string | string[], exposedHeaders: EXPOSED });
  await describeRoutes(app, token !== undefined);
  healthRoutes(app, context);
  docsRoutes(app, context);
  await app.register(async (inner) => {
    if (token !== undefined) {
      const check = tokenCheck(token);
      inner.addHook('onRequest', async (request) => check(request));
    }
    metricsRoute(inner, context);
    await inner.register(async (v1) => {
      if (rate !== undefined) {
        await v1.register(rateLimit, { max: rate, timeWindow: 1000, errorResponseBuilder: () => tooMany(rate) });
      }
      acceptImages(v1);
      v1.addHook('onRequest', ({ method }, _reply, done) => {
        // Before its body is read.
        if (method === 'POST') context.model.requireRoom();
        done();
      });
      modelsRoute(v1, context);
      predictRoute(v1, context);
      readRoute(v1, context);
    });
  });
}

function tooMany(rate: number): RequestError {
  const problem = {
    code: 'rate-limited',
    who: 'the client',
    expected: `at most ${rate} requests a second`,
    received: 'more',
    remedy: 'Try again in a second, or send several images in one request.',
  } as const;
  return new RequestError(429, problem, 1);
}
