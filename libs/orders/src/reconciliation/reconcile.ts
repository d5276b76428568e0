import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptLog } from '@esteira/attempt-log';
import { queueDepths, type Depths, type Management } from '@esteira/messaging';
import { policyDelays } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import {
  archivedRows,
  keptMemory,
  reconcile,
  type InBroker,
  type ReconcileOptions,
  type Reconciliation,
  type SystemReaders,
} from '@esteira/reconciliation';
import { positionOf, type Cursor } from '@esteira/relay';
import { ordersPipeline } from '../domain/index.ts';
import { endputReader } from '../endput/index.ts';
import { sourceReader, type OrdersTable } from '../source/index.ts';
import { retryPolicyOf, type RetrySettings } from '../verifiers/index.ts';
import { lastAttemptsIn } from './last-attempts.ts';

/** A source system, as reconciliation reaches it. */
export interface ReconciledSystem {
  readonly name: string;
  readonly source: Postgres;
  /** What of it is published. */
  readonly table: OrdersTable;
  readonly cursor: Pick<Cursor, 'read'>;
}

/** Where the orders pipeline keeps what must add up. */
export interface ReconciledPlaces {
  readonly systems: readonly ReconciledSystem[];
  /** With the tables of reconciliation. */
  readonly endput: Postgres;
  readonly management: Management;
  readonly attemptLog: Pick<AttemptLog, 'ofMessages'>;
  readonly journeys: Journeys;
  /** Hears that the attempt log could not be asked; reconciliation goes on without it. */
  readonly onLogFault?: (error: unknown) => void;
}

/** How long the way of a message can be. */
export interface Journeys {
  /** The longest wait for a retry, in milliseconds. */
  readonly longestDelayMs: number;
  readonly maxAttempts: number;
}

/** How long the way of a message can be with these settings. Pure. */
export function journeysOf(settings: RetrySettings): Journeys {
  const policy = retryPolicyOf(settings);
  const longestDelayMs = Math.max(...policyDelays(policy)) * (1 + (policy.jitter ?? 0));
  return { longestDelayMs, maxAttempts: policy.maxAttempts };
}

/**
 * How far the counts of RabbitMQ's management API may lag, in milliseconds: a queue reports every 5 s, and the reports
 * are gathered every 5 s.
 */
export const COUNT_LAG_MS = 12_000;

/** Messages that are on their way: in a lane, with a consumer or given up on by the broker; or waiting for a retry. */
const underWay = ({ lanes, waiting, returned }: Depths): InBroker => ({ queued: lanes + returned, waiting });

type Needed = Omit<ReconcileOptions, 'onRow' | 'onProgress' | 'signal' | 'pageSize' | 'clock'>;

/** What {@link reconcile} needs to reconcile the orders of all systems. */
export function ordersToReconcile(places: ReconciledPlaces): Needed {
  const { systems, endput, management, attemptLog, journeys, onLogFault } = places;
  const pipeline = ordersPipeline.name;
  return {
    systems: systems.map(({ name, source, table, cursor }): SystemReaders => ({
      system: name,
      source: sourceReader(source, table),
      endput: endputReader(endput, name),
      cursor: async () => positionOf(await cursor.read()),
      archived: () => archivedRows(endput, pipeline, name),
    })),
    inFlight: async () => underWay(await queueDepths(management, ordersPipeline)),
    pause: (signal) => sleep(COUNT_LAG_MS, undefined, { signal }),
    longestWaitMs: journeys.longestDelayMs + COUNT_LAG_MS,
    maxAttempts: journeys.maxAttempts,
    memory: keptMemory(endput, pipeline),
    lastAttempts: lastAttemptsIn(attemptLog, onLogFault),
  };
}

/** Reconciles the orders of all systems; writes nothing but what the next one has to know. */
export function reconcileOrders(
  places: ReconciledPlaces,
  hear: Pick<ReconcileOptions, 'onRow'> = {},
): Promise<Reconciliation> {
  return reconcile({ ...ordersToReconcile(places), ...hear });
}
