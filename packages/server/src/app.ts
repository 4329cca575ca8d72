/** Fastify as this server wants it: limits, time-outs, typed errors, counting and logging of every request. */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Life } from './context.js';
import type { Metrics } from './metrics.js';
import type { ServerSettings } from './options.js';
import { type Problem, type Refusal, rawRefusal, refusalOf, refuse, unknownRoute } from './problem.js';
import { drainingError } from './routes/probes.js';
import { answerSchema, answersSchema, problemSchema, refusalSchema } from './schemas.js';

export function createApp(settings: ServerSettings, metrics: Metrics, life: Readonly<Life>): FastifyInstance {
  const { maxBody, receiveTimeout, trustProxy, logLevel, logger } = settings;
  const app = fastify({
    bodyLimit: maxBody,
    trustProxy,
    requestTimeout: receiveTimeout,
    // Of a connection on which nothing moves in either direction.
    connectionTimeout: receiveTimeout + settings.timeout,
    http: { headersTimeout: receiveTimeout, connectionsCheckingInterval: Math.min(5_000, receiveTimeout) },
    // Refused in our own words.
    return503OnClosing: false,
    genReqId: requestId,
    // A logger of its own for each request costs more than the lines that are logged by it: these name the request themselves.
    childLoggerFactory: (log) => log,
    logController: new LogController({ disableRequestLogging: true }),
    ...(logger ? { loggerInstance: logger } : { logger: { level: logLevel } }),
    clientErrorHandler: (error, socket) => refuseUnread(error, socket as Socket),
    frameworkErrors: (error, request, reply) => refuse(identified(reply, request), refusalOf(error)),
  });
  // The schemas describe the answers; to write those by them takes longer.
  app.setSerializerCompiler(() => JSON.stringify);
  for (const schema of [problemSchema, answerSchema, answersSchema, refusalSchema]) app.addSchema(schema);
  app.setNotFoundHandler((request, reply) => refuse(reply, refusalOf(unknownRoute(request))));
  app.setErrorHandler((error, request, reply) => refuse(reply, loggedRefusal(error, request)));
  const ended = () => metrics.inProgress.dec();
  app.addHook('onRequest', (request, reply, done) => {
    metrics.inProgress.inc();
    identified(reply, request).raw.on('close', ended);
    // It came in on a connection that is open still.
    done(life.phase === 'closing' ? drainingError() : undefined);
  });
  // A connection that stayed open would keep the server from its end.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (life.phase !== 'serving') reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    record(request, reply, metrics);
    done();
  });
  return app;
}

function record(request: FastifyRequest, reply: FastifyReply, { requests, duration }: Metrics): void {
  const { method } = request;
  const route = request.routeOptions.url ?? 'none';
  const milliseconds = reply.elapsedTime;
  requests.inc({ method, route, status: reply.statusCode });
  duration.observe({ route }, milliseconds / 1000);
  request.log.debug({ reqId: request.id, method, url: request.url, status: reply.statusCode, milliseconds }, 'request');
}

function loggedRefusal(error: unknown, request: FastifyRequest): Refusal {
  const refusal = refusalOf(error);
  const { id: reqId, method, url, log } = request;
  if (refusal.status === 503) log.warn({ err: error, reqId, method, url }, 'request refused');
  else if (refusal.status >= 500) log.error({ err: error, reqId, method, url }, 'request failed');
  return refusal;
}

/** The client's own, if it may stand in a log; else a number, behind what no other process has. */
function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:/+=@-]{1,128}$/.test(given) ? given : `${own}-${++count}`;
}
const own = randomBytes(6).toString('base64url');
let count = 0;

/** By which an answer is found in the log. */
const identified = (reply: FastifyReply, { id }: FastifyRequest): FastifyReply => reply.header('x-request-id', id);

/** What Node could not read, or not in time. */
const unread: Record<string, readonly [number, Problem['code'], string, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'too-slow', 'a request that comes in time', 'Send it faster, or less of it.'],
  HPE_HEADER_OVERFLOW: [431, 'too-large', 'at most 16 kB of headers', 'Send fewer headers.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'too-large', 'short chunk extensions', 'Send none.'],
};

function refuseUnread(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const otherwise = [400, 'bad-request', 'a request by RFC 9112', 'Send it with an HTTP client.'] as const;
  const [status, code, expected, remedy] = unread[error.code ?? ''] ?? otherwise;
  const received = error.code ?? error.message;
  socket.end(rawRefusal(status, { code, who: 'the request', expected, received, remedy }));
}
