/** Sends the bytes of an attack over a socket of its own, and reads what comes back. */

import { connect } from 'node:net';
import type { Attack } from './attacks.js';

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** Milliseconds after which a server that says nothing has failed. */
const PATIENCE = 60_000;

/** Gives what came, or undefined where the client hung up; rejects where the connection ended without an answer. */
export function send({ pieces, hangsUp }: Attack, port: number): Promise<Reply | undefined> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect(port, '127.0.0.1', async () => {
      for (const piece of pieces) {
        socket.write(piece);
        if (pieces.length > 1) await new Promise((done) => setTimeout(done, 2));
      }
      if (hangsUp) {
        socket.destroy();
        resolve(undefined);
      }
    });
    const ended = (how: string) => {
      const reply = replyOf(received);
      socket.destroy();
      if (reply) resolve(reply);
      else reject(new Error(`${how}, after ${received.length} bytes`));
    };
    socket.setTimeout(PATIENCE, () => ended('nothing came'));
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      if (replyOf(received)) ended('answered');
    });
    socket.on('error', (error) => ended(error.message));
    socket.on('close', () => ended('closed'));
  });
}

/** An HTTP answer, if all of it is there. */
function replyOf(received: Buffer): Reply | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.toString('latin1', 0, end);
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? Number.NaN);
  if (!(received.length >= end + 4 + length)) return undefined;
  return { status: Number(head.slice(9, 12)), body: received.toString('utf8', end + 4, end + 4 + length) };
}
