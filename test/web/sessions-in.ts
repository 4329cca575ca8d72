/** Sessions of runtime-web in a page, as sessions here. */
import { DenaryError, type ErrorDetails, type Session, type SessionFactory } from '@denary/core';
import type { Page } from 'playwright-core';

type Opened = Pick<Session, 'device' | 'inputs' | 'outputs'> & { readonly id: number };

/** Calls a function of the page; its errors are thrown here. */
async function ask<R>(page: Page, name: string, ...values: unknown[]): Promise<R> {
  const answer = await page.evaluate(
    ([name, values]) =>
      (globalThis as unknown as Record<string, (...of: unknown[]) => Promise<unknown>>)[name]!(...values),
    [name, values] as const,
  );
  const { result, error } = answer as { result: R; error?: ErrorDetails };
  if (error) throw new DenaryError(error);
  return result;
}

export const sessionsIn =
  (page: () => Page): SessionFactory =>
  async (model, options = {}) => {
    const { id, ...facts } = await ask<Opened>(page(), 'openSession', model, options);
    const call = <R>(method: keyof Session, argument?: unknown) => ask<R>(page(), 'callSession', id, method, argument);
    return {
      ...facts,
      run: (feeds) => call('run', feeds),
      readState: (names) => call('readState', names),
      writeState: (tensors) => call('writeState', tensors),
      close: () => call('close'),
    };
  };
