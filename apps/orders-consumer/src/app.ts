import { startConsumer, type RunningConsumer } from '@esteira/consumer';
import type { Logger, Metrics } from '@esteira/observability';
import { ordersDefinition } from '@esteira/orders/consumer';
import type { Verifier } from '@esteira/orders/domain';
import { retryPolicyOf } from '@esteira/orders/verifiers';
import type { Settings } from '@esteira/settings';

/** What a consumer of orders is built of. */
export interface OrdersConsumerOptions {
  readonly settings: Settings;
  readonly verifier: Verifier;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Names this process in attempts and connections, for example `consumer-1@host`. */
  readonly worker: string;
}

/** A running consumer of the pipeline orders. */
export interface OrdersConsumer extends Omit<RunningConsumer, 'checks'> {
  /** What it can't do its work without, each to be asked. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
}

/** Starts a consumer of the pipeline orders. Rejects when a server goes away in the middle of it. */
export async function startOrdersConsumer(options: OrdersConsumerOptions): Promise<OrdersConsumer> {
  const { settings, verifier, logger, metrics, worker } = options;
  const systems = settings.systems.map(({ name }) => name);
  const definition = ordersDefinition(systems, verifier);
  const consumer = await startConsumer({
    definition,
    settings,
    policy: retryPolicyOf(settings),
    logger,
    metrics,
    worker,
  });
  // Health has called the handler so ever since.
  const { handler, ...checks } = consumer.checks;
  return { ...consumer, checks: { verifier: handler, ...checks } };
}
