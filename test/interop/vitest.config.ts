/** Checks against other people's implementations, in Python: CI's job, and no part of `npm test`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { alias } from '../../vitest.config.js';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { alias },
  test: {
    include: ['test/interop/**/*.test.ts'],
    globalSetup: ['test/interop/venv.mjs'],
    // One Python process at a time: each takes all cores.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
