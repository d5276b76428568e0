/** A consumer of parcels, each by itself, whose handler ends the process at one of them, as a bug in native code would. */
import { createLogger, createMetrics } from '@esteira/observability';
import { startConsumer } from '../../src/index.ts';
import { parcelsDefinition } from './parcels.ts';
import type { ConsumerSettings } from '../../src/settings.ts';

const settings = JSON.parse(process.argv[2] ?? '') as ConsumerSettings;

await startConsumer({
  definition: parcelsDefinition(
    {
      name: 'deadly',
      handle: ({ weight }) => {
        if (weight === 13) process.kill(process.pid, 'SIGKILL');
        return { kind: 'succeeded' };
      },
    },
    4,
  ),
  settings,
  policy: { maxAttempts: 3, delaysMs: [100], timeoutMs: 60_000 },
  logger: createLogger({ name: 'deadly', level: 'warn' }),
  metrics: createMetrics({}),
  worker: `deadly-${process.pid}`,
});
