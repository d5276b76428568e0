import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import type { Settings } from '@esteira/config';
import { deadLetterMigrations, forgetOldTrials } from '@esteira/dead-letters';
import {
  chooseDelayStrategy,
  connectBroker,
  consume,
  createPublisher,
  declareForGood,
  joined,
  names,
  openManagement,
  pipelineTopology,
  watchPolicies,
  type Broker,
  type Consumer,
  type DelayStrategy,
  type PolicyWatch,
} from '@esteira/messaging';
import type { Logger, Metrics } from '@esteira/observability';
import { ordersPipeline, type Verifier } from '@esteira/orders/domain';
import { endputMigrations } from '@esteira/orders/endput';
import { retryPolicyOf } from '@esteira/orders/verifiers';
import { policyDelays, type RetryPolicy } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { checksOf, isConsuming } from './checks.ts';
import { laneHandler, returnedHandler, type Stages } from './pipeline.ts';
import { Solitude } from './solitude.ts';
import { startSummary, type Summary } from './summary.ts';
import { longestHoldMs, takingOf } from './taking.ts';
import { Turns } from './turns.ts';

/** How much of the time for stopping the attempts that run may take; the rest is for storing what they came to. */
const SHARE_OF_ATTEMPTS = 0.7;

/** What a consumer is built of. */
export interface ConsumerOptions {
  readonly settings: Settings;
  readonly verifier: Verifier;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Names this process in attempts and connections, for example `consumer-1@host`. */
  readonly worker: string;
}

/** A running consumer of the orders pipeline. */
export interface OrdersConsumer {
  /** What it can't do its work without, each to be asked. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  /** Stops taking, finishes what is in flight within `withinMs`, closes all connections. */
  stop(withinMs: number): Promise<void>;
}

/**
 * Connects to everything, brings the endput and the broker up to date, and consumes. When a server goes away in the
 * middle of it, it closes what it opened, and rejects.
 */
export async function startConsumer(options: ConsumerOptions): Promise<OrdersConsumer> {
  const opened = new AsyncDisposableStack();
  try {
    return await started(options, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function started(options: ConsumerOptions, opened: AsyncDisposableStack): Promise<OrdersConsumer> {
  const { settings, logger, worker } = options;
  const policy = retryPolicyOf(settings);
  await bringUpToDate(settings.ENDPUT_DATABASE_URL, logger);
  const endput = openEndput(options);
  opened.defer(() => endput.close());
  await forgetOldTrials(endput, ordersPipeline.name);
  const attemptLog = mongodbAttemptLog({
    url: settings.MONGODB_URL,
    applicationName: `esteira ${worker}`,
    pipeline: ordersPipeline.name,
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
  });
  opened.defer(() => attemptLog.close());
  for (const warning of await attemptLog.prepare()) logger.warn(warning);
  // Apart, since RabbitMQ stops reading from connections that publish while it has an alarm: acks must still get through.
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: `esteira ${worker}`, logger });
  const sender = await connectBroker({ url: settings.RABBITMQ_URL, name: `esteira ${worker} publishing`, logger });
  opened.defer(async () => {
    await Promise.all([broker.close(), sender.close()]);
  });
  const { delay, declare, policies } = await prepareBroker(sender, policy, options);
  opened.defer(() => {
    policies.close();
  });
  const summary = startSummary(logger, options.metrics, () => consumers.every(isConsuming));
  const turns = new Turns(options.verifier.concurrency ?? Number.POSITIVE_INFINITY);
  const stages = stagesOf(options, { endput, attemptLog, sender, policies, delay, policy, summary, turns });
  const consumers = startConsuming(broker, declare, stages, options);
  return {
    checks: checksOf({ endput, attemptLog, sender, policies, consumers, verifier: options.verifier }),
    stop: async (withinMs) => {
      turns.stop(withinMs * SHARE_OF_ATTEMPTS);
      await Promise.all(consumers.map((consumer) => consumer.stop(withinMs)));
      summary.stop();
      await opened.disposeAsync();
    },
  };
}

function openEndput({ settings, worker, logger }: ConsumerOptions): Postgres {
  return openPostgres({
    url: settings.ENDPUT_DATABASE_URL,
    applicationName: `esteira ${worker}`,
    onError: (err) => {
      logger.warn({ err }, 'an idle connection to the endput broke');
    },
  });
}

async function bringUpToDate(endputUrl: string, logger: Logger): Promise<void> {
  const onWait = (line: string) => {
    logger.warn(line);
  };
  for (const migrations of [endputMigrations, deadLetterMigrations]) await migrate(endputUrl, migrations, { onWait });
}

/** How retries wait on this broker, what declares all that the pipeline needs on it, and who watches over policies. */
interface PreparedBroker {
  readonly delay: DelayStrategy;
  readonly declare: () => Promise<void>;
  readonly policies: PolicyWatch;
}

async function prepareBroker(broker: Broker, policy: RetryPolicy, options: ConsumerOptions): Promise<PreparedBroker> {
  const { settings, logger } = options;
  await broker.untilConnected();
  // Each wait needs its place on the broker, those on request too.
  const waits = { ...policy, delaysMs: policyDelays(policy) };
  const { strategy, why } = await chooseDelayStrategy(settings.DELAY_STRATEGY, waits, {
    url: settings.RABBITMQ_URL,
    connection: broker,
    pipeline: ordersPipeline,
  });
  logger.info(
    { strategy: strategy.name, why, delaysMs: policy.delaysMs, jitter: policy.jitter ?? 0 },
    'how retries wait',
  );
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL);
  const topology = joined(pipelineTopology(ordersPipeline), strategy.topology(waits));
  const declare = () => declareForGood(broker, topology, management, logger);
  await declare();
  const holdsMs = longestHoldMs(settings, options.verifier.concurrency);
  const policies = watchPolicies(ordersPipeline, management, logger, holdsMs);
  await policies.look();
  return { delay: strategy, declare, policies };
}

interface Parts {
  readonly endput: Postgres;
  readonly attemptLog: AttemptLog;
  /** The connection that publishes. */
  readonly sender: Broker;
  readonly policies: PolicyWatch;
  readonly delay: DelayStrategy;
  readonly policy: RetryPolicy;
  readonly summary: Summary;
  readonly turns: Turns;
}

function stagesOf({ settings, verifier, logger, worker }: ConsumerOptions, parts: Parts): Stages {
  const { endput, attemptLog, sender, policies, delay, policy, summary, turns } = parts;
  return {
    endput,
    attemptLog,
    // A policy that would lose what is handed over is waited out, as an alarm is: what is held does not expire.
    delay: {
      ...delay,
      hand: async (messages, delayMs) => {
        await policies.untilHarmless();
        await delay.hand(messages, delayMs);
      },
    },
    policy,
    verifier,
    turns,
    solitude: new Solitude(),
    worker,
    logger,
    systems: settings.systems.map(({ name }) => name),
    timeoutMs: policy.timeoutMs,
    logTtlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
    publishDeadLetters: policies.waiting(
      createPublisher(sender, {
        exchange: names.deadLetterExchange(ordersPipeline),
        mandatory: true,
        appId: 'esteira',
      }),
    ),
    now: () => new Date(),
    observe: (batch) => {
      summary.observe(batch);
    },
  };
}

function startConsuming(
  broker: Broker,
  declare: PreparedBroker['declare'],
  stages: Stages,
  { settings, verifier, logger }: ConsumerOptions,
): Consumer[] {
  const taking = takingOf(settings, verifier.concurrency);
  if (taking.prefetch < settings.PREFETCH) logger.info(taking, 'taking fewer messages ahead: the verifier may be slow');
  const shared = {
    ...taking,
    batchesInFlight: 2,
    // Copies of a message run one after the other. Without an id there is nothing to compare: each for itself.
    keyOf: (delivery: { messageId: string | undefined; tag: number }) => delivery.messageId ?? `tag ${delivery.tag}`,
    logger,
    // A queue that was deleted is declared again. Not the verifier: only a message can find out whether it works again.
    ready: () => Promise.all([declare(), stages.endput.query('SELECT 1'), stages.attemptLog.ping()]),
  };
  const lanes = ordersPipeline.lanes.map((lane) =>
    consume(broker, { ...shared, queue: names.lane(ordersPipeline, lane), handler: laneHandler(stages) }),
  );
  const queue = names.returnedQueue(ordersPipeline);
  return [...lanes, consume(broker, { ...shared, queue, handler: returnedHandler(stages) })];
}
