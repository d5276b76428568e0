import { hostname } from 'node:os';
import { settingsOrExit } from '@esteira/config';
import { runConsumer, type ConsumerWork } from '@esteira/consumer/process';
import { createLogger, createMetrics } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { ModuleUnloadable } from '@esteira/orders/verifiers';
import { processSettings, settingsForOrders } from '@esteira/settings';
import { startOrdersConsumer } from './app.ts';
import { openVerifier } from './verifier.ts';

const settings = settingsOrExit(() => settingsForOrders(processSettings(process.env)));
const number = Number(process.env['CONSUMER_NUMBER'] ?? '1');
const worker = `consumer-${number}@${hostname()}`;
const logger = createLogger({ name: `orders-consumer ${number}`, level: settings.LOG_LEVEL });
const metrics = createMetrics({ app: 'orders-consumer', worker });

await runConsumer({
  ...{ pipeline: ordersPipeline, settings, logger, metrics, worker, open },
  title: `Esteira orders consumer ${number}`,
  port: settings.CONSUMER_PORT + number - 1,
  isFinal: (error) => error instanceof ModuleUnloadable,
});

async function open(): Promise<ConsumerWork> {
  const verifier = await openVerifier(settings);
  const { name, concurrency } = verifier;
  logger.info({ verifier: name, concurrency, timeoutMs: settings.ATTEMPT_TIMEOUT_MS }, 'who verifies');
  return {
    start: () => startOrdersConsumer({ settings, verifier, logger, metrics, worker }),
    close: async () => {
      await verifier.close?.();
    },
  };
}
