import type { Settings } from '@esteira/settings';
import { connectBroker, createPublisher, names, PolicyInForce, unlessHarmful } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { republishOrders, type MissingOrder } from '@esteira/orders/reconciliation';
import { recordAction } from '@esteira/dead-letters';
import type { Republished, SentBy } from '@esteira/reconciliation';
import { quiet, type Connections } from '../connections.ts';
import { Refused } from '../refused.ts';

const CLIENT = 'esteira cli';

/**
 * Publishes missing orders again, over a connection of its own, and writes it into the history.
 *
 * @throws Refused while the broker does not answer, or has a policy that would lose them.
 */
export async function republishMissing(
  settings: Settings,
  { systems, endput, management }: Connections,
  missing: readonly MissingOrder[],
  sentBy: SentBy,
): Promise<Republished> {
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: CLIENT, logger: quiet });
  try {
    await broker.untilConnected(AbortSignal.timeout(10_000)).catch((cause: unknown) => {
      throw new Refused(`Nothing was published: RabbitMQ at ${broker.address} does not answer. (${String(cause)})`);
    });
    const exchange = names.exchange(ordersPipeline);
    const send = createPublisher(broker, { exchange, mandatory: true, appId: CLIENT });
    const publish = unlessHarmful(send, ordersPipeline, management);
    const { confirmed, unroutable, refused, gone } = await republishOrders(systems, missing, {
      ...{ endput, publish, maxAttempts: settings.MAX_ATTEMPTS, sentBy },
    });
    const counts = { confirmed, unroutable, refused, gone };
    const { by, why = null } = sentBy;
    await recordAction(endput, {
      ...{ pipeline: ordersPipeline.name, by, action: 'republish', why },
      details: { rows: missing.length, ...counts },
    });
    return counts;
  } catch (error) {
    if (!(error instanceof PolicyInForce)) throw error;
    throw new Refused(
      `Nothing more is published; what the broker had confirmed by then is remembered. ${error.message}`,
    );
  } finally {
    await broker.close();
  }
}
