/**
 * Several workers with the same model as one Session, without state. A run goes to the worker with the least to do; one
 * that died is replaced. What it was doing rejects with `worker-lost`: the caller decides whether to try again.
 */

import type { Clock } from './call.js';
import { closedError } from './errors.js';
import type { Value } from './onnx/model.js';
import { type RemoteSession, workerLost } from './remote-session.js';
import type { Device, RunOptions, Session } from './session.js';
import type { Tensors } from './tensor.js';

/** Opens a worker; the first one chooses the device. */
export type OpenWorker = (device?: Device) => Promise<RemoteSession>;

export interface PoolOptions {
  readonly size: number;
  readonly open: OpenWorker;
  /** By which a worker is tried again; it should not keep a process alive. */
  readonly clock: Pick<Clock, 'after'>;
  /** Told of each worker that died, and how. */
  readonly onLost?: ((how: string) => void) | undefined;
}

/** Milliseconds after which a worker that could not be replaced is tried again; a run that has no other tries at once. */
const RETRY = 5_000;

export class SessionPool implements Session {
  readonly device: Device;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  private readonly live = new Set<RemoteSession>();
  /** Replacements under way. */
  private readonly opening = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  private constructor(
    first: RemoteSession,
    private readonly options: PoolOptions,
  ) {
    this.device = first.device;
    this.inputs = first.inputs;
    this.outputs = first.outputs;
    this.join(first);
  }

  static async open(options: PoolOptions): Promise<SessionPool> {
    const pool = new SessionPool(await options.open(), options);
    try {
      await pool.fill();
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  async run(feeds: Tensors, options?: RunOptions): Promise<Tensors> {
    this.requireOpen();
    if (this.live.size === 0) await this.fill().catch((error) => this.requireLive(error));
    let free: RemoteSession | undefined;
    for (const session of this.live) if (!free || session.pending < free.pending) free = session;
    if (!free) throw workerLost('so did its replacement');
    return free.run(feeds, options);
  }

  async writeState(tensors: Tensors): Promise<void> {
    // There is none, which a session says best.
    this.requireOpen();
    for (const session of this.live) await session.writeState(tensors);
  }

  async readState(names: readonly string[] = []): Promise<Tensors> {
    this.requireOpen();
    for (const session of this.live) await session.readState(names);
    return {};
  }

  /** Answers the runs under way, and ends the workers. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await Promise.allSettled(this.opening);
    await Promise.all([...this.live].map((session) => session.close()));
  }

  private join(session: RemoteSession): void {
    this.live.add(session);
    void session.gone.then((how) => {
      this.live.delete(session);
      if (!this.closing) this.options.onLost?.(how);
      this.restore();
    });
  }

  private restore(): void {
    if (this.closing) return;
    this.fill().catch(() => this.options.clock.after(RETRY, () => this.restore()));
  }

  /** Opens the workers that are missing. Throws the first error, when all attempts are done. */
  private async fill(): Promise<void> {
    const { size, open } = this.options;
    while (this.live.size + this.opening.size < size) {
      const opening = open(this.device).then((session) => {
        this.opening.delete(opening);
        this.join(session);
      });
      opening.catch(() => this.opening.delete(opening));
      this.opening.add(opening);
    }
    const results = await Promise.allSettled(this.opening);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  private requireLive(error: unknown): void {
    if (this.live.size === 0) throw error;
  }

  private requireOpen(): void {
    if (this.closing) throw closedError('Session');
  }
}
