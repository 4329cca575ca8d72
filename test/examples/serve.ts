/** Addresses to open: a tool's own server, and a server in front of one that adds headers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Address {
  readonly url: string;
  close(): Promise<void>;
}

export type Headers = Readonly<Record<string, string>>;

async function listen(listener: RequestListener): Promise<Address> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
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
  const { url, close } = await listen(() => {});
  await close();
  return Number(new URL(url).port);
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
  const address = { url, close: () => end(child) };
  for (let tries = 0; tries < 240; tries++) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return address;
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
