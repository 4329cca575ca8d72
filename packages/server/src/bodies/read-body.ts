/** A request's body -> its images, by its content type. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MEDIA_TYPES, RequestError } from '../problem.js';
import { fromJson } from './json.js';
import { fromMultipart } from './multipart.js';
import { fromPixels, type PixelQuery } from './pixels.js';
import type { BodyContext, Submitted } from './submission.js';

/** Has bodies of images read as bytes, within the server's limit. JSON is Fastify's own. */
export function acceptImages(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain');
  const types = ['multipart/form-data', 'application/octet-stream', /^image\//] as unknown as string[];
  app.addContentTypeParser(types, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** Throws for a body that is nothing of the kind; images that can't be used stand in the list with what is wrong. */
export async function readBody(request: FastifyRequest, context: BodyContext): Promise<Submitted[]> {
  const { body, query, headers } = request;
  const type = headers['content-type'] ?? '';
  if (!Buffer.isBuffer(body)) {
    if (body === undefined) throw noBody(type);
    return fromJson(body, context);
  }
  if (/^multipart\//i.test(type)) return fromMultipart(body, type, context);
  if (/^image\//i.test(type)) return [{ source: body }];
  return [{ source: fromPixels(body, query as PixelQuery, context) }];
}

function noBody(type: string): RequestError {
  const received = type === '' ? 'no body' : `an empty one of ${type}`;
  const problem = { code: 'unsupported-media-type', who: 'the request', expected: MEDIA_TYPES, received } as const;
  return new RequestError(415, { ...problem, remedy: 'Send an image, and say with Content-Type what it is.' });
}
