/** How the demo page is built: everything that it needs into dist/, to be served from any folder. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineConfig } from 'vite';

const root = import.meta.dirname;

/** Tells the service worker of the page's own files. What the package keeps by itself is not among them. */
const serviceWorker = {
  name: 'service-worker',
  async generateBundle(_, bundle) {
    const built = Object.keys(bundle).filter((name) => !/\.(wasm|onnx|tuning|map|html)$/.test(name));
    const files = JSON.stringify(['./', './icon.svg', ...built.sort()]);
    const version = createHash('sha256').update(files).digest('hex').slice(0, 8);
    const source = (await readFile(join(root, 'service-worker.js'), 'utf8'))
      .replace('const FILES = []', () => `const FILES = ${files}`)
      .replace("const CACHE = 'denary-demo'", `const CACHE = 'denary-demo-${version}'`);
    this.emitFile({ type: 'asset', fileName: 'service-worker.js', source });
  },
};

export default defineConfig({
  root,
  base: './',
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  worker: { format: 'es' },
  plugins: [serviceWorker],
});
