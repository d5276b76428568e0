import { jitteredDelay, type Pipeline } from '@esteira/pipeline';
import type { Broker } from '../broker.ts';
import { createPublisher, handOver } from '../publish.ts';
import { delayedExchangeTopology, names } from '../topology.ts';
import type { DelayStrategy } from './strategy.ts';

/** The longest `x-delay` the plugin keeps, in milliseconds (2^32 - 1). */
const MAX_DELAY_MS = 2 ** 32 - 1;

/**
 * An exchange of the delayed-message plugin in front of the lanes. Any delay, one write; but one unreplicated copy on
 * disc, and its confirm does not cover the later hand-over to the lane. A delayed publish with `mandatory` would
 * always come back, so it is never set here.
 */
export function delayedExchangeStrategy(broker: Broker, pipeline: Pipeline): DelayStrategy {
  const exchange = names.delayedExchange(pipeline);
  const publish = createPublisher(broker, { exchange, mandatory: false, appId: 'esteira' });
  return {
    name: 'delayed-exchange',
    topology: () => delayedExchangeTopology(pipeline),
    canExpress: ({ delaysMs, jitter = 0 }) => {
      const longest = delaysMs.map((delayMs) => jitteredDelay(delayMs, jitter, 1));
      const tooLong = longest.find((delayMs) => delayMs > MAX_DELAY_MS);
      return tooLong === undefined || { why: `a delay of ${tooLong} ms is longer than the plugin keeps` };
    },
    hand: (messages, delayMs) => {
      const delayed = messages.map((message) => ({ ...message, headers: { ...message.headers, 'x-delay': delayMs } }));
      return handOver(publish, delayed, exchange);
    },
  };
}
