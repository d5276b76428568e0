import {
  chooseDelayStrategy,
  declareForGood,
  joined,
  openManagement,
  pipelineTopology,
  versionOf,
  watchPolicies,
  type Broker,
  type DelayStrategy,
  type PolicyWatch,
} from '@esteira/messaging';
import type { Logger } from '@esteira/observability';
import type { Pipeline, RetryPolicy } from '@esteira/pipeline';
import { insistOnHold } from './hold.ts';
import { waitsOf } from './lane.ts';
import type { Lane } from './lanes.ts';
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
  /** Of lanes that have none of their own. */
  readonly policy: RetryPolicy;
  readonly lanes: readonly Lane[];
  readonly settings: ConsumerSettings;
  readonly logger: Logger;
}

/** Declares what a pipeline needs on a broker, by way of a connection that publishes. */
export async function prepareBroker(broker: Broker, work: Work): Promise<PreparedBroker> {
  const { pipeline, policy, lanes, settings, logger } = work;
  await broker.untilConnected();
  const timeout = { version: await versionOf(broker), consumerTimeoutMs: settings.RABBITMQ_CONSUMER_TIMEOUT_MS };
  insistOnHold(pipeline, lanes, timeout);
  const waits = waitsOf([policy, ...lanes.map((lane) => lane.policy)]);
  const { strategy, why } = await chooseDelayStrategy(settings.DELAY_STRATEGY, waits, {
    url: settings.RABBITMQ_URL,
    connection: broker,
    pipeline,
  });
  const { delaysMs, jitter = 0 } = policy;
  logger.info({ strategy: strategy.name, why, delaysMs, jitter }, 'how retries wait');
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL);
  const topology = joined(pipelineTopology(pipeline), strategy.topology(waits));
  const declare = () => declareForGood(broker, topology, management, logger);
  await declare();
  const holdsMs = Math.max(...lanes.map(({ intake }) => intake.holdMs));
  const policies = watchPolicies(pipeline, management, logger, holdsMs);
  await policies.look();
  return { delay: strategy, declare, policies };
}
