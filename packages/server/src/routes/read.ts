/** POST /v1/read: all digits of a sheet, line by line. */

import { DenaryError } from '@denary/core';
import type { FastifyInstance } from 'fastify';
import { readBody } from '../bodies/read-body.js';
import { badBody } from '../bodies/submission.js';
import { bodyContext, type Context } from '../context.js';
import { imageBody, pixelQuery, readingSchema, refusals } from '../schemas.js';
import { Disconnection } from './disconnection.js';

const schema = {
  summary: 'Reads a sheet with several digits',
  description: 'One image, as a file of a form, in JSON or as the body itself.',
  tags: ['predictions'],
  querystring: { type: 'object', properties: pixelQuery },
  response: { 200: { description: 'What is on the sheet', ...readingSchema }, ...refusals },
} as const;

/** Where the recognizer can read sheets. */
export function readRoute(app: FastifyInstance, context: Context): void {
  if (!context.model.recognizer.read) return;
  app.post('/v1/read', { schema, config: { body: imageBody(false) } }, async (request, reply) => {
    const { model, settings } = context;
    const sheets = await readBody(request, bodyContext(context));
    if (sheets.length > 1) throw badBody('one image', `${sheets.length}`, 'Send a request for each sheet.');
    const { source } = sheets[0]!;
    if (source instanceof DenaryError) throw source;
    const { recognizer, facts } = model;
    const signal = new Disconnection(reply);
    const reading = await recognizer.read!(source, { signal, timeout: settings.timeout });
    return { model: facts.name, ...reading };
  });
}
