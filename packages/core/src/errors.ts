/** The one error type of denary: it says who complains, what was expected, what came, and what to do. */

export type ErrorCode =
  | 'bad-argument'
  | 'bad-image'
  | 'bad-data'
  | 'bad-model'
  | 'not-found'
  | 'not-finite'
  | 'unknown-layer'
  | 'unsupported-operator'
  | 'download-failed'
  | 'device-unavailable'
  | 'out-of-memory'
  | 'quota-exceeded'
  | 'session-failed'
  | 'closed'
  | 'aborted'
  | 'timeout'
  | 'overloaded'
  | 'worker-lost';

export interface ErrorDetails {
  readonly code: ErrorCode;
  /** The function, file or node that complains. */
  readonly who: string;
  readonly expected: string;
  readonly received: string;
  /** What the reader can do about it, as a sentence. */
  readonly remedy: string;
  readonly cause?: unknown;
}

export class DenaryError extends Error {
  override readonly name = 'DenaryError';
  readonly code: ErrorCode;
  readonly who: string;
  readonly expected: string;
  readonly received: string;
  readonly remedy: string;

  /** Files that are wholes by themselves, as workers' are, have classes of their own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (value as Error | undefined)?.name === 'DenaryError';
  }

  constructor({ code, who, expected, received, remedy, cause }: ErrorDetails) {
    super(`${who}: expected ${expected}, received ${received}. ${remedy}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.who = who;
    this.expected = expected;
    this.received = received;
    this.remedy = remedy;
  }
}

/** A DenaryError in one line. */
export function problem(
  code: ErrorCode,
  who: string,
  expected: string,
  received: string,
  remedy: string,
  cause?: unknown,
): DenaryError {
  return new DenaryError({ code, who, expected, received, remedy, cause });
}

/** For calls of something that was closed. */
export const closedError = (who: string): DenaryError =>
  problem('closed', who, 'one that is open', 'one that was closed', 'Create another one.');

/** For a device that is not there. */
export const deviceUnavailable = (expected: string, received: string, remedy: string, cause?: unknown): DenaryError =>
  problem('device-unavailable', 'createSession', expected, received, remedy, cause);

/** An error as plain data, which passes from one thread or process to another. What is no DenaryError becomes `code`. */
export function errorDetails(error: unknown, code: ErrorCode, who: string): ErrorDetails {
  if (error instanceof DenaryError) {
    const { code, who, expected, received, remedy } = error;
    return { code, who, expected, received, remedy };
  }
  const received = messageOf(error);
  return { code, who, expected: 'no error', received, remedy: 'Report this: denary should have said what is wrong.' };
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
