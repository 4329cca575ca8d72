/** createServer: a recognizer over HTTP, with what it takes to run it: limits, health, metrics, reload and an orderly end. */

import { type AddressInfo, isIPv6 } from 'node:net';
import { closedError, problem } from '@denary/core';
import type { RecognizerOptions } from '@denary/runtime-node';
import type { FastifyInstance } from 'fastify';
import { createApp } from './app.js';
import type { Life } from './context.js';
import { Metrics } from './metrics.js';
import { type ModelFacts, ServedModel } from './model.js';
import { type ServerOptions, type ServerSettings, settingsOf } from './options.js';
import { addRoutes } from './routes/index.js';

/**
 * Opens the model and gets everything ready; `listen` then opens the port.
 * Throws DenaryError: `bad-argument` for a wrong option, and what `createRecognizer` throws.
 */
export async function createServer(options: ServerOptions = {}): Promise<Server> {
  const { settings, recognizerOptions } = settingsOf(options);
  const metrics = new Metrics();
  const life: Life = { phase: 'serving' };
  const app = createApp(settings, metrics, life);
  const model = settings.recognizer
    ? ServedModel.of(settings.recognizer)
    : await ServedModel.open(settings.model, observed(recognizerOptions, metrics, app));
  const { name, sha256, device } = model.facts;
  app.log.info({ model: name, sha256, device }, 'model opened');
  metrics.watch(model);
  try {
    await addRoutes(app, { model, metrics, settings, life });
    await app.ready();
  } catch (error) {
    await model.close();
    throw error;
  }
  return new Server(app, model, metrics, settings, life);
}

export class Server {
  private closing: Promise<void> | undefined;

  /** Made by `createServer`. */
  constructor(
    /** Fastify: its `inject` tries a request without a port. */
    readonly app: FastifyInstance,
    private readonly model: ServedModel,
    private readonly metrics: Metrics,
    private readonly settings: ServerSettings,
    private readonly life: Life,
  ) {}

  /** What is served. */
  get facts(): ModelFacts {
    return this.model.facts;
  }

  /** Opens the port and gives the server's URL. Throws Node's error where the port can't be had. */
  async listen(): Promise<string> {
    const { host, port, token } = this.settings;
    await this.app.listen({ host, port, listenTextResolver: (at) => `listening on ${at}` });
    const { address, port: actual } = this.app.addresses()[0] as AddressInfo;
    const url = `http://${isIPv6(address) ? `[${address}]` : address}:${actual}`;
    const local = ['127.0.0.1', '::1', 'localhost'].includes(host);
    if (!local && token === undefined)
      this.app.log.warn({ host }, 'others can reach this server, and it asks no token');
    return url;
  }

  /**
   * Reads the model's file anew and serves that; requests under way are answered by the old one, which is then closed. Throws
   * what the new file brings up, and goes on with the old one; `closed` from `close` on.
   */
  async reload(): Promise<ModelFacts> {
    const { log } = this.app;
    if (this.life.phase !== 'serving') {
      log.warn('model not reloaded: the server is about to end');
      throw closedError('Server.reload');
    }
    const { facts, closed } = await this.model.reload().catch((error: unknown) => {
      this.metrics.reloads.inc({ outcome: 'failed' });
      log.error({ err: error }, 'model not reloaded: the old one goes on');
      throw error;
    });
    this.metrics.reloads.inc({ outcome: 'ok' });
    log.info({ model: facts.name, sha256: facts.sha256 }, 'model reloaded');
    await closed;
    return facts;
  }

  /**
   * Ends in order: no longer ready, then no more connections, requests under way answered, and the model closed. What takes
   * longer than `drainTimeout` is cut off, and worker processes that do not end are killed. Throws `timeout` for a worker
   * thread that does not come back from its run, which cannot be ended: the process will not end by itself.
   */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async end(): Promise<void> {
    const { drainDelay, drainTimeout } = this.settings;
    this.life.phase = 'draining';
    this.app.log.info({ pending: this.model.recognizer.pending }, 'draining');
    if (drainDelay > 0) await new Promise((resolve) => setTimeout(resolve, drainDelay));
    const limit = performance.now() + drainTimeout;
    const cut = setTimeout(() => {
      this.app.log.warn('requests were cut off');
      this.app.server.closeAllConnections();
    }, drainTimeout);
    this.life.phase = 'closing';
    await this.app.close();
    clearTimeout(cut);
    await this.endModel(Math.max(MODEL_END, limit - performance.now()));
    this.app.log.info('closed');
  }

  private async endModel(patience: number): Promise<void> {
    const closing = this.model.close();
    if (await settles(closing, patience)) return;
    this.app.log.warn('workers did not end in time, and are killed where they are processes');
    this.model.kill();
    if (await settles(closing, MODEL_END)) return;
    const remedy = 'End the process with SIGKILL.';
    throw problem('timeout', 'Server.close', 'a model that ends', 'a worker thread in a run that does not', remedy);
  }
}

/** Milliseconds that a model has for its end at the least. */
const MODEL_END = 2_000;

/** Whether that is done in so many milliseconds. */
async function settles(work: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function observed(options: RecognizerOptions, metrics: Metrics, { log }: FastifyInstance): RecognizerOptions {
  return {
    ...options,
    onRun: (images) => metrics.batchSize.observe(images),
    onWorkerLost: (how) => {
      metrics.workersLost.inc();
      log.error({ how }, 'worker lost');
    },
    onWorkerStuck: (stuck) => {
      if (stuck) log.error('worker stuck: a run of it does not end, and a thread cannot be ended');
      else log.warn('worker no longer stuck');
    },
  };
}
