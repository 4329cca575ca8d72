/** The demo page as `npm run demo` serves it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../packages/runtime-web/demo/serve.mjs', import.meta.url));

/** Builds and serves it, on any port that is free. */
export async function startDemo(): Promise<{ readonly server: ChildProcess; readonly address: string }> {
  const server = spawn(process.execPath, [script, '--port', '0']);
  server.stderr.pipe(process.stderr);
  const printed = new Promise<string>((resolve) => {
    let text = '';
    server.stdout.on('data', (part) => {
      text += part;
      const [found] = /http:\/\/\S+/.exec(text) ?? [];
      if (found) resolve(found);
    });
  });
  const ended = once(server, 'exit').then(([code]) => Promise.reject(new Error(`serve.mjs ended with ${code}`)));
  return { server, address: await Promise.race([printed, ended]) };
}
