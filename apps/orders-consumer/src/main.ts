import { hostname } from 'node:os';
import closeWithGrace from 'close-with-grace';
import { AttemptLogUnusable } from '@esteira/attempt-log';
import { exitForPerson, settingsOrExit } from '@esteira/config';
import { openServers } from '@esteira/consumer';
import { processSettings } from '@esteira/settings';
import { createApp, type App, type Check } from '@esteira/http';
import { DelayStrategyRefused, TopologyMismatch } from '@esteira/messaging';
import { causeOf, createLogger, createMetrics } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { ModuleUnloadable } from '@esteira/orders/verifiers';
import { SessionUnfit } from '@esteira/postgres';
import { startOrdersConsumer, type OrdersConsumer } from './app.ts';
import { openVerifier } from './verifier.ts';

/** A person has to act before another start makes sense. */
const needsAPerson = (error: unknown) =>
  [AttemptLogUnusable, DelayStrategyRefused, TopologyMismatch, ModuleUnloadable, SessionUnfit].some(
    (kind) => error instanceof kind,
  );

const settings = settingsOrExit(() => processSettings(process.env));
const number = Number(process.env['CONSUMER_NUMBER'] ?? '1');
const worker = `consumer-${number}@${hostname()}`;
const logger = createLogger({ name: `orders-consumer ${number}`, level: settings.LOG_LEVEL });
const metrics = createMetrics({ app: 'orders-consumer', worker });

const stopping = new AbortController();
let consumer: OrdersConsumer | undefined;

try {
  const verifier = await openVerifier(settings);
  logger.info(
    { verifier: verifier.name, concurrency: verifier.concurrency, timeoutMs: settings.ATTEMPT_TIMEOUT_MS },
    'who verifies',
  );
  const servers = await openServers(ordersPipeline, settings, worker, logger);
  const starting = () => Promise.reject(new Error('the consumer is starting'));
  // Answered from the first moment on; what is asked changes hands when the consumer has started.
  const checks: Record<string, Check> = { ...servers.checks, consuming: starting };
  const app = await listening(checks);
  closeWithGrace({ delay: settings.SHUTDOWN_MS + 1_000, logger }, async ({ err }) => {
    if (err === undefined) logger.info({ withinMs: settings.SHUTDOWN_MS }, 'stopping: finishing what is in flight');
    else logger.fatal({ err }, 'ending after an error that nobody handled');
    stopping.abort();
    await consumer?.stop(settings.SHUTDOWN_MS);
    await verifier.close?.();
    await app.close();
  });
  const start = () => startOrdersConsumer({ settings, verifier, logger, metrics, worker });
  consumer = await servers.started(start, needsAPerson, stopping.signal);
  Object.assign(checks, consumer.checks);
  await servers.close();
} catch (error) {
  if (!stopping.signal.aborted) {
    logger.fatal(causeOf(error, needsAPerson(error)), 'the consumer could not start');
    if (needsAPerson(error)) exitForPerson();
    process.exit(1);
  }
}

/** Health and metrics. */
async function listening(checks: Record<string, Check>): Promise<App> {
  const info = {
    title: `Esteira orders consumer ${number}`,
    description: 'Health and metrics of a consumer of the orders pipeline. It has no other routes.',
    version: '0.1.0',
    tags: [],
  };
  const app = await createApp({
    logger,
    metrics,
    info,
    allowedHosts: settings.ALLOWED_HOSTS,
    trustedProxies: settings.TRUSTED_PROXIES,
    access: { keys: settings.apiKeys },
    checks,
  });
  await app.listen({ host: settings.HOST, port: settings.CONSUMER_PORT + number - 1 });
  return app;
}
