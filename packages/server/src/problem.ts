/** Every error becomes a status and one kind of body: what a DenaryError says, with a few codes that only HTTP knows. */

import { STATUS_CODES } from 'node:http';
import { DenaryError, type ErrorCode } from '@denary/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

export type ProblemCode =
  | ErrorCode
  | 'bad-request'
  | 'unauthorized'
  | 'too-large'
  | 'unsupported-media-type'
  | 'rate-limited'
  | 'draining'
  | 'stuck'
  | 'too-slow'
  | 'internal';

/** The `error` of an answer that is one. */
export interface Problem {
  readonly code: ProblemCode;
  readonly who: string;
  readonly expected: string;
  readonly received: string;
  readonly remedy: string;
}

/** A request that is refused for a reason of HTTP's. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    /** Seconds after which to try again. */
    readonly retryAfter?: number,
  ) {
    super(`${problem.who}: expected ${problem.expected}, received ${problem.received}. ${problem.remedy}`);
  }
}

/** The other codes are the server's own trouble: 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  'bad-argument': 400,
  'not-found': 404,
  'bad-image': 422,
  overloaded: 429,
  // Nobody is there to read it: nginx' number for that.
  aborted: 499,
  timeout: 503,
  closed: 503,
  'worker-lost': 503,
};

/** Whether an error is about the image that it befell, and not about the server. */
export const isAboutImage = (error: unknown): error is DenaryError =>
  error instanceof DenaryError && (error.code === 'bad-image' || error.code === 'bad-argument');

export interface Refusal {
  readonly status: number;
  readonly problem: Problem;
  readonly retryAfter?: number;
}

/** What is answered to an error. One that nobody foresaw is told to the log alone. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof RequestError) return error;
  if (error instanceof DenaryError) {
    const { code, who, expected, received, remedy } = error;
    const status = statuses[code] ?? 500;
    const problem = { code, who, expected, received, remedy };
    return status === 429 || status === 503 ? { status, problem, retryAfter: 1 } : { status, problem };
  }
  return fastifyRefusal(error) ?? { status: 500, problem: unforeseen };
}

const unforeseen: Problem = {
  code: 'internal',
  who: 'denary',
  expected: 'no error',
  received: 'one that was not foreseen',
  remedy: "Look into the server's log.",
};

/** Fastify refuses some requests before we see them. */
function fastifyRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error && 'statusCode' in error)) return undefined;
  const status = Number(error.statusCode);
  if (!(status >= 400 && status < 500)) return undefined;
  const told = { who: 'the request', received: error.message };
  const codes: Record<number, Pick<Problem, 'code' | 'expected' | 'remedy'>> = {
    413: { code: 'too-large', expected: 'a smaller body', remedy: 'Send fewer or smaller images at a time.' },
    415: { code: 'unsupported-media-type', expected: MEDIA_TYPES, remedy: 'Set the Content-Type to what you send.' },
  };
  const otherwise = { code: 'bad-request', expected: 'a request by /openapi.json', remedy: 'Compare it with /docs.' };
  return { status, problem: { ...told, ...(codes[status] ?? otherwise) } as Problem };
}

/** What is counted of an image that something befell. */
export const outcomeOf = (error: unknown): string => (error instanceof DenaryError ? error.code : 'internal');

export function unknownRoute({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): RequestError {
  return new RequestError(404, {
    code: 'not-found',
    who: 'the request',
    expected: 'a route of /openapi.json',
    received: `${method} ${url.slice(0, 200)}`,
    remedy: 'See /docs.',
  });
}

export const MEDIA_TYPES = 'multipart/form-data, application/json, image/* or application/octet-stream';

/** Sends what is answered to an error, and what else there is to say. */
export function refuse(reply: FastifyReply, { status, problem, retryAfter }: Refusal, more: object = {}): FastifyReply {
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send({ error: problem, ...more });
}

/** An answer as it goes over a socket where no request could be read. */
export function rawRefusal(status: number, problem: Problem): string {
  const body = JSON.stringify({ error: problem });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
