/** A server of folders of static files, which can be told to serve some of them badly. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

const TYPES: Record<string, string> = {
  html: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  css: 'text/css',
  json: 'application/json',
  wasm: 'application/wasm',
  png: 'image/png',
  svg: 'image/svg+xml',
};

/** What makes a page cross-origin isolated. */
export const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
} as const;

/** In place of what would have been served. */
export interface Instead {
  readonly status?: number;
  readonly type?: string;
  /** In place of the file's own. */
  readonly body?: string | Uint8Array;
  /** Only so many bytes of the file, in an answer that looks whole. */
  readonly cutAfter?: number;
  /** The connection ends after so many bytes of an answer that promised more. */
  readonly breakAfter?: number;
}

export interface StaticServer {
  /** `http://127.0.0.1:port/` */
  readonly url: string;
  /** The paths that were asked for. */
  readonly requests: string[];
  /** Sent with every answer; may be changed. */
  headers: Readonly<Record<string, string>>;
  /** By path; may be changed. */
  readonly instead: Map<string, Instead>;
  close(): Promise<void>;
}

/** Serves each path's folders (`/`, `/denary/`), the longest path and the first folder that fit; `/` is its index.html. */
export async function serveFolders(
  folders: Readonly<Record<string, readonly string[]>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<StaticServer> {
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);
  const fileOf = (path: string): string | undefined => {
    const prefix = prefixes.find((candidate) => path.startsWith(candidate));
    if (prefix === undefined) return undefined;
    const name = normalize(`/${path.slice(prefix.length)}`) + (path.endsWith('/') ? 'index.html' : '');
    return folders[prefix]!.map((folder) => join(folder, name)).find(isFile);
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    state.requests.push(path);
    for (const [name, value] of Object.entries(state.headers)) response.setHeader(name, value);
    answer(response, path, fileOf(path), state.instead.get(path) ?? {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: StaticServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests: [],
    headers,
    instead: new Map(),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return state;
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

function answer(response: ServerResponse, path: string, file: string | undefined, instead: Instead): void {
  const { status = 200, type, body, cutAfter, breakAfter } = instead;
  if (body === undefined && (!file || status !== 200)) return void response.writeHead(file ? status : 404).end();
  response.setHeader(
    'content-type',
    type ?? TYPES[path.split('.').at(-1)!] ?? (path.endsWith('/') ? 'text/html' : 'application/octet-stream'),
  );
  if (body !== undefined) return void response.writeHead(status).end(body);
  const last = cutAfter ?? breakAfter;
  response.setHeader('content-length', cutAfter ?? statSync(file!).size);
  const stream = createReadStream(file!, last === undefined ? {} : { end: last - 1 });
  stream.pipe(response, { end: breakAfter === undefined });
  if (breakAfter !== undefined) stream.on('end', () => setTimeout(() => response.destroy(), 50));
}
