/** What a page is told when something does not arrive as it should: who, what was expected, what came, what to do. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { dist, type OpenPage } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { type Globals, loaded, openStaticPage, type Problem, readSeven } from './page.js';
import type { Instead } from './static-server.js';

const WORKER = '/denary/assets/worker.js';
const ORT = '/denary/assets/ort.wasm.bundle.min.mjs';
const WASM = '/denary/assets/ort-wasm-simd-threaded.wasm';
const KERNELS = '/denary/assets/kernels.js';
const MODEL = '/denary/assets/cnn-pool4.onnx';
const PAGE = { type: 'text/html', body: '<!doctype html><title>not found</title>' };

const model = readFileSync(join(dist, 'assets', 'cnn-pool4.onnx'));
const DIGEST = createHash('sha256').update(model).digest('hex').slice(0, 8);
const OTHER_ORT = "export const env = { versions: { web: '0.9' }, wasm: {} };";
const whole = readFileSync(join(dist, 'assets', 'worker.js'), 'utf8');
const OLD_WORKER = whole.replace('0.1.0', '0.0.1');
const OLD_KERNELS = readFileSync(join(dist, 'assets', 'kernels.js'), 'utf8').replace('0.1.0', '0.0.1');

type Case = readonly [what: string, path: string, instead: Instead, code: string, words: RegExp];

const cases: Case[] = [
  ['a model that is not there', MODEL, { status: 404 }, 'not-found', /status 404/],
  ['a model that the server refuses', MODEL, { status: 503 }, 'download-failed', /status 503/],
  ['a page in place of a model', MODEL, PAGE, 'not-found', /text\/html/],
  [
    'a damaged model',
    MODEL,
    { body: 'a'.repeat(model.length) },
    'download-failed',
    new RegExp(`sha256 ${DIGEST}.*received ${model.length} bytes`),
  ],
  ['half a model that looks whole', MODEL, { cutAfter: 100_000 }, 'download-failed', /100000 bytes.*cut short/],
  ['a connection that ends', MODEL, { breakAfter: 100_000 }, 'download-failed', /100000 bytes of it/],
  ['WebAssembly that is not there', WASM, { status: 404 }, 'not-found', /wasmPaths/],
  ['a page in place of WebAssembly', WASM, PAGE, 'not-found', /sends a page instead/],
  ['WebAssembly of another version', WASM, { body: '\0asm other' }, 'download-failed', /another version/],
  ['no ONNX Runtime', ORT, { status: 404 }, 'not-found', /status 404/],
  [
    'ONNX Runtime as text',
    ORT,
    { type: 'text/plain' },
    'download-failed',
    /content-type text\/plain.*text\/javascript/,
  ],
  ['ONNX Runtime of another version', ORT, { body: OTHER_ORT }, 'download-failed', /version 1\.30\.0.*version 0\.9/],
  ['no kernels', KERNELS, { status: 404 }, 'not-found', /status 404/],
  ['kernels of another version', KERNELS, { body: OLD_KERNELS }, 'download-failed', /version 0\.1\.0.*version 0\.0\.1/],
  ['a worker of another version', WORKER, { body: OLD_WORKER }, 'download-failed', /version 0\.1\.0.*version 0\.0\.1/],
  ['no worker', WORKER, { status: 404 }, 'not-found', /status 404/],
  ['a page in place of the worker', WORKER, PAGE, 'not-found', /a page/],
  ['a worker as text', WORKER, { type: 'text/plain' }, 'download-failed', /content-type text\/plain.*text\/javascript/],
];

describeInBrowser('a page is told of', () => {
  let open: OpenPage | undefined;
  afterEach(() => open?.close());

  const expectProblem = (error: Problem | undefined, code: string, words: RegExp) => {
    expect(error).toMatchObject({ name: 'DenaryError', code, remedy: expect.stringMatching(/.{10}/) });
    expect(error!.message).toMatch(words);
  };

  it.each(cases)('%s', async (_, path, instead, code, words) => {
    open = await openStaticPage();
    open.server.instead.set(path, instead);
    const options = path === ORT || path === WASM ? ({ engine: 'onnxruntime' } as const) : {};
    const { error } = await readSeven(open.page, options);
    expectProblem(error, code, words);
    // Nothing of it was kept, and the next attempt is a new one.
    open.server.instead.clear();
    expect((await readSeven(open.page, options)).value?.prediction.digit).toBe(7);
  });

  it('a wrong name, and bytes that are no model', async () => {
    open = await openStaticPage();
    expectProblem((await readSeven(open.page, { model: 'resnet' })).error, 'not-found', /cnn-pool4, cnn/);
    const error = await open.page.evaluate(async () => {
      const { denary, tell } = globalThis as unknown as Globals;
      return (await tell(denary.createRecognizer({ model: new Uint8Array(100) }))).error;
    });
    expectProblem(error, 'bad-model', /ONNX/);
  });

  it('a digest that is not the file’s', async () => {
    open = await openStaticPage();
    const { error } = await readSeven(open.page, { model: MODEL, sha256: '0'.repeat(64) });
    expectProblem(error, 'download-failed', new RegExp(`sha256 0000.*${DIGEST}`));
  });

  it('a model that the kernels do not run, where they must', async () => {
    open = await openStaticPage();
    const { error } = await readSeven(open.page, { model: 'hrnn', engine: 'denary' });
    expectProblem(error, 'unsupported-operator', /engine/);
  });

  it('a device of Node', async () => {
    open = await openStaticPage();
    expectProblem((await readSeven(open.page, { device: 'cuda' as 'wasm' })).error, 'device-unavailable', /wasm/);
  });

  describe('a policy that forbids', () => {
    const policy = "default-src 'none'; connect-src 'self'; script-src 'self' 'nonce-page'";

    it('workers, and that it may run in the page', async () => {
      const headers = { 'content-security-policy': `${policy} 'wasm-unsafe-eval'; worker-src 'none'` };
      open = await openStaticPage({ headers });
      expectProblem((await readSeven(open.page)).error, 'worker-lost', /worker-src 'self'.*isolation: 'none'/);
      expect((await readSeven(open.page, { isolation: 'none' })).value?.prediction.digit).toBe(7);
    });

    it('WebAssembly', async () => {
      open = await openStaticPage({ headers: { 'content-security-policy': `${policy}; worker-src 'self'` } });
      for (const isolation of ['thread', 'none'] as const) {
        for (const engine of ['denary', 'onnxruntime'] as const) {
          const { error } = await readSeven(open.page, { isolation, engine });
          expectProblem(error, 'device-unavailable', /'wasm-unsafe-eval'/);
        }
      }
    });
  });

  it('too little memory, in a worker and in the page', async () => {
    open = await openStaticPage();
    await open.context.addInitScript(refuseMemory);
    open.server.instead.set(WORKER, { body: `(${refuseMemory})();${whole}` });
    await open.page.reload();
    await loaded(open.page);
    for (const isolation of ['thread', 'none'] as const) {
      for (const engine of ['denary', 'onnxruntime'] as const) {
        expectProblem((await readSeven(open.page, { isolation, engine })).error, 'out-of-memory', /memory/);
      }
    }
  });
});

/** As where there is none for what a model needs. */
function refuseMemory() {
  WebAssembly.Memory = class {
    constructor() {
      throw new RangeError('WebAssembly.Memory(): could not allocate memory');
    }
  } as never;
}
