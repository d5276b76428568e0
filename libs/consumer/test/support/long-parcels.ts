/** A consumer of parcels, each by itself, whose handler never comes to an end; it tells of each that it begins. */
import { createLogger, createMetrics } from '@esteira/observability';
import { startConsumer } from '../../src/index.ts';
import { parcelsDefinition } from './parcels.ts';
import type { ConsumerSettings } from '../../src/settings.ts';

const settings = JSON.parse(process.argv[2] ?? '') as ConsumerSettings;

await startConsumer({
  definition: parcelsDefinition(
    {
      name: 'long',
      handle: ({ weight }) => {
        process.stdout.write(`begun ${weight}\n`);
        return new Promise(() => undefined);
      },
    },
    4,
  ),
  settings,
  policy: { maxAttempts: 3, delaysMs: [100], timeoutMs: 600_000 },
  logger: createLogger({ name: 'long', level: 'silent' }),
  metrics: createMetrics({}),
  worker: `long-${process.pid}`,
  aloneMs: 200,
});
