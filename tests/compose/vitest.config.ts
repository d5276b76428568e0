import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** `make test-compose`, beside the tests of `make test`: it takes a Docker engine, and minutes. One test after the other. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['tests/compose/*.compose.ts'],
    reporters: ['verbose'],
    bail: 1,
    fileParallelism: false,
    testTimeout: 15 * 60_000,
    hookTimeout: 15 * 60_000,
  },
});
