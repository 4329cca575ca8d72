/** Files that do not lie where the package put them: what is said of their places, and a bundle that knows none. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecognizerOptions } from '@denary/runtime-web';
import { build } from 'tsup';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dist, type OpenPage, openFolders } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { openStaticPage, readSeven } from './page.js';

const WORKER = 'worker.js';
const KERNELS = 'kernels.js';
const ORT = 'ort.wasm.bundle.min.mjs';
const WASM = 'ort-wasm-simd-threaded.wasm';
const MODEL = 'cnn-pool4.onnx';

/** What is asked for where these lie elsewhere. */
const at = (names: readonly string[], elsewhere: readonly string[]) =>
  names.map((name) => `${elsewhere.includes(name) ? '/elsewhere' : '/denary/assets'}/${name}`);
const kernelsWith = (...elsewhere: string[]) => at([WORKER, KERNELS, MODEL], elsewhere);
const runtimeWith = (...elsewhere: string[]) => at([WORKER, ORT, WASM, MODEL], elsewhere);

describeInBrowser('files that lie elsewhere', () => {
  let folder: string;
  let open: OpenPage | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'denary-places-'));
    await symlink(join(dist, 'assets'), join(folder, 'elsewhere'), 'junction');
  });
  afterEach(async () => {
    await open?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const cases: [what: string, options: RecognizerOptions, requests: string[]][] = [
    ['nothing is said', {}, kernelsWith()],
    ['nothing is said to ONNX Runtime', { engine: 'onnxruntime' }, runtimeWith()],
    ['files', { files: 'elsewhere' }, kernelsWith(WORKER, KERNELS, MODEL)],
    ['files of ONNX Runtime', { files: 'elsewhere', engine: 'onnxruntime' }, runtimeWith(WORKER, ORT, WASM, MODEL)],
    ['wasmPaths, a folder', { wasmPaths: '/elsewhere/' }, runtimeWith(WASM)],
    [
      'wasmPaths, addresses',
      { wasmPaths: { mjs: `elsewhere/${ORT}`, wasm: `elsewhere/${WASM}` } },
      runtimeWith(ORT, WASM),
    ],
  ];

  it.each(cases)('%s', async (_, options, requests) => {
    open = await openStaticPage({}, folder);
    open.server.requests.length = 0;
    expect((await readSeven(open.page, options)).value?.prediction.digit).toBe(7);
    const assets = open.server.requests.filter((path) => /assets|elsewhere/.test(path));
    expect([...new Set(assets)].sort()).toEqual(requests.toSorted());
  });

  it('a classic script, which does not know its address, finds them beside itself', async () => {
    const source = join(folder, 'source.mjs');
    const code = "import { createRecognizer } from '@denary/runtime-web'; globalThis.denary = { createRecognizer };";
    await writeFile(source, code);
    await build({
      entry: { page: source },
      outDir: join(folder, 'scripts'),
      format: 'iife',
      outExtension: () => ({ js: '.js' }),
      noExternal: [/./],
      silent: true,
      config: false,
      esbuildOptions: (options) => {
        options.nodePaths = [fileURLToPath(new URL('../../node_modules', import.meta.url))];
      },
    });
    await symlink(join(dist, 'assets'), join(folder, 'scripts', 'assets'), 'junction');
    await writeFile(join(folder, 'index.html'), '<!doctype html><script src="scripts/page.js"></script>');
    open = await openFolders([folder]);
    const device = await open.page.evaluate(async () => {
      const { denary } = globalThis as unknown as { denary: typeof import('@denary/runtime-web') };
      return (await denary.createRecognizer()).info.device;
    });
    expect(device).toBe('wasm');
  });
});
