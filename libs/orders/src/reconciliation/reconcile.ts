import { setTimeout as sleep } from 'node:timers/promises';
import { queueDepths, type Depths, type Management } from '@esteira/messaging';
import type { Postgres } from '@esteira/postgres';
import { reconcile, type ReconcileOptions, type Reconciliation, type SystemReaders } from '@esteira/reconciliation';
import { positionOf, type Cursor } from '@esteira/relay';
import { ordersPipeline } from '../domain/index.ts';
import { endputReader } from '../endput/index.ts';
import { sourceReader, type SourceTable } from '../source/index.ts';

/** A source system, as reconciliation reaches it. */
export interface ReconciledSystem {
  readonly name: string;
  readonly source: Postgres;
  /** What of it is published. */
  readonly table: SourceTable;
  readonly cursor: Pick<Cursor, 'read'>;
}

/** Where the orders pipeline keeps what must add up. */
export interface ReconciledPlaces {
  readonly systems: readonly ReconciledSystem[];
  readonly endput: Postgres;
  readonly management: Management;
}

/**
 * How far the counts of RabbitMQ's management API may lag, in milliseconds: a queue reports every 5 s, and the reports
 * are gathered every 5 s.
 */
export const COUNT_LAG_MS = 12_000;

/** Messages that are on their way: in a lane or with a consumer, waiting for a retry, or given up on by the broker. */
function underWay({ lanes, waiting, returned }: Depths): number {
  return lanes + waiting + returned;
}

/** What {@link reconcile} needs to reconcile the orders of all systems. */
export function ordersToReconcile({
  systems,
  endput,
  management,
}: ReconciledPlaces): Pick<ReconcileOptions, 'systems' | 'inFlight' | 'pause'> {
  return {
    systems: systems.map(({ name, source, table, cursor }): SystemReaders => ({
      system: name,
      source: sourceReader(source, table),
      endput: endputReader(endput, name),
      cursor: async () => positionOf(await cursor.read()),
    })),
    inFlight: async () => underWay(await queueDepths(management, ordersPipeline)),
    pause: (signal) => sleep(COUNT_LAG_MS, undefined, { signal }),
  };
}

/** Reconciles the orders of all systems; writes nothing. */
export function reconcileOrders(
  places: ReconciledPlaces,
  hear: Pick<ReconcileOptions, 'onRow'> = {},
): Promise<Reconciliation> {
  return reconcile({ ...ordersToReconcile(places), ...hear });
}
