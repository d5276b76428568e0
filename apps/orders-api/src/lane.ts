import type { Check } from '@esteira/http';
import {
  createPublisher,
  declareForGood,
  laneDepth,
  names,
  pipelineTopology,
  type Broker,
  type Management,
} from '@esteira/messaging';
import type { Logger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import type { Publish } from '@esteira/pipeline';

/** The way to the pipeline's lane. */
export interface Lane {
  readonly publish: Publish;
  /** Messages that wait in it. */
  readonly depth: () => Promise<number>;
  /** Rejects when nothing can be published: no connection, an alarm, or a topology that is not ours. */
  readonly ready: Check;
}

/** What to tell people while an alarm of the broker holds publishers back; undefined while none does. */
export function blockedBy({ blocked }: Pick<Broker, 'blocked'>): string | undefined {
  return blocked === undefined ? undefined : `RabbitMQ holds publishers back: ${blocked}`;
}

/**
 * Publishes to the orders pipeline. Exchanges and queues are declared before the first message, and again after any
 * publish that went wrong: the broker may have come back empty.
 */
export function openLane(broker: Broker, management: Management, logger: Logger): Lane {
  const send = createPublisher(broker, {
    exchange: names.exchange(ordersPipeline),
    mandatory: true,
    appId: 'esteira-orders-api',
  });
  const onDeclared = declaredFirst(() => declareForGood(broker, pipelineTopology(ordersPipeline), management, logger));
  const depth = () => onDeclared(async () => ({ result: await laneDepth(broker, ordersPipeline), again: false }));
  return {
    depth,
    publish: (messages) =>
      onDeclared(async () => {
        const outcomes = await send(messages);
        return { result: outcomes, again: outcomes.includes('unroutable') };
      }),
    ready: async () => {
      const blocked = blockedBy(broker);
      if (blocked !== undefined) throw new Error(blocked);
      await depth();
    },
  };
}

/** Does work once everything is declared. What went wrong is declared again before the next try: it may be gone. */
function declaredFirst(declare: () => Promise<void>) {
  let declaring: Promise<void> | undefined;
  return async <T>(work: () => Promise<{ result: T; again: boolean }>): Promise<T> => {
    declaring ??= declare();
    try {
      await declaring;
      const { result, again } = await work();
      if (again) declaring = undefined;
      return result;
    } catch (error) {
      declaring = undefined;
      throw error;
    }
  };
}
