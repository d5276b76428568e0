import { hostname } from 'node:os';
import { settingsOrExit } from '@esteira/config';
import { startConsumer } from '@esteira/consumer';
import { runConsumer } from '@esteira/consumer/process';
import { createLogger, createMetrics } from '@esteira/observability';
import { processSettings } from '@esteira/settings';
import { parcelsDefinition } from './definition.ts';
import { parcelsPipeline, policy } from './pipeline.ts';

const settings = settingsOrExit(() => processSettings(process.env));
const worker = `parcels-consumer@${hostname()}`;
const logger = createLogger({ name: 'parcels-consumer', level: settings.LOG_LEVEL });
const metrics = createMetrics({ app: 'parcels-consumer', worker });
const start = () => startConsumer({ definition: parcelsDefinition(), settings, policy, logger, metrics, worker });

await runConsumer({
  ...{ pipeline: parcelsPipeline, settings, logger, metrics, worker },
  title: 'Esteira parcels consumer',
  port: settings.CONSUMER_PORT,
  open: () => Promise.resolve({ start }),
});
