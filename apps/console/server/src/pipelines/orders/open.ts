import { ordersPipeline } from '@esteira/orders/domain';
import { endputMigrations } from '@esteira/orders/endput';
import { CONTENT_FIELDS } from '@esteira/orders/reconciliation';
import { redrivableOrders } from '@esteira/orders/repair';
import { scheduledDelays } from '@esteira/pipeline';
import { reconciliationMigrations, rowBooks } from '@esteira/reconciliation';
import { settingsForOrders } from '@esteira/settings';
import { allStopped } from '../../stopped.ts';
import { openPipeline, type OpenOptions, type Registration } from '../open.ts';
import type { OpenedPipeline } from '../pipeline.ts';
import { startCollecting } from './collecting.ts';
import { openOrdersConnections, type OrdersConnections } from './connections.ts';
import { openReconciling, type Reconciling } from './reconciling.ts';
import { ordersRoutes } from './routes.ts';
import { sourcesOf } from './sources.ts';

/** Orders in the console. */
export const orders: Registration = {
  migrations: [endputMigrations, reconciliationMigrations],
  open: openOrders,
};

function openOrders(given: OpenOptions): OpenedPipeline {
  const options = { ...given, settings: settingsForOrders(given.settings) };
  const { settings, logger, tables } = options;
  const connections = openOrdersConnections(options.connections, settings, logger);
  const { MAX_ATTEMPTS: maxAttempts, RETRY_JITTER: jitter, retrySchedule } = settings;
  const { systems, attemptLog, endputForPeople: endput } = connections;
  const reconciling = reconcilingOf(connections, options);
  const collecting = startCollecting({ ...connections, logger, tables });
  const opened = openPipeline(options, {
    redrivable: redrivableOrders(settings.systems.map(({ name }) => name)),
    title: 'Orders',
    words: { message: 'order', origin: 'System', key: 'Row' },
    policy: { maxAttempts, delaysMs: scheduledDelays(retrySchedule, maxAttempts), jitter },
    sources: sourcesOf(connections),
    collect: () => collecting.collect(),
    books: rowBooks({
      ...{ endput, pipeline: ordersPipeline.name, fields: CONTENT_FIELDS },
      start: (by) => reconciling.start(by),
    }),
    own: ordersRoutes({ logger, systems, attemptLog, endput, reconciling }),
  });
  return {
    ...opened,
    stop: () => allStopped([opened.stop(), collecting.stop()], logger),
    ended: () => reconciling.ended(),
    close: () => connections.closeOwn(),
  };
}

const reconcilingOf = (
  connections: OrdersConnections,
  { settings, logger, tables, stopping }: OpenOptions,
): Reconciling =>
  openReconciling(connections, {
    everyMs: settings.RECONCILE_EVERY_MINUTES * 60_000,
    ...{ settings, logger, tables, stopping },
  });
