import type { Pipeline } from '@esteira/pipeline';

/** Values a queue or exchange argument may have here. */
export type Arguments = Readonly<Record<string, string | number>>;

export interface Exchange {
  readonly name: string;
  readonly type: 'direct' | 'fanout' | 'x-delayed-message';
  readonly arguments?: Arguments;
}

export interface Queue {
  readonly name: string;
  readonly arguments: Arguments;
}

export interface Binding {
  readonly exchange: string;
  readonly queue: string;
  /** The routing key; a fanout exchange ignores it. */
  readonly key: string;
}

/** What a pipeline needs of a broker, as data. Everything in it is durable. */
export interface Topology {
  readonly exchanges: readonly Exchange[];
  readonly queues: readonly Queue[];
  readonly bindings: readonly Binding[];
}

/**
 * Returns of an unacked message before the broker gives up on it: by a crash, a closed channel, a cut connection, a
 * reject; before RabbitMQ 4.3 also by a nack or the consumer timeout. High, since a crash spends one for every message that
 * was prefetched; never unlimited, which RabbitMQ 3.10 reads as "drop at the first reject".
 */
const DELIVERY_LIMIT = 1_000;
/** For queues that people look into: each look returns the message. */
const PATIENT_DELIVERY_LIMIT = 1_000_000;

/** Dead-lettering that survives a broker killed in the middle of it; it needs `reject-publish`. */
const SAFE_DEAD_LETTERING = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };

/** RabbitMQ before 3.11.15 accepts it, and takes no notice: a consumer that needs it asks for the version. */
function holding({ limits = {} }: Pipeline, lane: string): Arguments {
  const holdMs = limits[lane]?.holdMs;
  return holdMs === undefined ? {} : { 'x-consumer-timeout': holdMs };
}

/** The names of a pipeline's exchanges and queues. */
export const names = {
  exchange: (pipeline: Pipeline) => `esteira.${pipeline.name}`,
  lane: (pipeline: Pipeline, lane: string) => `${pipeline.name}.${lane}`,
  deadLetterExchange: (pipeline: Pipeline) => `esteira.${pipeline.name}.dead-letter`,
  deadLetterQueue: (pipeline: Pipeline) => `${pipeline.name}.dead-letter`,
  returnedExchange: (pipeline: Pipeline) => `esteira.${pipeline.name}.returned`,
  returnedQueue: (pipeline: Pipeline) => `${pipeline.name}.returned`,
  waitExchange: (pipeline: Pipeline, delayMs: number) => `esteira.${pipeline.name}.wait.${delayMs}ms`,
  waitQueue: (pipeline: Pipeline, delayMs: number) => `${pipeline.name}.wait.${delayMs}ms`,
  /** How long a wait queue holds its messages, in milliseconds, by its name; undefined for any other queue. */
  waitDelayOf: (pipeline: Pipeline, queue: string): number | undefined => {
    const delayMs = Number(/[.](\d+)ms$/.exec(queue)?.[1]);
    return queue === names.waitQueue(pipeline, delayMs) ? delayMs : undefined;
  },
  delayedExchange: (pipeline: Pipeline) => `esteira.${pipeline.name}.delayed`,
};

/** Lanes, dead letters, and what the broker gave up on: what every pipeline has, whatever its retries wait in. */
export function pipelineTopology(pipeline: Pipeline): Topology {
  const exchange = names.exchange(pipeline);
  const deadLetter = names.deadLetterExchange(pipeline);
  const returned = names.returnedExchange(pipeline);
  return {
    exchanges: [
      { name: exchange, type: 'direct' },
      { name: deadLetter, type: 'direct' },
      { name: returned, type: 'fanout' },
    ],
    queues: [
      ...pipeline.lanes.map((lane) => ({
        name: names.lane(pipeline, lane),
        arguments: {
          'x-queue-type': 'quorum',
          'x-delivery-limit': DELIVERY_LIMIT,
          'x-dead-letter-exchange': returned,
          ...SAFE_DEAD_LETTERING,
          ...holding(pipeline, lane),
        },
      })),
      ...[names.deadLetterQueue(pipeline), names.returnedQueue(pipeline)].map((name) => ({
        name,
        arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': PATIENT_DELIVERY_LIMIT },
      })),
    ],
    bindings: [
      ...pipeline.lanes.map((lane) => ({ exchange, queue: names.lane(pipeline, lane), key: lane })),
      ...pipeline.lanes.map((lane) => ({ exchange: deadLetter, queue: names.deadLetterQueue(pipeline), key: lane })),
      { exchange: returned, queue: names.returnedQueue(pipeline), key: '' },
    ],
  };
}

/**
 * Where retries wait on any broker: for each delay a fanout exchange and a quorum queue whose messages expire into the
 * pipeline's exchange. Without a dead-letter routing key a message keeps its own, so it returns to its lane.
 *
 * Never a TTL on the message (a longer one at the head blocks the shorter ones behind it), never `x-expires`, never the
 * default dead-letter strategy (a broker killed around expiry loses what is due).
 */
export function waitQueueTopology(pipeline: Pipeline, delaysMs: readonly number[]): Topology {
  const delays = [...new Set(delaysMs)];
  return {
    exchanges: delays.map((delayMs) => ({ name: names.waitExchange(pipeline, delayMs), type: 'fanout' })),
    queues: delays.map((delayMs) => ({
      name: names.waitQueue(pipeline, delayMs),
      arguments: {
        'x-queue-type': 'quorum',
        'x-message-ttl': delayMs,
        'x-dead-letter-exchange': names.exchange(pipeline),
        ...SAFE_DEAD_LETTERING,
      },
    })),
    bindings: delays.map((delayMs) => ({
      exchange: names.waitExchange(pipeline, delayMs),
      queue: names.waitQueue(pipeline, delayMs),
      key: '',
    })),
  };
}

/** Where retries wait on a broker with the delayed-message plugin: one exchange in front of the lanes. */
export function delayedExchangeTopology(pipeline: Pipeline): Topology {
  const exchange = names.delayedExchange(pipeline);
  return {
    exchanges: [{ name: exchange, type: 'x-delayed-message', arguments: { 'x-delayed-type': 'direct' } }],
    queues: [],
    bindings: pipeline.lanes.map((lane) => ({ exchange, queue: names.lane(pipeline, lane), key: lane })),
  };
}

/** One topology of several. */
export function joined(...topologies: readonly Topology[]): Topology {
  return {
    exchanges: topologies.flatMap((topology) => topology.exchanges),
    queues: topologies.flatMap((topology) => topology.queues),
    bindings: topologies.flatMap((topology) => topology.bindings),
  };
}
