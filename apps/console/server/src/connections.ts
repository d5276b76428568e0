import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import type { Settings } from '@esteira/settings';
import { connectBroker, openManagement, type Broker, type Management } from '@esteira/messaging';
import type { Logger } from '@esteira/observability';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { forPeople } from './for-people.ts';

/** Connections to the servers that every pipeline needs. They come back by themselves. */
export interface Connections {
  readonly endput: Postgres;
  /** The same for people who wait for an answer. */
  readonly endputForPeople: Postgres;
  readonly broker: Broker;
  readonly management: Management;
  /** The attempts of a pipeline, by its name. */
  readonly attemptLogOf: (pipeline: string) => AttemptLog;
  close(): Promise<void>;
}

const applicationName = 'esteira console';
/** How long somebody who looks waits for MongoDB where it is away, in milliseconds. */
const LOG_PATIENCE_MS = 2_000;

/** Begins to connect; waits for nothing. */
export async function openConnections(settings: Settings, logger: Logger): Promise<Connections> {
  const endput = openDatabase(settings.ENDPUT_DATABASE_URL, 10, logger);
  const signs = openDatabase(settings.ENDPUT_DATABASE_URL, 1, logger);
  const logs = new Map<string, AttemptLog>();
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: applicationName, logger });
  return {
    endput,
    endputForPeople: forPeople(endput, signs),
    broker,
    management: openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL),
    attemptLogOf: (pipeline) => {
      const log = logs.get(pipeline) ?? openAttemptLog(pipeline, settings);
      logs.set(pipeline, log);
      return log;
    },
    close: async () => {
      await Promise.all([endput, signs, broker, ...logs.values()].map((connection) => connection.close()));
    },
  };
}

/** A database of Postgres, as the console reaches it. */
export function openDatabase(url: string, max: number, logger: Logger): Postgres {
  const onError = (error: Error) => {
    logger.warn({ err: error }, 'an idle connection to Postgres broke; it is replaced when it is needed');
  };
  return openPostgres({ url, applicationName, max, onError });
}

const openAttemptLog = (pipeline: string, { MONGODB_URL, ATTEMPT_LOG_TTL_SECONDS }: Settings): AttemptLog =>
  mongodbAttemptLog({
    url: MONGODB_URL,
    applicationName,
    pipeline,
    ttlSeconds: ATTEMPT_LOG_TTL_SECONDS,
    patienceMs: LOG_PATIENCE_MS,
  });
