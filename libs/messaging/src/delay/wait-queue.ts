import type { Pipeline, Publish } from '@esteira/pipeline';
import type { Broker } from '../broker.ts';
import { createPublisher, handOver } from '../publish.ts';
import { names, waitQueueTopology } from '../topology.ts';
import type { DelayStrategy } from './strategy.ts';

/** The longest a quorum queue's TTL may be, in milliseconds (RabbitMQ: 2^32 - 1). */
const MAX_DELAY_MS = 2 ** 32 - 1;

/**
 * A queue for each delay, whose messages expire back into the pipeline's exchange. Works on every broker. It costs two
 * writes to quorum queues for each retry; a broker killed in the middle of it may deliver a few twice, and loses none.
 */
export function waitQueueStrategy(broker: Broker, pipeline: Pipeline): DelayStrategy {
  const publishers = new Map<number, Publish>();
  const publisherFor = (delayMs: number): Publish => {
    const known = publishers.get(delayMs);
    if (known !== undefined) return known;
    const exchange = names.waitExchange(pipeline, delayMs);
    const made = createPublisher(broker, { exchange, mandatory: true, appId: 'esteira' });
    publishers.set(delayMs, made);
    return made;
  };
  return {
    name: 'wait-queue',
    topology: ({ delaysMs }) => waitQueueTopology(pipeline, delaysMs),
    canExpress: ({ delaysMs, jitter = 0 }) => {
      if (jitter > 0) return { why: 'everything in a wait queue waits equally long, so there is no jitter in it' };
      const tooLong = delaysMs.find((delayMs) => delayMs > MAX_DELAY_MS);
      return tooLong === undefined || { why: `a delay of ${tooLong} ms is longer than a queue's TTL may be` };
    },
    hand: (messages, delayMs) => handOver(publisherFor(delayMs), messages, names.waitQueue(pipeline, delayMs)),
  };
}
