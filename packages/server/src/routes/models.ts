/** GET /v1/models: what is served. */

import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.js';
import { modelsSchema, refusals } from '../schemas.js';

const schema = {
  summary: 'Tells which model is served',
  tags: ['predictions'],
  response: { 200: { description: 'The models', ...modelsSchema }, ...refusals },
} as const;

export function modelsRoute(app: FastifyInstance, { model }: Context): void {
  app.get('/v1/models', { schema }, async () => ({ models: [model.facts] }));
}
