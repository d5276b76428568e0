import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests of the whole system take longest: begun last, one of them would run alone in the end. */
class WholeSystemFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { true: first = [], false: others = [] } = Object.groupBy(
      await super.sort(files),
      ({ moduleId }) => `${moduleId.includes('/tests/')}`,
    );
    return [...first, ...others];
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '.local', 'drill/sabotage/**'],
    globalSetup: ['tests/setup/servers.ts'],
    // Each file has databases, queues and keys of its own, and mostly waits: two at once hardly hinder each other.
    maxWorkers: 2,
    sequence: { sequencer: WholeSystemFirst },
    // These end what would never end, on a busy machine too. No test is meant to take so long.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 120_000,
    expect: { poll: { timeout: 180_000 } },
  },
});
