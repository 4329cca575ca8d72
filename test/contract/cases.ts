/** What contracts are written with that run both in Node and, without vitest, in a page: cases by name, and three assertions. */

import type { DenaryError } from '@denary/core';

export type Cases<Runtime> = Readonly<Record<string, (runtime: Runtime) => Promise<void>>>;

export function ok(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`not so: ${what}`);
}

/** Whether two values are the same in JSON. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  ok(a === b, `${what}: ${a} is ${b}`);
}

export async function refuses(code: string, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    return same((error as DenaryError).code, code, `${error}`);
  }
  ok(false, `it throws ${code}`);
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
