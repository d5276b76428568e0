import type { Settings } from '@esteira/settings';
import { createPublisher, names, unlessHarmful } from '@esteira/messaging';
import type { Logger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { journeysOf, ordersToReconcile, republishOrders } from '@esteira/orders/reconciliation';
import {
  reconcileRegularly,
  startReconciliation,
  type KeptRow,
  type RepublishedRows,
  type SentBy,
  type Started,
} from '@esteira/reconciliation';
import type { OrdersConnections } from './connections.ts';

/** Reconciliations of this console. */
export interface Reconciling {
  /** Starts one, unless one is on its way. */
  start(by: string): Promise<Started>;
  /** Resolves when nothing of it is under way any more: after `stopping`. Never rejects. */
  ended(): Promise<void>;
  readonly republish: (rows: readonly KeptRow[], sentBy: SentBy) => Promise<RepublishedRows<KeptRow>>;
}

interface ReconcilingOptions {
  /** How often one begins by itself, in milliseconds; 0: never. */
  readonly everyMs: number;
  readonly settings: Settings;
  readonly logger: Logger;
  /** Resolves when the tables are there. */
  readonly tables: Promise<void>;
  /** Ends the schedule and what is under way. */
  readonly stopping: AbortSignal;
}

/** Reconciles when somebody asks for it, and on a schedule. */
export function openReconciling(connections: OrdersConnections, options: ReconcilingOptions): Reconciling {
  const { endput, broker, management, systems } = connections;
  const { everyMs, settings, logger, tables, stopping: signal } = options;
  const onLogFault = withoutLog(logger);
  const what = ordersToReconcile({ ...connections, journeys: journeysOf(settings), onLogFault });
  const shared = { endput, pipeline: ordersPipeline.name, what, signal };
  const send = createPublisher(broker, {
    exchange: names.exchange(ordersPipeline),
    mandatory: true,
    appId: 'esteira console',
  });
  const publish = unlessHarmful(send, ordersPipeline, management);
  const underWay = new Set<Promise<unknown>>();
  const watched = <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    const over = () => underWay.delete(work);
    work.then(over, over);
    return work;
  };
  if (everyMs > 0) {
    const onError = (err: unknown) => {
      logger.warn({ err }, 'a reconciliation on the schedule failed');
    };
    void watched(tables.then(() => reconcileRegularly({ ...shared, by: 'schedule', everyMs, onError })));
  }
  return {
    start: async (by) => {
      const started = await startReconciliation({ ...shared, by });
      if (started.kind === 'claimed') void watched(started.done).catch(() => undefined); // It is kept why it failed.
      return started;
    },
    ended: async () => {
      await Promise.allSettled(underWay);
    },
    republish: (rows, sentBy) =>
      republishOrders(systems, rows, { endput, publish, maxAttempts: settings.MAX_ATTEMPTS, sentBy }),
  };
}

const withoutLog = (logger: Logger) => (err: unknown) => {
  logger.warn({ err }, 'reconciling without the attempt log, which does not answer: names of missing rows are guesses');
};
