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
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
  },
});
