/** Addresses to open: a folder of files, a tool's own server, and a server in front of one that adds headers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Address extends AsyncDisposable {
  readonly url: string;
}

export type Headers = Readonly<Record<string, string>>;

/** What a page must be sent with for threads. */
export const ISOLATED: Headers = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

export const TYPES: Headers = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

async function listen(listener: RequestListener): Promise<Address & { server: Server }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server, [Symbol.asyncDispose]: close };
}

/** A folder, as a host for static files serves it. */
export function serveFolder(folder: string, headers: Headers = {}, types: Headers = TYPES): Promise<Address> {
  return listen(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname).replace(/\/$/, '/index.html');
    try {
      const body = await readFile(join(folder, path));
      const type = types[extname(path)] ?? 'application/octet-stream';
      response.writeHead(200, { ...headers, 'content-type': type }).end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
}

/** What another server answers, with more headers. */
export function serveWith(headers: Headers, url: string): Promise<Address> {
  return listen(async (request, response) => {
    const answer = await fetch(new URL(request.url!, url), { redirect: 'manual' });
    const type = answer.headers.get('content-type');
    response.writeHead(answer.status, { ...headers, ...(type && { 'content-type': type }) });
    response.end(new Uint8Array(await answer.arrayBuffer()));
  });
}

async function freePort(): Promise<number> {
  await using address = await listen(() => {});
  return Number(new URL(address.url).port);
}

/** `npm run SCRIPT -- ARGUMENTS` of a tool that serves; `arguments` are given the port. Ends with all its processes. */
export async function serveByScript(
  folder: string,
  script: string,
  argumentsOf: (port: number) => string[],
): Promise<Address> {
  const port = await freePort();
  const child = spawn('npm', ['run', script, '--', ...argumentsOf(port)], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: undefined, NEXT_TELEMETRY_DISABLED: '1', BROWSER: 'none' },
  });
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (data) => (said = (said + data).slice(-4000)));
  const url = `http://127.0.0.1:${port}/`;
  const address = { url, [Symbol.asyncDispose]: () => end(child) };
  for (let tries = 0; tries < 240; tries++) {
    if (await fetch(url).then(({ ok }) => ok, () => false)) return address;
    if (child.exitCode !== null) break;
    await sleep(250);
  }
  await end(child);
  throw new Error(`npm run ${script} in ${folder} serves nothing:\n${said}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  // npm, its shell and the tool are one group.
  process.kill(-child.pid!, 'SIGTERM');
  await ended;
}
