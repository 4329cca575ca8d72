/** What the commands say: results on stdout, as text or as one JSON object a line; everything passing on stderr. */

import { createLogUpdate } from 'log-update';

export interface Output {
  /** Whether a machine reads stdout. */
  readonly json: boolean;
  /** A result: the object for machines, the text for people. */
  result(object: object, text: string): void;
  /** Something worth a line, for people alone. */
  note(text: string): void;
  /** The one line that is written over and over; nothing where stderr is no terminal. */
  live(text: string): void;
  /** Leaves the live line standing and goes on below it. */
  settle(): void;
}

export function createOutput(json: boolean, { stdout, stderr } = process): Output {
  const update = createLogUpdate(stderr);
  const live = stderr.isTTY && !json;
  return {
    json,
    result(object, text) {
      update.clear();
      stdout.write(`${json ? JSON.stringify(object) : text}\n`);
    },
    note(text) {
      if (json) return;
      update.clear();
      stderr.write(`${text}\n`);
    },
    live(text) {
      if (live) update(text);
    },
    settle: () => update.done(),
  };
}
