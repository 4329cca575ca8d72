/** A request whose client hung up is not worth an answer. */

import type { FastifyReply } from 'fastify';

/** Aborted when the connection ends before the answer is written; `abort` does it earlier. */
export function disconnection({ raw }: FastifyReply): AbortController {
  const controller = new AbortController();
  raw.on('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller;
}
