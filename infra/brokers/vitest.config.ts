import { defineConfig } from 'vitest/config';
import { REPOSITORY } from '../src/paths.ts';

/** The tests of messaging on the broker of one suite; one file after the other, since some kill it. */
export default defineConfig({
  test: {
    root: REPOSITORY,
    include: ['libs/messaging/test/**/*.test.ts'],
    globalSetup: ['infra/brokers/setup.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
  },
});
