import type { Settings } from '@esteira/settings';
import { connectBroker, createPublisher, names, PolicyInForce, unlessHarmful } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { republishOrders, type MissingOrder } from '@esteira/orders/reconciliation';
import { recordAction } from '@esteira/dead-letters';
import { RepublishingStopped, type Republished, type SentBy } from '@esteira/reconciliation';
import { quiet, type Connections } from '../connections.ts';
import { Refused } from '../refused.ts';
import { printProgress } from '../terminal.ts';

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
    const record = ({ confirmed, unroutable, refused, gone }: Republished, more: { readonly stopped?: string } = {}) =>
      recordAction(endput, {
        ...{ pipeline: ordersPipeline.name, by: sentBy.by, action: 'republish', why: sentBy.why ?? null },
        details: { rows: missing.length, confirmed, unroutable, refused, gone, ...more },
      });
    try {
      const maxAttempts = settings.MAX_ATTEMPTS;
      const result = await republishOrders(systems, missing, { endput, publish, maxAttempts, sentBy });
      await record(result);
      return result;
    } catch (error) {
      if (!(error instanceof RepublishingStopped)) throw error;
      await record(error.done, { stopped: error.message }).catch((fault: unknown) => {
        printProgress(`The history does not tell what was published again by then: ${String(fault)}`);
      });
      throw refusedBy(error);
    }
  } finally {
    await broker.close();
  }
}

/** A policy is a person's to change; anything else is told as it is. */
function refusedBy({ cause, message, done: { confirmed } }: RepublishingStopped): unknown {
  if (!(cause instanceof PolicyInForce)) return cause;
  return new Refused(`Nothing more is published; ${confirmed} were confirmed by then, and are remembered. ${message}`);
}
