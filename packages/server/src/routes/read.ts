/** POST /v1/read: all digits of a sheet, line by line. */

import { DenaryError, type Reading } from '@denary/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readBody } from '../bodies/read-body.js';
import { badBody, type Submitted } from '../bodies/submission.js';
import { bodyContext, type Context } from '../context.js';
import { outcomeOf, unknownRoute } from '../problem.js';
import { imageBody, pixelQuery, readingSchema, refusals } from '../schemas.js';
import { Disconnection } from './disconnection.js';

const schema = {
  summary: 'Reads a sheet with several digits',
  description: 'One image, as a file of a form, in JSON or as the body itself.',
  tags: ['predictions'],
  querystring: { type: 'object', properties: pixelQuery },
  response: { 200: { description: 'What is on the sheet', ...readingSchema }, ...refusals },
} as const;

/** A route only where the model can read sheets, which another one may after a reload. */
export function readRoute(app: FastifyInstance, context: Context): void {
  const options = {
    schema,
    config: { body: imageBody(false) },
    // Before the body is read.
    onRequest: async (request: FastifyRequest) => {
      if (!context.model.readsSheets) throw unknownRoute(request);
    },
  };
  app.post('/v1/read', options, async (request, reply) => {
    const sheets = await readBody(request, bodyContext(context));
    if (sheets.length > 1) throw badBody('one image', `${sheets.length}`, 'Send a request for each sheet.');
    const { name } = context.model.facts;
    return { model: name, ...(await read(sheets[0]!, context, new Disconnection(reply))) };
  });
}

async function read(
  { source }: Submitted,
  { model, metrics, settings }: Context,
  signal: Disconnection,
): Promise<Reading> {
  try {
    if (source instanceof DenaryError) throw source;
    const reading = await model.recognizer.read!(source, { signal, timeout: settings.timeout });
    metrics.countReading(reading);
    return reading;
  } catch (error) {
    metrics.sheets.inc({ outcome: outcomeOf(error) });
    throw error;
  }
}
