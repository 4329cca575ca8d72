/** GET /openapi.json, made from the routes' own schemas, and /docs, a page of our own that shows it and tries it out. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.js';
import type { imageBody } from '../schemas.js';

const { version } = createRequire(import.meta.url)('@denary/server/package.json') as { version: string };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a route takes that reads its body by itself, for the description. */
    body?: ReturnType<typeof imageBody>;
  }
}

/** To be registered before the routes that it describes. */
export async function describeRoutes(app: FastifyInstance, withToken: boolean): Promise<void> {
  const security = withToken ? [{ bearer: [] }] : [];
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'denary', version, description: 'Recognises handwritten digits.', license: { name: 'MIT' } },
      security,
      components: withToken ? { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } : {},
    },
    refResolver: { buildLocalReference: ({ $id }, _baseUri, _fragment, i) => `${$id ?? `schema-${i}`}` },
    transform: ({ schema, url, route }) => ({
      url,
      schema: route.config?.body ? { ...schema, body: route.config.body } : schema,
    }),
  });
}

/** Nothing is loaded from anywhere but this server. */
const POLICY = "default-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; frame-ancestors 'none'";

export function docsRoutes(app: FastifyInstance, { model }: Context): void {
  // Built, all files are one; the tests run on the sources.
  const page = readFileSync(
    new URL(`${import.meta.url.endsWith('.ts') ? '../' : ''}../page/index.html`, import.meta.url),
  );
  const schema = { hide: true };
  app.get('/openapi.json', { schema }, async () => {
    const api = app.swagger();
    if (model.readsSheets) return api;
    const { '/v1/read': _, ...paths } = api.paths!;
    return { ...api, paths };
  });
  app.get('/', { schema }, async (_request, reply) => reply.redirect('/docs'));
  app.get('/docs', { schema }, async (_request, reply) => {
    reply.header('content-type', 'text/html; charset=utf-8').header('content-security-policy', POLICY);
    return page;
  });
}
