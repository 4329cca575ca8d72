/** `npm run demo [-- --port N]`: builds the demo page, serves it on this machine, and prints its address. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';

const folder = fileURLToPath(new URL('.', import.meta.url));
const pages = join(folder, 'dist');

const types = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

const headers = {
  // Isolated from other origins, a page may use threads.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; " +
    "font-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** A server of the built page, that listens on a port of 127.0.0.1; 0 takes any that is free. */
export async function serveDemo(port) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const file = normalize(join(pages, path.endsWith('/') ? `${path}index.html` : path));
    const found = file.startsWith(pages + sep) && (await stat(file).catch(() => undefined));
    if (!found?.isFile()) return response.writeHead(404, headers).end();
    const hashed = path.startsWith('/assets/');
    response.writeHead(200, {
      ...headers,
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-length': found.size,
      'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return server;
}

export const buildDemo = () => build({ configFile: join(folder, 'vite.config.mjs'), logLevel: 'warn' });

async function main() {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '5173' } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--port is 0 to 65535, not ${values.port}`);
  await buildDemo();
  const server = await serveDemo(port);
  console.log(`http://127.0.0.1:${server.address().port}/`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch(({ message }) => {
    console.error(message);
    process.exitCode = 1;
  });
}
