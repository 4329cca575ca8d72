/** What is wrong with a script that is loaded by its address. */

import { type DenaryError, messageOf, problem } from '@denary/core';
import type { RemoteFile } from './files.js';

/** Why it did not load, which neither a worker nor import() tells: its address is fetched to see. Gives `not-found`, `download-failed`, or `worker-lost` where the browser refuses it. */
export async function whyNoScript({ name, url }: RemoteFile, cause: unknown): Promise<DenaryError> {
  const expected = `the script ${name}`;
  const where = 'Put it there, or say where it lies (files).';
  try {
    const response = await fetch(url);
    const type = response.headers.get('content-type') ?? 'none';
    if (!response.ok) return problem('not-found', url, expected, `status ${response.status}`, where, cause);
    if (type.includes('text/html'))
      return problem('not-found', url, expected, `a page (content-type ${type})`, where, cause);
    if (!/(java|ecma)script/.test(type)) {
      const remedy = 'Have the server send .js and .mjs files as text/javascript.';
      return problem('download-failed', url, expected, `content-type ${type}`, remedy, cause);
    }
  } catch {
    const remedy = 'Check that the address can be reached from the page, and open the page once with a network.';
    return problem('download-failed', url, expected, `no answer (${messageOf(cause)})`, remedy, cause);
  }
  const remedy =
    "Allow scripts and workers of the page's own origin (Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'; " +
    "worker-src 'self'); where that is not possible, say isolation: 'none'.";
  return problem('worker-lost', url, expected, `a browser that refuses it (${messageOf(cause)})`, remedy, cause);
}

/** For scripts that do not belong together: an old one that was cached, or copied by hand. */
export const mixedVersions = (url: string, expected: string, received: string): DenaryError =>
  problem(
    'download-failed',
    url,
    `version ${expected}, which goes with the page's code`,
    `version ${received}`,
    "Copy all of the package's dist/ from one installation, and load the page without the browser's cache.",
  );
