/**
 * A call that its caller may end early, by an AbortSignal or a time-out. The caller is told at once; the work behind it,
 * which may be past stopping, learns of it from the Call.
 */

import { problem } from './errors.js';

/** What is needed of an AbortSignal: core is compiled without the types of Node and the DOM, which both have it. */
export interface CallSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface CallOptions {
  /** Aborts the call: it rejects with `aborted`. */
  readonly signal?: CallSignal;
  /** Milliseconds until the call rejects with `timeout`; unlimited where left out. */
  readonly timeout?: number;
}

/** Time, as each runtime has it. */
export interface Clock {
  /** Calls back after that many milliseconds; what it gives takes that back. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Calls back when everything that is due already has had its turn. */
  soon(callback: () => void): void;
}

/** Who is told when a call ends early. */
export interface CallListener {
  ended(error: unknown): void;
}

/** What the work of a call sees of its end. It costs next to nothing: a busy service makes many, and ends few. */
export class Call {
  private reason: { readonly error: unknown } | undefined;
  private listeners: readonly CallListener[] | undefined;

  /** Ends the call early; of several ends the first counts. */
  end(error: unknown): void {
    if (this.reason) return;
    this.reason = { error };
    const { listeners = [] } = this;
    this.listeners = undefined;
    for (const listener of listeners) listener.ended(error);
  }

  /** Throws where the call was ended. */
  requireGoing(): void {
    if (this.reason) throw this.reason.error;
  }

  add(listener: CallListener): void {
    this.listeners = this.listeners ? [...this.listeners, listener] : [listener];
  }

  remove(listener: CallListener): void {
    if (this.listeners?.length === 1 && this.listeners[0] === listener) this.listeners = undefined;
    else this.listeners = this.listeners?.filter((other) => other !== listener);
  }
}

/** Milliseconds; setTimeout takes no more. */
export const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Does the work of a call within its limits. Rejects with `aborted`, `timeout`, or `bad-argument` for a time-out that is none. */
export function limited<T>(
  work: (call: Call) => Promise<T>,
  { signal, timeout }: CallOptions,
  clock: Clock,
  who: string,
): Promise<T> {
  const call = new Call();
  if (!signal && timeout === undefined) return work(call);
  return new Promise<T>((resolve, reject) => {
    if (timeout !== undefined && !(timeout > 0 && timeout <= LONGEST_TIMEOUT)) {
      const expected = `a timeout above 0 and up to ${LONGEST_TIMEOUT} ms`;
      throw problem('bad-argument', who, expected, `${timeout}`, 'Leave it out for none.');
    }
    const abort = () =>
      call.end(problem('aborted', who, 'an answer', 'the signal to abort', 'Call again if need be.', signal?.reason));
    const expire = () => {
      const remedy = 'Try again when there is less to do, or allow more time.';
      call.end(problem('timeout', who, `an answer within ${timeout} ms`, 'none', remedy));
    };
    if (signal?.aborted) abort();
    call.requireGoing();
    const deafen = signal && onAbort(signal, abort);
    const stop = timeout === undefined ? undefined : clock.after(timeout, expire);
    const tidy = () => {
      deafen?.();
      stop?.();
    };
    const ended = (error: unknown) => {
      tidy();
      reject(error);
    };
    call.add({ ended });
    work(call).then((value) => {
      tidy();
      resolve(value);
    }, ended);
  });
}

/** The calls that listen to a signal share one listener: Node warns of a leak where there are more than ten. */
const audiences = new WeakMap<CallSignal, { readonly listeners: (() => void)[]; tell(): void }>();

function onAbort(signal: CallSignal, listener: () => void): () => void {
  let audience = audiences.get(signal);
  if (!audience) {
    const listeners: (() => void)[] = [];
    // Each of them leaves when it is told.
    audience = { listeners, tell: () => [...listeners].forEach((listener) => listener()) };
    audiences.set(signal, audience);
    signal.addEventListener('abort', audience.tell);
  }
  const { listeners, tell } = audience;
  listeners.push(listener);
  return () => {
    const at = listeners.indexOf(listener);
    if (at < 0) return;
    listeners.splice(at, 1);
    if (listeners.length > 0) return;
    signal.removeEventListener('abort', tell);
    audiences.delete(signal);
  };
}
