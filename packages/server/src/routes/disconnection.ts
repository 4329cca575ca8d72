/** A request whose client hung up is not worth an answer. */

import type { CallSignal } from '@denary/core';
import type { FastifyReply } from 'fastify';

/**
 * Aborted when the connection ends before the answer is written; `abort` does it earlier. It is as much of an AbortSignal as a
 * call needs: making a real one is a good part of what a small request costs.
 */
export class Disconnection implements CallSignal {
  aborted = false;
  private readonly listeners: (() => void)[] = [];

  constructor({ raw }: FastifyReply) {
    raw.on('close', () => {
      if (!raw.writableFinished) this.abort();
    });
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of [...this.listeners]) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.listeners.indexOf(listener);
    if (at >= 0) this.listeners.splice(at, 1);
  }
}
