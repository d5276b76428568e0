import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import type { Settings } from '@esteira/settings';
import { connectBroker, openManagement, type Broker, type Management } from '@esteira/messaging';
import type { Logger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { ordersCursor, ordersTable, sourceTable, type OrdersTable } from '@esteira/orders/source';
import { openPostgres, type Postgres } from '@esteira/postgres';
import {
  openActionLog,
  openCursor,
  openRedis,
  type ActionLog,
  type Cursor,
  type RedisConnection,
} from '@esteira/relay';
import { appClient, type AppClient } from './clients.ts';
import { forPeople } from './for-people.ts';

/** A source system, as the console reaches it. */
export interface SystemConnections {
  readonly name: string;
  readonly api: AppClient;
  readonly source: Postgres;
  /** What of it is published. */
  readonly table: OrdersTable;
  readonly cursor: Cursor;
  /** What was asked of its API. */
  readonly actions: ActionLog;
}

/** Connections to every server. They come back by themselves. */
export interface Connections {
  readonly systems: readonly SystemConnections[];
  readonly consumers: readonly AppClient[];
  readonly endput: Postgres;
  /** The same for people who wait for an answer. */
  readonly endputForPeople: Postgres;
  readonly redis: RedisConnection;
  readonly broker: Broker;
  readonly management: Management;
  readonly attemptLog: AttemptLog;
  close(): Promise<void>;
}

const applicationName = 'esteira console';
/** How long somebody who looks waits for MongoDB where it is away, in milliseconds. */
const LOG_PATIENCE_MS = 2_000;

/** Begins to connect; waits for nothing. */
export async function openConnections(settings: Settings, logger: Logger): Promise<Connections> {
  const onError = (error: Error) => {
    logger.warn({ err: error }, 'an idle connection to Postgres broke; it is replaced when it is needed');
  };
  const open = (url: string, max: number) => openPostgres({ url, applicationName, max, onError });
  const redis = openRedis(settings.REDIS_URL, logger);
  const endput = open(settings.ENDPUT_DATABASE_URL, 10);
  const signs = open(settings.ENDPUT_DATABASE_URL, 1);
  const systems = settings.systems.map(({ name, databaseUrl, ownTable, apiPort }) => ({
    name,
    api: appClient(`api-${name}`, apiPort, settings),
    source: open(databaseUrl, 4),
    table: ownTable === undefined ? ordersTable : sourceTable(ownTable),
    cursor: openCursor(redis, ordersCursor(name)),
    actions: openActionLog(redis, name),
  }));
  const consumers = Array.from({ length: settings.CONSUMERS }, (_, i) =>
    appClient(`consumer-${i + 1}`, settings.CONSUMER_PORT + i, settings),
  );
  const attemptLog = mongodbAttemptLog({
    url: settings.MONGODB_URL,
    applicationName,
    pipeline: ordersPipeline.name,
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
    patienceMs: LOG_PATIENCE_MS,
  });
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: applicationName, logger });
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL);
  return {
    endputForPeople: forPeople(endput, signs),
    ...{ systems, consumers, endput, redis, broker, management, attemptLog },
    close: async () => {
      const pools = [endput, signs, ...systems.map(({ source }) => source)];
      await Promise.all([...pools, redis, attemptLog, broker].map((connection) => connection.close()));
    },
  };
}
