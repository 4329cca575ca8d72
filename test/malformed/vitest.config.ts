/** All ten thousand malformed requests of test/malformed.test.ts. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { alias } from '../../vitest.config.js';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { alias },
  test: { include: ['test/malformed.test.ts'], env: { DENARY_MALFORMED: '10000' }, hookTimeout: 120_000 },
});
