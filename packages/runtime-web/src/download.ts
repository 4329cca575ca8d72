/**
 * Files from the network or from the browser's cache, checked by their sha256 wherever they come from. What is cached needs no
 * network; what the cache holds damaged is fetched anew; what arrives damaged is an error.
 */

import { DenaryError, joinBytes, messageOf, problem } from '@denary/core';
import { type Cached, openCache } from './cache.js';
import { sha256 } from './digest.js';
import type { RemoteFile } from './files.js';

export interface Progress {
  /** Its name; several files are under way at a time. */
  readonly file: string;
  /** Bytes. */
  readonly loaded: number;
  /** Bytes; undefined where the server does not tell. */
  readonly total: number | undefined;
}

export type OnProgress = (progress: Progress) => void;

export class Downloads {
  /** What could not be done, for `info.notes`. */
  readonly notes = new Set<string>();
  private readonly cache: Promise<Cached | undefined>;

  constructor(
    cacheName: string | undefined,
    private readonly onProgress: OnProgress = () => {},
  ) {
    this.cache = cacheName ? openCache(cacheName, (note) => this.notes.add(note)) : Promise.resolve(undefined);
  }

  /**
   * A file's bytes. Throws `not-found` where the server has none, or sends a page in its place, and `download-failed`: no
   * network and nothing cached, a part of it, another version.
   */
  async get(file: RemoteFile): Promise<Uint8Array<ArrayBuffer>> {
    const cache = await this.cache;
    const kept = await cache?.read(file.url);
    if (file.sha256 === undefined) return this.newest(file, kept, cache);
    if (kept && (await this.hashOf(kept)) === file.sha256) {
      this.onProgress({ file: file.name, loaded: kept.length, total: kept.length });
      return kept;
    }
    return this.fetched(file, cache);
  }

  /** A file that may change: the server is asked each time, and only without a network the cached one is taken. */
  private async newest(file: RemoteFile, kept: Uint8Array<ArrayBuffer> | undefined, cache: Cached | undefined) {
    try {
      return await this.fetched(file, cache);
    } catch (error) {
      if (!kept || !isOffline(error)) throw error;
      this.notes.add(`${file.name} is the copy that was cached: its server can't be reached.`);
      return kept;
    }
  }

  private async fetched(file: RemoteFile, cache: Cached | undefined): Promise<Uint8Array<ArrayBuffer>> {
    const response = await request(file);
    const bytes = await this.bodyOf(response, file);
    requireNoPage(file, response, bytes);
    const sha256 = file.sha256 && (await this.hashOf(bytes));
    if (sha256 && sha256 !== file.sha256) throw otherFile(file, sha256, bytes.length);
    await cache?.write(file.url, bytes);
    return bytes;
  }

  private async bodyOf(response: Response, file: RemoteFile): Promise<Uint8Array<ArrayBuffer>> {
    const total = file.bytes ?? lengthOf(response);
    const parts: Uint8Array[] = [];
    let loaded = 0;
    try {
      const reader = response.body!.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parts.push(part.value);
        loaded += part.value.length;
        this.onProgress({ file: file.name, loaded, total });
      }
    } catch (cause) {
      throw failed(file, 'the whole file', `${loaded} bytes of it (${messageOf(cause)})`, 'Try again.', cause);
    }
    return joinBytes(parts);
  }

  /** In hexadecimal; nothing where the page is not secure, and thus has no means for it. */
  private async hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
    const digest = await sha256(bytes);
    if (!digest) this.notes.add('Files are not checked: the page is neither on https nor on localhost.');
    return digest;
  }
}

async function request(file: RemoteFile): Promise<Response> {
  let response: Response;
  try {
    // A file that may have changed is asked for again, and a whole one comes only if it has.
    response = await fetch(file.url, { cache: file.sha256 ? 'default' : 'no-cache' });
  } catch (cause) {
    throw unreachable(file, cause);
  }
  if (response.ok) return response;
  const remedy = `Put the file there, or say where it lies: ${whereOption(file)}.`;
  const code = response.status === 404 || response.status === 410 ? 'not-found' : 'download-failed';
  throw problem(code, file.url, `the file ${file.name}`, `status ${response.status}`, remedy);
}

/** Servers of single-page applications answer with the page where they have no file. */
function requireNoPage(file: RemoteFile, response: Response, bytes: Uint8Array): void {
  const type = response.headers.get('content-type') ?? '';
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase();
  if (!type.includes('text/html') && !start.startsWith('<!doctype') && !start.startsWith('<html')) return;
  const remedy = `The server has no such file and sends a page instead: put the file there, or say where it lies: ${whereOption(file)}.`;
  throw problem('not-found', file.url, `the file ${file.name}`, `a page (content-type ${type || 'none'})`, remedy);
}

function otherFile(file: RemoteFile, sha256: string, length: number): DenaryError {
  const expected = `${file.bytes === undefined ? '' : `${file.bytes} bytes with `}sha256 ${file.sha256}`;
  const remedy =
    'It was cut short, damaged, or is of another version than the JavaScript: load the page again, and if that does not help, ' +
    'copy both from one installation.';
  return failed(file, expected, `${length} bytes with sha256 ${sha256}`, remedy);
}

function unreachable(file: RemoteFile, cause: unknown): DenaryError {
  const offline = globalThis.navigator?.onLine === false;
  const received = offline ? 'no network, and the file is not cached' : `no answer (${messageOf(cause)})`;
  const remedy = offline
    ? 'Open the page once with a network.'
    : `Check that the address can be reached, that Content-Security-Policy's connect-src allows it, and that another origin sends Access-Control-Allow-Origin.`;
  return failed(file, `the file ${file.name}`, received, remedy, cause, UNREACHABLE);
}

/** Marks errors of a network that is not there: what is cached does then. */
const UNREACHABLE = Symbol('unreachable');
const isOffline = (error: unknown) => error instanceof DenaryError && UNREACHABLE in error;

function failed(file: RemoteFile, expected: string, received: string, remedy: string, cause?: unknown, mark?: symbol) {
  const error = problem('download-failed', file.url, expected, received, remedy, cause);
  return mark ? Object.assign(error, { [mark]: true }) : error;
}

const whereOption = ({ name }: RemoteFile) => (/\.(wasm|mjs)$/.test(name) ? 'wasmPaths or files' : 'model or files');

/** Where the body is compressed, the header counts other bytes. */
function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get('content-encoding') ? null : headers.get('content-length');
  return length === null ? undefined : Number(length);
}
