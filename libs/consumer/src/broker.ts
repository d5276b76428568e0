import {
  chooseDelayStrategy,
  declareForGood,
  joined,
  openManagement,
  pipelineTopology,
  watchPolicies,
  type Broker,
  type DelayStrategy,
  type PolicyWatch,
} from '@esteira/messaging';
import type { Logger } from '@esteira/observability';
import { policyDelays, type Pipeline, type RetryPolicy } from '@esteira/pipeline';
import type { ConsumerSettings } from './settings.ts';

/** How retries wait on this broker, what declares all that the pipeline needs on it, and who watches over policies. */
export interface PreparedBroker {
  readonly delay: DelayStrategy;
  readonly declare: () => Promise<void>;
  readonly policies: PolicyWatch;
}

/** Whose work the broker is prepared for. */
interface Work {
  readonly pipeline: Pipeline;
  readonly policy: RetryPolicy;
  readonly settings: ConsumerSettings;
  /** The longest that a message is held, in milliseconds, if all attempts run out of time. */
  readonly holdsMs: number;
  readonly logger: Logger;
}

/** Declares what a pipeline needs on a broker, by way of a connection that publishes. */
export async function prepareBroker(broker: Broker, work: Work): Promise<PreparedBroker> {
  const { pipeline, policy, settings, holdsMs, logger } = work;
  await broker.untilConnected();
  // Each wait needs its place on the broker, those on request too.
  const waits = { ...policy, delaysMs: policyDelays(policy) };
  const { strategy, why } = await chooseDelayStrategy(settings.DELAY_STRATEGY, waits, {
    url: settings.RABBITMQ_URL,
    connection: broker,
    pipeline,
  });
  logger.info(
    { strategy: strategy.name, why, delaysMs: policy.delaysMs, jitter: policy.jitter ?? 0 },
    'how retries wait',
  );
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL);
  const topology = joined(pipelineTopology(pipeline), strategy.topology(waits));
  const declare = () => declareForGood(broker, topology, management, logger);
  await declare();
  const policies = watchPolicies(pipeline, management, logger, holdsMs);
  await policies.look();
  return { delay: strategy, declare, policies };
}
