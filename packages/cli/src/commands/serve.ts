/** denary serve: a model over HTTP, until it is told to stop. */

import { once } from 'node:events';
import { DenaryError, messageOf, type Preprocess } from '@denary/core';
import type { DeviceChoice } from '@denary/runtime-node';
import { createServer, type Server, type ServerOptions } from '@denary/server';
import { Command, Option } from 'commander';
import type { ContextOf } from '../context.js';
import { collect, rejectOption, variantOption, whole } from '../options.js';

interface Options extends ServerOptions {
  device: DeviceChoice;
  preprocess?: Preprocess;
  maxBatch?: number;
  quiet?: boolean;
}

export const serveCommand = (context: ContextOf) =>
  new Command('serve')
    .description('serve a model over HTTP; SIGHUP loads it again, SIGTERM answers what is under way and ends')
    .option('--model <model>', "a shipped model's name, a model's folder, or an .onnx file", 'cnn')
    .addOption(variantOption())
    .option('--host <address>', 'where to listen; :: is every address', '127.0.0.1')
    .addOption(new Option('--port <port>', '0 takes a free one').env('DENARY_PORT').argParser(whole(0)).default(8080))
    .addOption(
      new Option('--device <device>', 'where to run').choices(['auto', 'cpu', 'cuda', 'webgpu']).default('auto'),
    )
    .addOption(
      new Option('--preprocess <how>', 'normalise drawings and photos, or take images as they are').choices([
        'normalise',
        'none',
      ]),
    )
    .addOption(rejectOption())
    .addOption(
      new Option('--isolation <how>', 'what the model runs in')
        .choices(['process', 'thread', 'none'])
        .default('process'),
    )
    .option(
      '--workers <count>',
      'processes or threads with the model (default: one for each core, up to 4; of the variant int8, 1 or 2)',
      whole(1),
    )
    .option('--threads <count>', 'threads for one run (default: the cores, shared out)', whole(1))
    .option('--max-batch <images>', 'images in one run', whole(1), 128)
    .option('--max-delay <ms>', 'that an image waits for others where nothing is under way', whole(0), 0)
    .option('--max-queue <images>', 'images without an answer, beyond which requests get a 429', whole(1), 4096)
    .option('--max-images <images>', 'images in one request', whole(1), 256)
    .option('--max-pixels <pixels>', 'of one image', whole(1), 16_000_000)
    .option('--max-decodes <images>', 'that are decoded, and held decoded, at one time', whole(1), 4)
    .option('--max-body <bytes>', "size of a request's body", whole(1), 16 * 2 ** 20)
    .option('--rate-limit <requests>', 'requests a second of one client (default: unlimited)', whole(1))
    .option('--timeout <ms>', 'for an answer', whole(1), 30_000)
    .option(
      '--run-timeout <ms>',
      'after which a process in one run is held to be stuck, and is killed and replaced (default: 60000, or twice the --timeout)',
      whole(1),
    )
    .option('--receive-timeout <ms>', 'for a client to send its request', whole(1), 30_000)
    .option('--drain-delay <ms>', 'go on that long after SIGTERM, until balancers have noticed', whole(0), 0)
    .option('--drain-timeout <ms>', 'for requests and runs under way at the end', whole(0), 10_000)
    .addOption(new Option('--token <token>', 'the bearer token to ask for').env('DENARY_TOKEN'))
    .option('--cors <origin>', 'whose pages may call: an origin, several times, or *', collect)
    .option('--trust-proxy', "take the client's address from X-Forwarded-For")
    .addOption(
      new Option('--log-level <level>', 'JSON lines on stdout; debug has every request')
        .choices(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
        .default('info'),
    )
    .option('--quiet', 'log nothing')
    .action(async ({ maxBatch, quiet, ...options }: Options) => {
      const { signal } = context({ json: true });
      const batchSize = maxBatch === undefined ? {} : { batchSize: maxBatch };
      let server: Server | undefined;
      let asked = false;
      const reload = () => {
        asked = true;
        // The server logs what comes of it.
        server?.reload().catch(() => {});
      };
      process.on('SIGHUP', reload);
      try {
        server = await createServer({ ...options, ...batchSize, ...(quiet ? { logLevel: 'silent' as const } : {}) });
        // The model may have changed since its file was read.
        if (asked) reload();
        await server.listen();
        if (!signal.aborted) await once(signal, 'abort');
      } finally {
        await server?.close().catch(endAtOnce);
        process.off('SIGHUP', reload);
      }
    });

/** Node waits for a worker thread in a run that does not end, also in process.exit(). */
function endAtOnce(error: unknown): void {
  if (!(error instanceof DenaryError && error.code === 'timeout')) throw error;
  process.stderr.write(`denary: ${messageOf(error)}\n`);
  process.kill(process.pid, 'SIGKILL');
}
