import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The run over the OpenAPI documents (`make fuzz`), beside the tests of `make test`: how long it takes is a setting. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['tests/fuzz/*.fuzz.ts'],
    globalSetup: ['tests/setup/servers.ts'],
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
});
