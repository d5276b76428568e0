import { setTimeout as sleep } from 'node:timers/promises';
import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import { deadLetterMigrations, forgetOldTrials } from '@esteira/dead-letters';
import { heartbeatMigrations, postgresRegister, startHeartbeat } from '@esteira/heartbeat';
import { connectBroker, createPublisher, LEAVING_MS, names, type Broker } from '@esteira/messaging';
import type { Logger, Metrics } from '@esteira/observability';
import type { RetryPolicy } from '@esteira/pipeline';
import { migrate, openPostgres, type Migrations, type Postgres } from '@esteira/postgres';
import { AttemptSlots } from './attempt-slots.ts';
import type { Stages } from './batches.ts';
import { watchLanes } from './lane-gauges.ts';
import { prepareBroker, type PreparedBroker } from './broker.ts';
import { checksOf, isConsuming, type ConsumerChecks } from './checks.ts';
import type { Definition } from './definition.ts';
import { ExclusiveLock } from './exclusive-lock.ts';
import { concurrencyOfBatches, lanesOf, startConsuming, type Lane } from './lanes.ts';
import { RunningSuspects } from './running-suspects.ts';
import type { ConsumerSettings } from './settings.ts';
import { startSummary, type Summary } from './summary.ts';

/**
 * How long a suspect is alone at most, in milliseconds, and how long it waits for that, in a process whose messages may
 * run for long. What kills a process mostly does so soon.
 */
const ALONE_MS = 60_000;
/** How much of the time for stopping the attempts that run may take; the rest is for storing what they came to. */
const SHARE_OF_ATTEMPTS = 0.7;

/** How long others than the lanes may take to close, in milliseconds: connections, and the place in the list of processes. */
const CLOSING_MS = 2_000;
/** How long a stop may take beyond the time for what is in flight, in milliseconds, whatever servers do. */
export const STOP_MARGIN_MS = LEAVING_MS + CLOSING_MS;

/** What a consumer is built of. */
export interface ConsumerOptions<M> {
  readonly definition: Definition<M>;
  readonly settings: ConsumerSettings;
  readonly policy: RetryPolicy;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Names this process in attempts and connections, for example `consumer-1@host`. */
  readonly worker: string;
  /** How long a suspect of a crash is alone at most, in milliseconds, where messages may run for long: a minute. */
  readonly aloneMs?: number;
}

/** A running consumer of a pipeline. */
export interface RunningConsumer {
  readonly checks: ConsumerChecks;
  /**
   * Stops taking, finishes what is in flight within `withinMs`, closes all connections. It takes four seconds more at most:
   * a server that does not answer by then is left to find out by itself.
   */
  stop(withinMs: number): Promise<void>;
}

/**
 * Connects to everything, brings the endput and the broker up to date, and consumes. When a server goes away in the
 * middle of it, it closes what it opened, and rejects.
 */
export async function startConsumer<M>(options: ConsumerOptions<M>): Promise<RunningConsumer> {
  const opened = new AsyncDisposableStack();
  try {
    return await started(options, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function started<M>(options: ConsumerOptions<M>, opened: AsyncDisposableStack): Promise<RunningConsumer> {
  const { definition, settings, policy, logger, worker } = options;
  const { pipeline, handler, effect } = definition;
  await bringUpToDate(
    settings.ENDPUT_DATABASE_URL,
    [effect.migrations, deadLetterMigrations, heartbeatMigrations],
    logger,
  );
  const endput = openEndput(options);
  opened.defer(() => endput.close());
  await forgetOldTrials(endput, pipeline.name);
  const attemptLog = await openAttemptLog(options, opened);
  // Apart, since RabbitMQ stops reading from connections that publish while it has an alarm: acks must still get through.
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: `esteira ${worker}`, logger });
  const sender = await connectBroker({ url: settings.RABBITMQ_URL, name: `esteira ${worker} publishing`, logger });
  opened.defer(() => Promise.all([broker.close(), sender.close()]).then(() => undefined));
  const slots = new AttemptSlots(concurrencyOfBatches(definition));
  const lanes = lanesOf(definition, settings, policy, slots);
  const prepared = await prepareBroker(sender, { pipeline, policy, lanes, settings, logger });
  const { policies, declare } = prepared;
  opened.defer(() => {
    policies.close();
  });
  const summary = startSummary(pipeline, logger, options.metrics, () => consumers.every(isConsuming));
  watchLanes(pipeline, broker, summary.measures, options.metrics);
  const stages = stagesOf(options, { endput, attemptLog, sender, prepared, summary, slots, lanes });
  const consumers = startConsuming(broker, declare, stages, lanes, settings);
  const checks = checksOf({ endput, attemptLog, sender, policies, consumers, handler, pipeline });
  opened.defer(register(options, endput, checks, summary));
  return {
    checks,
    stop: async (withinMs) => {
      for (const some of new Set([slots, ...lanes.map((lane) => lane.slots)])) some.stop(withinMs * SHARE_OF_ATTEMPTS);
      const stopping = [spareSuspects(stages), ...consumers.map((consumer) => consumer.stop(withinMs))];
      await unlessLate(Promise.all(stopping), withinMs + LEAVING_MS, 'the lanes have not all stopped in time', logger);
      summary.stop();
      await unlessLate(opened.disposeAsync(), CLOSING_MS, 'not all connections were closed in time', logger);
    },
  };
}

/** Waits for work, at most so long: it may hang on a server, which keeps no process from ending. */
async function unlessLate(work: Promise<unknown>, ms: number, what: string, logger: Logger): Promise<void> {
  const timer = new AbortController();
  const late = sleep(ms, 'late', { signal: timer.signal }).catch(() => 'in time');
  if ((await Promise.race([work, late])) === 'late') logger.warn({ ms }, `${what}; a server does not answer`);
  timer.abort();
}

/** What is killed while it stops was not ended by a message. */
async function spareSuspects<M>({ suspects, endput, logger }: Stages<M>): Promise<void> {
  try {
    await suspects.spareAll(endput);
  } catch (err) {
    logger.warn({ err }, 'a kill before this process has stopped would count against messages that it handles alone');
  }
}

/** Others find this process in the endput, wherever it was started. What is returned takes it off the list. */
function register<M>(
  { definition, worker, logger }: ConsumerOptions<M>,
  endput: Postgres,
  checks: ConsumerChecks,
  summary: Summary,
): () => Promise<void> {
  const registered = { pipeline: definition.pipeline.name, role: 'consumer', worker };
  const heartbeat = startHeartbeat(postgresRegister(endput), registered, {
    state: async () => ({ why: await whyNot(checks.consuming), counts: summary.totals }),
    onFault: (err) => {
      logger.warn({ err }, 'this process is not registered in the endput: others can not find it there');
    },
  });
  return () => heartbeat.stop();
}

/** What a check rejects with; null where it does not. */
const whyNot = (check: () => Promise<void>): Promise<string | null> =>
  check().then(
    () => null,
    (error: unknown) => (error as Error).message,
  );

function openEndput<M>({ settings, worker, logger }: ConsumerOptions<M>): Postgres {
  return openPostgres({
    url: settings.ENDPUT_DATABASE_URL,
    applicationName: `esteira ${worker}`,
    onError: (err) => {
      logger.warn({ err }, 'an idle connection to the endput broke');
    },
  });
}

async function bringUpToDate(endputUrl: string, all: readonly Migrations[], logger: Logger): Promise<void> {
  const onWait = (line: string) => {
    logger.warn(line);
  };
  for (const migrations of all) await migrate(endputUrl, migrations, { onWait });
}

async function openAttemptLog<M>(
  { definition, settings, worker, logger }: ConsumerOptions<M>,
  opened: AsyncDisposableStack,
): Promise<AttemptLog> {
  const attemptLog = mongodbAttemptLog({
    url: settings.MONGODB_URL,
    applicationName: `esteira ${worker}`,
    pipeline: definition.pipeline.name,
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
  });
  opened.defer(() => attemptLog.close());
  for (const warning of await attemptLog.prepare()) logger.warn(warning);
  return attemptLog;
}

interface Parts {
  readonly endput: Postgres;
  readonly attemptLog: AttemptLog;
  /** The connection that publishes. */
  readonly sender: Broker;
  readonly prepared: PreparedBroker;
  readonly summary: Summary;
  readonly slots: AttemptSlots;
  readonly lanes: readonly Lane[];
}

function stagesOf<M>(options: ConsumerOptions<M>, parts: Parts): Stages<M> {
  const { definition, settings, policy, logger, worker, aloneMs = ALONE_MS } = options;
  const { endput, attemptLog, sender, prepared, summary, slots, lanes } = parts;
  const { policies, delay } = prepared;
  const exchange = names.deadLetterExchange(definition.pipeline);
  const hasLongOnes = lanes.some(({ intake }) => intake.taking.mode === 'each');
  return {
    ...definition,
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
    slots,
    lock: new ExclusiveLock(hasLongOnes ? aloneMs : Number.POSITIVE_INFINITY),
    suspects: new RunningSuspects(),
    worker,
    logger,
    timeoutMs: policy.timeoutMs,
    logTtlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
    publishDeadLetters: policies.waiting(createPublisher(sender, { exchange, mandatory: true, appId: 'esteira' })),
    now: () => new Date(),
    observe: (batch) => {
      summary.observe(batch);
    },
  };
}
