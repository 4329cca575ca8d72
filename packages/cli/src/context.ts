/** What every command is given by main. */

import type { Output } from './output.js';

export interface Context {
  readonly output: Output;
  /** The command line as it was typed. */
  readonly command: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A command is declared before its output is known: `--json` is among its own options. */
export type ContextOf = (options: { json?: boolean }) => Context;
