import type { Settings } from '@esteira/config';
import { connectBroker, createPublisher, names, queueDepths, type Depths } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { endputReader } from '@esteira/orders/endput';
import { republishedOrders, sourceReader } from '@esteira/orders/source';
import {
  reconcile,
  republish,
  type Reconciliation,
  type Republished,
  type SystemReaders,
  type UnrestedRow,
} from '@esteira/reconciliation';
import { positionOf } from '@esteira/relay';
import { setTimeout as sleep } from 'node:timers/promises';
import { quiet, type Connections } from '../connections.ts';
import { Refused } from '../refused.ts';

/**
 * How far the counts of RabbitMQ's management API may lag, in milliseconds: a queue reports every 5 s, and the reports
 * are gathered every 5 s.
 */
export const COUNT_LAG_MS = 12_000;

/** Messages that are on their way: in a lane or with a consumer, waiting for a retry, or given up on by the broker. */
function underWay({ lanes, waiting, returned }: Depths): number {
  return lanes + waiting + returned;
}

/** Reconciles the orders of all systems. */
export function reconcileOrders(
  { systems, endput, management }: Connections,
  onRow?: (row: UnrestedRow) => void,
): Promise<Reconciliation> {
  return reconcile({
    systems: systems.map(({ name, source, table, cursor }): SystemReaders => ({
      system: name,
      source: sourceReader(source, table),
      endput: endputReader(endput, name),
      cursor: async () => positionOf(await cursor.read()),
    })),
    inFlight: async () => underWay(await queueDepths(management, ordersPipeline)),
    pause: () => sleep(COUNT_LAG_MS),
    ...(onRow === undefined ? {} : { onRow }),
  });
}

/** Publishes missing orders again. Orders that are not missing after all are recognised by their ids. */
export async function republishOrders(
  settings: Settings,
  { systems }: Connections,
  missing: readonly UnrestedRow[],
): Promise<Republished> {
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: 'esteira cli', logger: quiet });
  try {
    await broker.untilConnected(AbortSignal.timeout(10_000)).catch((cause: unknown) => {
      throw new Refused(`Nothing was published: RabbitMQ at ${broker.address} does not answer. (${String(cause)})`);
    });
    const publish = createPublisher(broker, {
      exchange: names.exchange(ordersPipeline),
      mandatory: true,
      appId: 'esteira cli',
    });
    const total = { confirmed: 0, unroutable: 0, refused: 0, gone: 0 };
    for (const { name, source, table } of systems) {
      const rows = missing.filter(({ system }) => system === name);
      const result = await republish(
        rows,
        (some) => republishedOrders(source, name, some, settings.MAX_ATTEMPTS, table),
        publish,
      );
      for (const outcome of ['confirmed', 'unroutable', 'refused', 'gone'] as const) total[outcome] += result[outcome];
    }
    return total;
  } finally {
    await broker.close();
  }
}
