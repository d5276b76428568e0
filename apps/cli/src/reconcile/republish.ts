import type { Settings } from '@esteira/config';
import { connectBroker, createPublisher, names, PolicyInForce, unlessHarmful } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { republishOrders, type MissingOrder } from '@esteira/orders/reconciliation';
import type { Republished } from '@esteira/reconciliation';
import { quiet, type Connections } from '../connections.ts';
import { Refused } from '../refused.ts';

const CLIENT = 'esteira cli';

/** Publishes missing orders again, over a connection of its own. @throws Refused while the broker does not answer, or has a policy that would lose them. */
export async function republishMissing(
  settings: Settings,
  { systems, endput, management }: Connections,
  missing: readonly MissingOrder[],
): Promise<Republished> {
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: CLIENT, logger: quiet });
  try {
    await broker.untilConnected(AbortSignal.timeout(10_000)).catch((cause: unknown) => {
      throw new Refused(`Nothing was published: RabbitMQ at ${broker.address} does not answer. (${String(cause)})`);
    });
    const exchange = names.exchange(ordersPipeline);
    const send = createPublisher(broker, { exchange, mandatory: true, appId: CLIENT });
    const publish = unlessHarmful(send, ordersPipeline, management);
    return await republishOrders(systems, missing, { endput, publish, maxAttempts: settings.MAX_ATTEMPTS });
  } catch (error) {
    throw error instanceof PolicyInForce ? new Refused(`Nothing was published. ${error.message}`) : error;
  } finally {
    await broker.close();
  }
}
