/** What a server can be told, and what it does where it is told nothing. */

import { availableParallelism } from 'node:os';
import { DenaryError, LONGEST_TIMEOUT } from '@denary/core';
import type { RecognizerOptions } from '@denary/runtime-node';
import type { FastifyBaseLogger } from 'fastify';
import type { ServedRecognizer } from './model.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/**
 * Options of the recognizer count where the server opens it. Its own defaults: processes, one for each core up to 4, or 1 or 2 of a
 * variant in eight bits. Under load, runs side by side on a thread each do more than one run on all cores; with a GPU, one
 * worker is enough.
 */
export interface ServerOptions
  extends Omit<RecognizerOptions, 'model' | 'onRun' | 'kill' | 'onWorkerLost' | 'onWorkerStuck'> {
  /** A shipped model's name, a model's folder or an .onnx file, which `reload` reads again; default `cnn`. */
  readonly model?: string;
  /** One that is open already, in place of `model`. It is used as it is, and closed by whoever opened it. */
  readonly recognizer?: ServedRecognizer;
  /** The address to listen on; default 127.0.0.1, which only this machine can reach. `::` is every address. */
  readonly host?: string;
  /** Default 8080; 0 takes a free one. */
  readonly port?: number;
  /** Asked of every request, as `Authorization: Bearer ...`, but for health, readiness and the documentation. */
  readonly token?: string;
  /** As the recognizer's; default a minute, and at least twice the `timeout`. */
  readonly runTimeout?: number;
  /**
   * Pixels of an encoded image, checked before it is decoded; default `limits.pixels`, or 16 million: a photo of 12 takes 50 MB
   * while it is read.
   */
  readonly maxPixels?: number;
  /** Bytes of a request's body; default 16 MiB. */
  readonly maxBody?: number;
  /** Images in one request; default 256, and never more than `maxQueue`. */
  readonly maxImages?: number;
  /** Requests a second of one client (by address) to /v1; unlimited where left out. */
  readonly rateLimit?: number;
  /** Milliseconds until a request that has no answer yet gets a 503; default 30,000. */
  readonly timeout?: number;
  /** Milliseconds that a client may take to send a request; default 30,000. */
  readonly receiveTimeout?: number;
  /** Milliseconds from `close` on in which requests are still taken, until balancers have noticed; default 0. */
  readonly drainDelay?: number;
  /** Milliseconds after that in which requests under way may end, before they are cut off, and worker processes killed; default 10,000. */
  readonly drainTimeout?: number;
  /** Origins whose pages may call the server, or `*`; none where left out. */
  readonly cors?: string | readonly string[];
  /** Takes the client's address from X-Forwarded-For: only behind a proxy that sets it. Default false. */
  readonly trustProxy?: boolean;
  /** What is logged, as JSON lines on stdout: `debug` has every request. Default `info`. */
  readonly logLevel?: LogLevel;
  /** A pino logger, or what behaves like one, in place of stdout. */
  readonly logger?: FastifyBaseLogger;
}

type Optional = 'recognizer' | 'token' | 'rateLimit' | 'cors' | 'logger';
type Own = Exclude<keyof ServerOptions, keyof RecognizerOptions> | 'model';

/** The server's own options, complete. */
export type ServerSettings = Required<Omit<Pick<ServerOptions, Own>, Optional>> & Pick<ServerOptions, Optional>;

/** The least and the most of each number. */
const ranges = {
  port: [0, 65_535],
  maxPixels: [1, 100_000_000],
  maxBody: [1, 2 ** 30],
  maxImages: [1, 65_536],
  rateLimit: [1, 1_000_000],
  timeout: [1, LONGEST_TIMEOUT],
  receiveTimeout: [1, LONGEST_TIMEOUT],
  drainDelay: [0, LONGEST_TIMEOUT],
  drainTimeout: [0, LONGEST_TIMEOUT],
} as const;

/** Splits options into the server's and the recognizer's. Throws `bad-argument`. */
export function settingsOf(options: ServerOptions): { settings: ServerSettings; recognizerOptions: RecognizerOptions } {
  const {
    model = 'cnn',
    recognizer,
    host = '127.0.0.1',
    port = 8080,
    token,
    limits,
    maxPixels = limits?.pixels ?? 16_000_000,
    maxBody = 16 * 2 ** 20,
    maxImages = 256,
    rateLimit,
    timeout = 30_000,
    runTimeout = Math.min(LONGEST_TIMEOUT, Math.max(60_000, 2 * timeout)),
    receiveTimeout = 30_000,
    drainDelay = 0,
    drainTimeout = 10_000,
    cors,
    trustProxy = false,
    logLevel = 'info',
    logger,
    ...rest
  } = options;
  const numbers = { port, maxPixels, maxBody, maxImages, timeout, receiveTimeout, drainDelay, drainTimeout };
  for (const [name, value] of Object.entries({ ...numbers, ...(rateLimit === undefined ? {} : { rateLimit }) })) {
    const [least, most] = ranges[name as keyof typeof ranges];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw badOption(`a whole number for ${name}, ${least} to ${most}`, `${value}`, 'Leave it out for the default.');
  }
  if (token === '') throw badOption('a token', 'an empty one', 'Leave it out to let everybody in.');
  const texts = { model, recognizer, host, token, cors, trustProxy, logLevel, logger };
  const settings = { ...numbers, ...texts, rateLimit } as ServerSettings;
  const own = { isolation: 'process', runTimeout, limits: { ...limits, pixels: maxPixels } } as const;
  return { settings, recognizerOptions: { ...own, ...(rest.workers === undefined && crewOf(rest)), ...rest } };
}

/**
 * Two workers with a model in eight bits are more than this process, which takes a core for HTTP, can feed; on two cores, a second
 * one would take turns with it (docs/service.md).
 */
function crewOf({ variant }: Pick<RecognizerOptions, 'variant'>): Pick<RecognizerOptions, 'workers' | 'threads'> {
  const cores = availableParallelism();
  return variant === 'int8'
    ? { workers: Math.min(2, Math.max(1, cores - 1)), threads: 1 }
    : { workers: Math.min(4, cores) };
}

function badOption(expected: string, received: string, remedy: string): DenaryError {
  return new DenaryError({ code: 'bad-argument', who: 'createServer', expected, received, remedy });
}
