/** Checks on a GPU in software, which take minutes: most of the time goes into compiling shaders. No part of `npm test`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { alias } from '../../vitest.config.js';
import { provideChromium } from '../web/chromium.js';
import { useSwiftShader } from './swiftshader.js';

// The tests' processes are started after this, and can compute on it.
await provideChromium();
const missing = useSwiftShader();
if (missing) process.env.DENARY_NO_GPU = missing;

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { alias },
  test: {
    include: ['test/gpu/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
