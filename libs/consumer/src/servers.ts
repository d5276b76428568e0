import { setTimeout as sleep } from 'node:timers/promises';
import { mongodbAttemptLog } from '@esteira/attempt-log';
import { BrokerUnavailable, connectBroker } from '@esteira/messaging';
import { causeOf, outageOf, type Logger } from '@esteira/observability';
import type { Pipeline } from '@esteira/pipeline';
import { openPostgres } from '@esteira/postgres';
import type { ConsumerSettings } from './settings.ts';

/** Waits between two questions to a server, in milliseconds. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/** The servers that a consumer is started with, before it is. */
export interface Servers {
  /** What a consumer can't start without, each to be asked; named as the consumer names them. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
  /**
   * Starts something once all of them have answered, however long that takes, and again when it fails, since a server may
   * go away in the middle of it.
   *
   * @param isFinal - whether an error needs a person: it is thrown.
   * @returns what was started. Rejects when `stopping` fires.
   */
  started<T>(start: () => Promise<T>, isFinal: (error: unknown) => boolean, stopping: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/** Asks the endput, the attempt log and RabbitMQ over connections of its own. */
export async function openServers(
  pipeline: Pipeline,
  settings: ConsumerSettings,
  worker: string,
  logger: Logger,
): Promise<Servers> {
  const applicationName = `esteira ${worker} start`;
  const endput = openPostgres({ url: settings.ENDPUT_DATABASE_URL, applicationName, max: 1 });
  const attemptLog = mongodbAttemptLog({
    url: settings.MONGODB_URL,
    applicationName,
    pipeline: pipeline.name,
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
  });
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: applicationName, logger });
  const checks = {
    endput: () => endput.query('SELECT 1'),
    'attempt-log': () => attemptLog.ping(),
    rabbitmq: () => (broker.connected ? Promise.resolve() : Promise.reject(new Error(broker.unreachable))),
  };
  return {
    checks,
    started: (start, isFinal, stopping) => startedOnce(checks, start, { logger, isFinal, stopping }),
    close: async () => {
      // The consumer has connections of its own by now: these may end as they like.
      await Promise.allSettled([endput.close(), attemptLog.close(), broker.close()]);
    },
  };
}

async function startedOnce<T>(checks: Servers['checks'], start: () => Promise<T>, waiting: Waiting): Promise<T> {
  const { logger, isFinal, stopping } = waiting;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = longer(waitMs)) {
    await Promise.all(Object.entries(checks).map(([name, check]) => untilAnswered(name, check, waiting)));
    try {
      return await start();
    } catch (err) {
      if (isFinal(err) || stopping.aborted) throw err;
      logger.warn(
        { ...causeOf(err, err instanceof BrokerUnavailable), waitMs },
        'the consumer could not start; trying again',
      );
    }
    await sleep(waitMs, undefined, { signal: stopping });
  }
}

const longer = (waitMs: number) => Math.min(2 * waitMs, LONGEST_WAIT_MS);

interface Waiting {
  readonly logger: Logger;
  readonly isFinal: (error: unknown) => boolean;
  readonly stopping: AbortSignal;
}

async function untilAnswered(name: string, check: () => Promise<unknown>, { logger, isFinal, stopping }: Waiting) {
  const outage = outageOf(name, logger);
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = longer(waitMs)) {
    try {
      await check();
      outage.answered();
      return;
    } catch (err) {
      if (isFinal(err)) throw err;
      outage.failed(err);
    }
    await sleep(waitMs, undefined, { signal: stopping });
  }
}
