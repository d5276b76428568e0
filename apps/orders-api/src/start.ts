import { hostname } from 'node:os';
import type { Logger, Metrics } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import {
  ordersCursor,
  ordersSource,
  ordersTable,
  ownTable,
  sourceMigrations,
  sourceTable,
  stampedOrders,
} from '@esteira/orders/source';
import { migrate, type Postgres } from '@esteira/postgres';
import { checkOwnTable, mendRestored } from '@esteira/postgres-source';
import { startRelayApi, type StartedApi } from '@esteira/relay-api';
import type { Settings, System } from '@esteira/settings';
import { buildApp } from './app.ts';

/** What the API of a system is started with. */
export interface StartOptions {
  readonly settings: Settings;
  readonly system: System;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Brings the source up to date, connects, listens. `stopping` ends the wait for Postgres and long requests. */
export function startApi(options: StartOptions, stopping: AbortSignal): Promise<StartedApi> {
  const { system } = options;
  const table = system.ownTable === undefined ? ordersTable : sourceTable(system.ownTable);
  return startRelayApi(
    {
      ...options,
      pipeline: ordersPipeline,
      app: 'orders-api',
      worker: `api-${system.name}@${hostname()}:${system.apiPort}`,
      table,
      cursor: ordersCursor(system.name),
      prepare: (postgres, tell) => prepare(postgres, system, tell),
      source: (postgres) => ordersSource(postgres, { system: system.name, table }),
      build: buildApp,
    },
    stopping,
  );
}

/**
 * Brings our tables up to date, or checks a table of the user, which is never migrated.
 *
 * @throws SourceNotReady
 */
async function prepare(postgres: Postgres, system: System, tell: (line: string) => void): Promise<void> {
  if (system.ownTable !== undefined) return checkOwnTable(postgres, system.name, ownTable(system.ownTable));
  await migrate(system.databaseUrl, sourceMigrations, { onWait: tell });
  const restamped = await mendRestored(postgres, system.name, stampedOrders);
  if (restamped > 0) tell(`${restamped} rows of a restored dump were stamped again; the next run publishes them`);
}
