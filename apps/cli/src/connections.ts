import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import { postgresRegister, redisRegister, type ProcessRegister } from '@esteira/heartbeat';
import type { Settings } from '@esteira/settings';
import { connectBroker, openManagement, type Broker, type Management } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { journeysOf, type Journeys } from '@esteira/orders/reconciliation';
import { ordersCursor, ordersTable, sourceTable, type OrdersTable } from '@esteira/orders/source';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { openActionLog, openCursor, openRedis, type ActionLog, type Cursor } from '@esteira/relay';

/** A source system, as the command line reaches it. */
interface SystemConnections {
  readonly name: string;
  readonly source: Postgres;
  /** What of it is published. */
  readonly table: OrdersTable;
  readonly cursor: Cursor;
  /** What was asked of its API and is not in the history yet. */
  readonly actions: ActionLog;
}

/** Connections to every server. Nothing is connected before it is used. */
export interface Connections {
  readonly systems: readonly SystemConnections[];
  readonly endput: Postgres;
  /** Where processes register: consumers in the endput, APIs in Redis, those of tasks in the Postgres of tasks. */
  readonly registers: Readonly<Record<'endput' | 'redis' | 'tasks', Pick<ProcessRegister, 'known'>>>;
  readonly management: Management;
  /** Connects to RabbitMQ for a piece of work. Rejects where there is no connection within some seconds. */
  readonly withBroker: <T>(work: (broker: Broker) => Promise<T>) => Promise<T>;
  readonly attemptLog: AttemptLog;
  /** How long the way of a message can be. */
  readonly journeys: Journeys;
}

const applicationName = 'esteira cli';

/** A command reports what fails by itself; a log line would say it twice. */
export const quiet = createLogger({ name: 'cli', level: 'silent' });

/** Opens the connections for `work`, and closes them in the end. */
export async function withConnections<T>(
  settings: Settings,
  work: (connections: Connections) => Promise<T>,
): Promise<T> {
  const redis = openRedis(settings.REDIS_URL, quiet);
  const endput = openPostgres({ url: settings.ENDPUT_DATABASE_URL, applicationName });
  const tasks = openPostgres({ url: settings.TASKS_DATABASE_URL, applicationName });
  const systems = settings.systems.map(({ name, databaseUrl, ownTable }) => ({
    name,
    table: ownTable === undefined ? ordersTable : sourceTable(ownTable),
    source: openPostgres({ url: databaseUrl, applicationName }),
    cursor: openCursor(redis, ordersCursor(name)),
    actions: openActionLog(redis, name),
  }));
  const attemptLog = mongodbAttemptLog({
    url: settings.MONGODB_URL,
    applicationName,
    pipeline: ordersPipeline.name,
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
  });
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL);
  const withBroker = <R>(brokerWork: (broker: Broker) => Promise<R>) => brokerFor(settings.RABBITMQ_URL, brokerWork);
  try {
    const registers = {
      endput: postgresRegister(endput),
      redis: redisRegister(redis),
      tasks: postgresRegister(tasks),
    };
    const journeys = journeysOf(settings);
    return await work({ systems, endput, registers, management, withBroker, attemptLog, journeys });
  } finally {
    await Promise.all([
      ...[endput, tasks, ...systems.map(({ source }) => source)].map((postgres) => postgres.close()),
      redis.close(),
      attemptLog.close(),
    ]);
  }
}

/** The longest a connection to RabbitMQ is waited for, in milliseconds. */
const BROKER_MS = 5_000;

async function brokerFor<T>(url: string, work: (broker: Broker) => Promise<T>): Promise<T> {
  const broker = await connectBroker({ url, name: applicationName, logger: quiet });
  try {
    // Where it is not there in time, the channel that is asked for says so.
    await broker.untilConnected(AbortSignal.timeout(BROKER_MS)).catch(() => undefined);
    return await work(broker);
  } finally {
    await broker.close();
  }
}
