import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { exitForPerson, settingsOrExit } from '@esteira/config';
import { createApp } from '@esteira/http';
import { TopologyMismatch } from '@esteira/messaging';
import { causeOf, createLogger, createMetrics, outageOf } from '@esteira/observability';
import { SessionUnfit } from '@esteira/postgres';
import { processSettings } from '@esteira/settings';
import { startScheduler, type Scheduler } from './app.ts';

/** How long it waits between two tries to start, in milliseconds. */
const AGAIN_MS = 1_000;

const settings = settingsOrExit(() => processSettings(process.env));
const number = Number(process.env['SCHEDULER_NUMBER'] ?? '1');
const worker = `scheduler-${number}@${hostname()}`;
const logger = createLogger({ name: `tasks-scheduler ${number}`, level: settings.LOG_LEVEL });
const metrics = createMetrics({ app: 'tasks-scheduler', worker });
const stopping = new AbortController();
const checks: Record<string, () => Promise<unknown>> = {
  firing: () => Promise.reject(new Error('the scheduler is starting')),
};
let scheduler: Scheduler | undefined;

const app = await createApp({
  ...{ logger, metrics, checks },
  info: {
    title: `Esteira tasks scheduler ${number}`,
    description: 'Health and metrics of a scheduler of the tasks pipeline. It has no other routes.',
    ...{ version: '0.1.0', tags: [] },
  },
  ...{ allowedHosts: settings.ALLOWED_HOSTS, trustedProxies: settings.TRUSTED_PROXIES },
  access: { keys: settings.apiKeys },
});
await app.listen({ host: settings.HOST, port: settings.SCHEDULER_PORT + number - 1 });

closeWithGrace({ delay: settings.SHUTDOWN_MS, logger }, async ({ err, signal }) => {
  if (err !== undefined) logger.fatal({ err }, 'ending after an error that nobody handled');
  else logger.info({ signal }, 'stopping');
  stopping.abort();
  await scheduler?.stop();
  await app.close();
});

const outage = outageOf('what the scheduler needs', logger);
while (scheduler === undefined && !stopping.signal.aborted) {
  try {
    scheduler = await startScheduler({ settings, logger, metrics, worker });
    outage.answered();
    delete checks['firing'];
    Object.assign(checks, scheduler.checks);
  } catch (error) {
    const needsAPerson = error instanceof TopologyMismatch || error instanceof SessionUnfit;
    if (needsAPerson) {
      logger.fatal(causeOf(error, true), 'the scheduler could not start');
      exitForPerson();
    }
    outage.failed(error);
    await sleep(AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}
