import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '.local', 'drill/sabotage/**'],
    globalSetup: ['tests/setup/servers.ts'],
    // Each file has databases, queues and keys of its own, and mostly waits: two at once hardly hinder each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
  },
});
