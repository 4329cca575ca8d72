/** Bundlers at work: builds, their own servers, and a server in front of one that adds headers. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface Address {
  readonly url: string;
  close(): Promise<void>;
}

export type Headers = Readonly<Record<string, string>>;

type Upgrade = (request: IncomingMessage, socket: Duplex) => void;

async function listen(listener: RequestListener, upgrade: Upgrade = (_, socket) => void socket.destroy()) {
  const server = createServer(listener).on('upgrade', upgrade).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

/** What another server answers, with more headers. Its WebSockets are passed through: development servers want them. */
export function serveWith(headers: Headers, url: string): Promise<Address> {
  const { hostname, port } = new URL(url);
  const upgrade: Upgrade = (request, socket) => {
    const there = connect(Number(port), hostname);
    const lines = request.rawHeaders.map((text, i) => (i % 2 ? `: ${text}\r\n` : text)).join('');
    there.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines}\r\n`);
    there.pipe(socket).pipe(there);
    there.on('error', () => socket.destroy());
    socket.on('error', () => there.destroy());
  };
  return listen(async (request, response) => {
    const answer = await fetch(new URL(request.url!, url), { redirect: 'manual' });
    const type = answer.headers.get('content-type');
    response.writeHead(answer.status, { ...headers, ...(type && { 'content-type': type }) });
    response.end(new Uint8Array(await answer.arrayBuffer()));
  }, upgrade);
}

/** Of the tools: not a test's, and without messages to their makers. */
const env = { ...process.env, NODE_ENV: undefined, NEXT_TELEMETRY_DISABLED: '1', BROWSER: 'none' };

/** `npm run build -- OPTIONS` */
export const runBuild = (folder: string, options: readonly string[]) =>
  promisify(execFile)('npm', ['run', 'build', '--', ...options], { cwd: folder, env });

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
    // esbuild ends when its input does.
    stdio: 'pipe',
    env,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said = (said + data).slice(-4000)));
  const url = `http://127.0.0.1:${port}/`;
  const address = { url, close: () => end(child) };
  for (let tries = 0; tries < 240; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return address;
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
