import type { AttemptLog } from '@esteira/attempt-log';
import type { Logger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { ordersCursor, ordersTable, sourceTable, type OrdersTable } from '@esteira/orders/source';
import type { Postgres } from '@esteira/postgres';
import {
  openActionLog,
  openCursor,
  openRedis,
  type ActionLog,
  type Cursor,
  type RedisConnection,
} from '@esteira/relay';
import type { Settings } from '@esteira/settings';
import { appClient, type AppClient } from '../../clients.ts';
import { openDatabase, type Connections } from '../../connections.ts';

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

/** What orders need: the servers of all pipelines, and those that only they have. */
export interface OrdersConnections extends Omit<Connections, 'close'> {
  readonly systems: readonly SystemConnections[];
  /** Those that the settings name. */
  readonly consumers: readonly AppClient[];
  readonly redis: RedisConnection;
  readonly attemptLog: AttemptLog;
  /** Closes what only they have. */
  closeOwn(): Promise<void>;
}

/** Begins to connect to what only orders have; waits for nothing. */
export function openOrdersConnections(shared: Connections, settings: Settings, logger: Logger): OrdersConnections {
  const redis = openRedis(settings.REDIS_URL, logger);
  const systems = settings.systems.map(({ name, databaseUrl, ownTable, apiPort }) => ({
    name,
    api: appClient(`api-${name}`, apiPort, settings),
    source: openDatabase(databaseUrl, 4, logger),
    table: ownTable === undefined ? ordersTable : sourceTable(ownTable),
    cursor: openCursor(redis, ordersCursor(name)),
    actions: openActionLog(redis, name),
  }));
  const consumers = Array.from({ length: settings.CONSUMERS }, (_, i) =>
    appClient(`consumer-${i + 1}`, settings.CONSUMER_PORT + i, settings),
  );
  return {
    ...shared,
    ...{ systems, consumers, redis },
    attemptLog: shared.attemptLogOf(ordersPipeline.name),
    closeOwn: async () => {
      await Promise.all([redis, ...systems.map(({ source }) => source)].map((connection) => connection.close()));
    },
  };
}
