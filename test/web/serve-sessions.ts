/** A page's sessions, for the other side of sessions-in.ts. */
import { errorDetails, type Session, type SessionFactory, type SessionOptions } from '@denary/core';

export function serveSessions(create: SessionFactory): void {
  const sessions: Session[] = [];

  async function openSession(model: Uint8Array, options: SessionOptions) {
    const session = await create(model, options);
    const { device, inputs, outputs } = session;
    return { id: sessions.push(session) - 1, device, inputs, outputs };
  }

  const callSession = (id: number, method: 'run' | 'readState' | 'writeState' | 'close', argument: never) =>
    sessions[id]![method](argument);

  Object.assign(globalThis, {
    openSession: answering(openSession),
    callSession: answering(callSession as (...values: unknown[]) => Promise<unknown>),
  });
}

/** What an error says does not pass from a page by itself. */
const answering =
  <A extends unknown[], R>(work: (...values: A) => Promise<R>) =>
  (...values: A) =>
    work(...values).then(
      (result) => ({ result }),
      (error) => ({ error: errorDetails(error, 'session-failed', 'page') }),
    );
