/** The bearer token. */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { RequestError } from './problem.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Throws for a request without the token. Digests are compared, which are of one length, in a time that tells nothing. */
export function tokenCheck(token: string): (request: FastifyRequest) => void {
  const expected = digest(token);
  return ({ headers: { authorization } }) => {
    const [, given] = /^Bearer (.+)$/i.exec(authorization ?? '') ?? [];
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
    const received = given === undefined ? 'none' : 'another one';
    throw new RequestError(401, {
      code: 'unauthorized',
      who: 'Authorization',
      expected: 'the bearer token of this server',
      received,
      remedy: 'Send the header "Authorization: Bearer TOKEN".',
    });
  };
}
