/**
 * A Session whose work is done elsewhere: both ends of one small protocol, over anything that passes messages to a worker
 * thread, a child process or a web worker. Each message from here has one answer, in any order.
 */

import { closedError, DenaryError, type ErrorDetails, errorDetails } from './errors.js';
import type { Value } from './onnx/model.js';
import type { Device, RunOptions, Session } from './session.js';
import type { Tensor, Tensors } from './tensor.js';
import { turns } from './turns.js';

/** One end of a line. Messages are structured clones. */
export interface Port {
  post(message: object, transfer?: readonly ArrayBuffer[]): void;
  /** There is one listener. */
  listen(listener: (message: unknown) => void): void;
}

/** The end at the caller's, with a worker at the other. */
export interface WorkerPort extends Port {
  /** Whether answers are awaited; a process whose workers have nothing to do may end. */
  hold(awaited: boolean): void;
  /** Settles when the worker is gone, as wished or not, and says how. Never rejects. */
  readonly gone: Promise<string>;
}

/** What a worker tells of the session that it opened. */
interface About<Extra> {
  readonly device: Device;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly extra: Extra;
}

interface Request {
  readonly id: number;
  readonly method: 'open' | 'run' | 'writeState' | 'readState' | 'close';
  readonly argument: unknown;
}

type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: ErrorDetails });

/** Opens a session in a worker by what its `serveSession` takes. Throws what that throws, or `worker-lost`. */
export async function openRemote<Extra = unknown>(port: WorkerPort, request: unknown): Promise<RemoteSession<Extra>> {
  const calls = new Calls(port);
  try {
    return new RemoteSession(port, calls, (await calls.make('open', request)) as About<Extra>);
  } catch (error) {
    await calls.end();
    throw error;
  }
}

export class RemoteSession<Extra = unknown> implements Session {
  readonly device: Device;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** What the worker told besides. */
  readonly extra: Extra;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly port: WorkerPort,
    private readonly calls: Calls,
    { device, inputs, outputs, extra }: About<Extra>,
  ) {
    this.device = device;
    this.inputs = inputs;
    this.outputs = outputs;
    this.extra = extra;
  }

  /** Calls without an answer. */
  get pending(): number {
    return this.calls.count;
  }

  /** Settles when the worker is gone, and says how. */
  get gone(): Promise<string> {
    return this.port.gone;
  }

  async run(feeds: Tensors, { give = false }: RunOptions = {}): Promise<Tensors> {
    this.requireOpen();
    const sent = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, alone(tensor)]));
    return (await this.calls.make('run', sent, give ? Object.values(sent).map(bufferOf) : [])) as Tensors;
  }

  async writeState(tensors: Tensors): Promise<void> {
    this.requireOpen();
    await this.calls.make('writeState', tensors);
  }

  async readState(names?: readonly string[]): Promise<Tensors> {
    this.requireOpen();
    return (await this.calls.make('readState', names)) as Tensors;
  }

  /** Answers the calls under way, frees the session and waits until the worker is gone. */
  close(): Promise<void> {
    this.closing ??= this.calls.end();
    return this.closing;
  }

  private requireOpen(): void {
    if (this.closing) throw closedError('Session');
  }
}

/** A tensor with a buffer of its own, or in shared memory: a message takes along all of another view's buffer. */
const alone = (tensor: Tensor): Tensor =>
  tensor.data.byteLength === tensor.data.buffer.byteLength || isShared(tensor.data.buffer)
    ? tensor
    : ({ ...tensor, data: tensor.data.slice() } as Tensor);

/** Pages have no shared memory where they are not isolated from others. */
const isShared = (buffer: ArrayBufferLike): boolean =>
  typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;

const bufferOf = ({ data }: Tensor) => data.buffer as ArrayBuffer;

interface Pending {
  readonly id: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The calls that wait for the worker's answer. */
class Calls {
  /** A few; no Map, for the reason that the batcher's queue is no Set. */
  private readonly pending: Pending[] = [];
  private last = 0;
  private lost: string | undefined;

  constructor(private readonly port: WorkerPort) {
    port.listen((message) => {
      const answer = message as Answer;
      const call = this.take(answer.id);
      if ('error' in answer) call?.reject(new DenaryError(answer.error));
      else call?.resolve(answer.value);
    });
    void port.gone.then((how) => {
      this.lost = how;
      while (this.pending.length > 0) this.take(this.pending[0]!.id)?.reject(workerLost(how));
    });
  }

  get count(): number {
    return this.pending.length;
  }

  make(method: Request['method'], argument?: unknown, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.lost !== undefined) throw workerLost(this.lost);
      const id = ++this.last;
      this.port.post({ id, method, argument } satisfies Request, transfer);
      if (this.pending.length === 0) this.port.hold(true);
      this.pending.push({ id, resolve, reject });
    });
  }

  /** Has the worker answer what it was asked, and end. */
  async end(): Promise<void> {
    await this.make('close').catch(() => {});
    this.port.hold(true);
    await this.port.gone;
  }

  private take(id: number): Pending | undefined {
    const at = this.pending.findIndex((call) => call.id === id);
    if (at < 0) return undefined;
    const [call] = this.pending.splice(at, 1);
    if (this.pending.length === 0) this.port.hold(false);
    return call;
  }
}

/** For what a worker that is gone was to do. */
export function workerLost(how: string): DenaryError {
  return new DenaryError({
    code: 'worker-lost',
    who: 'Session',
    expected: 'an answer of the worker that runs the model',
    received: `its end (${how})`,
    remedy: 'Try again; where that does not help, look for what kills it (memory, a driver, a model).',
  });
}

export interface ServeOptions<Request, Extra> {
  open(request: Request): Promise<{ readonly session: Session; readonly extra: Extra }>;
  /** Around everything that ONNX Runtime does; default does it. */
  guard?<T>(work: () => Promise<T>): Promise<T>;
  /** Called when the session was closed and the caller told: nothing comes after that. */
  end(): void;
}

/** The worker's end: opens a session, and does what the other end asks, one after the other. */
export function serveSession<Asked, Extra>(
  port: Port,
  { open, guard = (work) => work(), end }: ServeOptions<Asked, Extra>,
) {
  const inTurn = turns();
  let session: Session | undefined;
  const does: Record<Request['method'], (argument: never) => Promise<unknown>> = {
    open: async (request: Asked) => {
      const opened = await open(request);
      session = opened.session;
      const { device, inputs, outputs } = session;
      return { device, inputs, outputs, extra: opened.extra } satisfies About<Extra>;
    },
    run: (feeds: Tensors) => session!.run(feeds),
    writeState: (tensors: Tensors) => session!.writeState(tensors),
    readState: (names?: readonly string[]) => session!.readState(names),
    close: async () => session?.close(),
  };
  port.listen(async (message) => {
    const { id, method, argument } = message as Request;
    try {
      const value = await inTurn(() => guard(() => does[method](argument as never)));
      port.post({ id, value } satisfies Answer);
    } catch (error) {
      port.post({ id, error: errorDetails(error, 'session-failed', `Session.${method}`) } satisfies Answer);
    }
    if (method === 'close') end();
  });
}
