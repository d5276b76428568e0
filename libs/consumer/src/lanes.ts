import { consume, names, type Broker, type Consumer } from '@esteira/messaging';
import { maxAttemptsOf, type Handler, type Pipeline, type RetryPolicy } from '@esteira/pipeline';
import { AttemptSlots } from './attempt-slots.ts';
import { laneHandler, returnedHandler, type Stages } from './batches.ts';
import type { Definition } from './definition.ts';
import { intakeOf, type LaneIntake, type LaneOptions } from './lane.ts';
import type { ConsumerSettings } from './settings.ts';

/** A lane, what is taken of it, how it is tried again, and where its attempts run. */
export interface Lane {
  readonly name: string;
  readonly intake: LaneIntake;
  readonly policy: RetryPolicy;
  /** Batch lanes share theirs; a lane whose messages are handled each by itself is held back by no other. */
  readonly slots: AttemptSlots;
}

/** Who shares the attempts of a handler. */
interface Shares {
  readonly pipeline: Pick<Pipeline, 'name' | 'lanes'>;
  readonly handler: Pick<Handler<never>, 'name' | 'concurrency'>;
  readonly lanes?: Readonly<Record<string, LaneOptions>>;
}

/**
 * How many attempts of batch lanes may run at once: what the lanes that have slots of their own leave of the handler.
 * Undefined where the handler bears any number. Pure.
 *
 * @throws Error where they leave none, or want more than there is: attempts would run out of time before they begin.
 */
export function concurrencyOfBatches({ pipeline, handler, lanes = {} }: Shares): number | undefined {
  if (handler.concurrency === undefined) return undefined;
  const options = pipeline.lanes.map((name): LaneOptions => lanes[name] ?? { mode: 'batch' });
  const own = options.reduce((sum, lane) => sum + (lane.mode === 'each' ? lane.concurrency : 0), 0);
  const left = handler.concurrency - own;
  const needed = options.some(({ mode }) => mode === 'batch') ? 1 : 0;
  // What the broker gave up on comes in batches too, and is not attempted.
  if (left >= needed) return Math.max(left, 1);
  const what = `${own} attempts at once in lanes of ${pipeline.name} that are handled each by itself`;
  throw new Error(`${what} are too many: its handler ${handler.name} makes ${handler.concurrency} in all.`);
}

/** The lanes of a pipeline. @param policy of lanes that have none of their own @param shared of batch lanes */
export function lanesOf<M>(
  definition: Definition<M>,
  settings: ConsumerSettings,
  policy: RetryPolicy,
  shared: AttemptSlots,
): Lane[] {
  const { pipeline, lanes = {} } = definition;
  return pipeline.lanes.map((name) => {
    const lane: LaneOptions = lanes[name] ?? { mode: 'batch' };
    const maxAttempts = maxAttemptsOf(pipeline, name, policy.maxAttempts);
    const own = { ...(lane.policy ?? policy), maxAttempts };
    const slots = lane.mode === 'each' ? new AttemptSlots(lane.concurrency) : shared;
    const limits = { ...settings, ATTEMPT_TIMEOUT_MS: own.timeoutMs };
    return { name, intake: intakeOf(lane, limits, concurrencyOfBatches(definition)), policy: own, slots };
  });
}

/** Consumes every lane of a pipeline, and what the broker gave up on. */
export function startConsuming<M>(
  broker: Broker,
  declare: () => Promise<void>,
  stages: Stages<M>,
  lanes: readonly Lane[],
  settings: ConsumerSettings,
): Consumer[] {
  const { pipeline, logger } = stages;
  const shared = {
    // Copies of a message run one after the other. Without an id there is nothing to compare: each for itself.
    keyOf: (delivery: { messageId: string | undefined; tag: number }) => delivery.messageId ?? `tag ${delivery.tag}`,
    logger,
    // A queue that was deleted is declared again. Not the handler: only a message can find out whether it works again.
    ready: () => Promise.all([declare(), stages.endput.query('SELECT 1'), stages.attemptLog.ping()]),
  };
  const consumers = lanes.map(({ name, intake: { taking }, policy, slots }) =>
    consume(broker, {
      ...shared,
      ...taking,
      queue: names.lane(pipeline, name),
      handler: laneHandler({ ...stages, policy, timeoutMs: policy.timeoutMs, slots }, taking.mode),
    }),
  );
  const { taking } = intakeOf({ mode: 'batch' }, settings, concurrencyOfBatches(stages));
  const { prefetch, batchSize } = taking;
  if (prefetch < settings.PREFETCH) {
    logger.info({ prefetch, batchSize }, 'taking fewer messages ahead: the handler may be slow');
  }
  const queue = names.returnedQueue(pipeline);
  return [...consumers, consume(broker, { ...shared, ...taking, queue, handler: returnedHandler(stages) })];
}
