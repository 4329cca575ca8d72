/** Unit tests run on the sources; what a user gets (the built CLI, npm start) is tested from dist in test/. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`packages/${path}`, import.meta.url));

export const alias = [
  { find: /^@denary\/train\/(node|report|tfjs)$/, replacement: source('train/src/$1/index.ts') },
  { find: /^@denary\/(core|train|runtime-node|runtime-web|server)$/, replacement: source('$1/src/index.ts') },
];

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/*.test.ts', 'test/tfjs/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
